# The store and the recorded cases.
plumbline_test(NAME store_test SOURCES harness/store_test.cpp harness/store_foreign_test.cpp harness/foreign_file.cpp
  LINK fixtures hdf5_static LABELS smoke fixtures)

plumbline_test(NAME recorded_test SOURCES recorded_test.cpp
  LINK fixtures nlohmann_json::nlohmann_json LABELS smoke fixtures flash_decode)
target_compile_definitions(recorded_test PRIVATE PLUMBLINE_RECORDED_FOLDER="${CMAKE_SOURCE_DIR}/fixtures/recorded")
