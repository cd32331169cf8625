# The store and the recorded cases.
plumbline_test(NAME store_test SOURCES harness/store_test.cpp harness/store_damage_test.cpp
  harness/store_difference_test.cpp harness/store_foreign_test.cpp harness/store_seal_test.cpp harness/foreign_file.cpp harness/stored_cases.cpp
  LINK fixtures hdf5_static LABELS sanitized fixtures)

plumbline_test(NAME npz_test SOURCES harness/npz_test.cpp LINK fixtures zlib_static LABELS sanitized fixtures)

plumbline_test(NAME npz_corruptions SOURCES harness/npz_corruptions_test.cpp
  LINK fixtures zlib_static LABELS fixtures TIMEOUT 600)

plumbline_test(NAME store_flips SOURCES harness/store_flips_test.cpp harness/stored_cases.cpp
  LINK fixtures LABELS fixtures TIMEOUT 600)

plumbline_test(NAME store_corruptions SOURCES harness/store_corruptions_test.cpp harness/stored_cases.cpp
  LINK fixtures hdf5_static LABELS fixtures long TIMEOUT 1200)

plumbline_test(NAME store_faults SOURCES harness/store_faults_test.cpp harness/stored_cases.cpp
  LINK fixtures LABELS fixtures)
target_link_options(store_faults PRIVATE -Wl,--wrap=write -Wl,--wrap=fsync -Wl,--wrap=rename)

plumbline_test(NAME recorded_test SOURCES recorded_test.cpp
  LINK fixtures LABELS sanitized fixtures flash_decode)
target_compile_definitions(recorded_test PRIVATE PLUMBLINE_RECORDED_FOLDER="${CMAKE_SOURCE_DIR}/fixtures/recorded")

# Its skip is named by ctest, so it is registered by hand.
add_executable(store_h5py_test harness/store_h5py_test.cpp)
target_link_libraries(store_h5py_test PRIVATE boost_test_main fixtures)
target_compile_definitions(store_h5py_test PRIVATE
  PLUMBLINE_CASE_FROM_PYTHON="${CMAKE_CURRENT_SOURCE_DIR}/harness/case_from_python.py")
add_test(NAME store_h5py_test COMMAND store_h5py_test --color_output=no --log_level=test_suite)
set_tests_properties(store_h5py_test PROPERTIES LABELS "smoke;fixtures" TIMEOUT 60
  SKIP_REGULAR_EXPRESSION "is skipped because precondition failed")

# Everything that was recorded, asked of it what can be asked.
add_test(NAME fixtures.check COMMAND plumbline fixtures check)
set_tests_properties(fixtures.check PROPERTIES LABELS "default;fixtures;host" TIMEOUT 600 PROCESSORS 2)
