# The program, driven from outside: with an operation that misbehaves on demand, and as it is built.
add_executable(plumbline_with_fakes program_fake_main.cpp program_fake_operation.cpp)
target_link_libraries(plumbline_with_fakes PRIVATE plumbline_program)

plumbline_test(NAME program_test
  SOURCES program_test.cpp program_arguments_test.cpp program_worker_test.cpp program_report_test.cpp
    program_place_test.cpp program_explain_test.cpp program_process.cpp
  LINK fixtures nlohmann_json::nlohmann_json
  LABELS program sanitized)
plumbline_test(NAME program_claims_test
  SOURCES program_claims_test.cpp program_process.cpp
  LINK nlohmann_json::nlohmann_json
  LABELS program)
# Signals and what they leave behind: whole seconds of waiting, so not in the smoke tier.
plumbline_test(NAME program_partial_test
  SOURCES program_partial_test.cpp program_process.cpp
  LINK fixtures nlohmann_json::nlohmann_json
  LABELS program)
foreach(test program_test program_claims_test program_partial_test)
  target_compile_definitions(${test} PRIVATE PLUMBLINE_PROGRAM="$<TARGET_FILE:plumbline_with_fakes>")
  add_dependencies(${test} plumbline_with_fakes)
endforeach()

# The program as it is: what it says of itself in README.md, and the verb that the fake world does not have.
plumbline_test(NAME program_as_built_test SOURCES program_as_built_test.cpp program_process.cpp
  LINK nlohmann_json::nlohmann_json LABELS program smoke)
string(COMPARE NOTEQUAL "${PLUMBLINE_SANITIZE}" "" sanitized)
target_compile_definitions(program_as_built_test PRIVATE
  PLUMBLINE_PROGRAM="$<TARGET_FILE:plumbline>" PLUMBLINE_SOURCE_FOLDER="${CMAKE_SOURCE_DIR}"
  PLUMBLINE_HAVE_CHECKED=$<TARGET_EXISTS:kernels_checked> PLUMBLINE_SANITIZED=${sanitized})
add_dependencies(program_as_built_test plumbline)

plumbline_test(NAME claims_eager SOURCES claims_eager_test.cpp LINK proposals LABELS smoke program)

# What was proposed upstream: every verdict is the one on record, and each counterexample replays as a failure.
plumbline_test(NAME claims_test SOURCES claims_test.cpp program_process.cpp
  LINK nlohmann_json::nlohmann_json LABELS program host)
target_compile_definitions(claims_test PRIVATE PLUMBLINE_PROGRAM="$<TARGET_FILE:plumbline>")
add_dependencies(claims_test plumbline)

plumbline_test(NAME program_fixtures_test
  SOURCES program_fixtures_test.cpp program_fixtures_places_test.cpp program_fixtures_record_test.cpp
  program_fixtures_strangers_test.cpp program_process.cpp
  LINK fixtures LABELS program fixtures)
target_compile_definitions(program_fixtures_test PRIVATE PLUMBLINE_PROGRAM="$<TARGET_FILE:plumbline>"
  PLUMBLINE_RECORDED_FOLDER="${CMAKE_SOURCE_DIR}/fixtures/recorded")
add_dependencies(program_fixtures_test plumbline)

plumbline_test(NAME rank_tests_test SOURCES rank_tests_test.cpp LINK plumbline_program LABELS program)
plumbline_test(NAME baseline_test SOURCES baseline_test.cpp
  LINK plumbline_program properties nlohmann_json::nlohmann_json LABELS program)
plumbline_test(NAME git_test SOURCES git_test.cpp LINK plumbline_program LABELS program)
plumbline_test(NAME case_files_test SOURCES case_files_test.cpp
  LINK plumbline_program fixtures zlib_static LABELS program)
plumbline_test(NAME program_baseline_test SOURCES program_baseline_test.cpp program_process.cpp
  LINK nlohmann_json::nlohmann_json LABELS program)
target_compile_definitions(program_baseline_test PRIVATE PLUMBLINE_PROGRAM="$<TARGET_FILE:plumbline>")
add_dependencies(program_baseline_test plumbline)
plumbline_test(NAME bisect_plot_test SOURCES bisect_plot_test.cpp LINK plumbline_program LABELS program smoke)

# The first bad commit, on repositories of a dozen commits made by the test.
plumbline_test(NAME bisect_test SOURCES bisect_test.cpp bisect_run_test.cpp tiny_repository.cpp program_process.cpp
  LINK fixtures nlohmann_json::nlohmann_json
  LABELS program TIMEOUT 900)
target_compile_definitions(bisect_test PRIVATE PLUMBLINE_PROGRAM="$<TARGET_FILE:plumbline_with_fakes>")
add_dependencies(bisect_test plumbline_with_fakes)
# The same on a copy of this repository with thirty commits, which builds the program from scratch.
add_test(NAME bisect_thirty_commits COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/bisect/run
  --program $<TARGET_FILE:plumbline> --work ${CMAKE_BINARY_DIR}/bisect-test)
set_tests_properties(bisect_thirty_commits PROPERTIES LABELS "program;long" RUN_SERIAL ON TIMEOUT 3600)
