# Generators, laws and operations: what is drawn is counted, every law is seen to fail.
plumbline_test(NAME case_spec_test SOURCES harness/case_spec_test.cpp LINK properties LABELS properties smoke)
plumbline_test(NAME meaning_test SOURCES harness/meaning_test.cpp LINK properties LABELS properties smoke)
plumbline_test(NAME generate_test
  SOURCES
    harness/generate_coverage_test.cpp
    harness/generate_inputs_test.cpp
    harness/generate_regimes_test.cpp
    harness/generate_shrink_test.cpp
  LINK properties LABELS properties flash_decode sanitized)
plumbline_test(NAME laws_test
  SOURCES
    harness/laws_append_combine_test.cpp
    harness/laws_attend_test.cpp
    harness/laws_operation_test.cpp
    harness/laws_record_test.cpp
    harness/laws_recorded_test.cpp
    harness/laws_schedule_test.cpp
  LINK properties LABELS properties flash_decode)
plumbline_test(NAME in_double_test SOURCES harness/in_double_test.cpp LINK properties LABELS properties)
plumbline_test(NAME stages_test SOURCES harness/stages_test.cpp LINK properties LABELS properties)
target_compile_definitions(laws_test PRIVATE PLUMBLINE_SOURCE_FOLDER="${CMAKE_SOURCE_DIR}")
