# The checked executor on kernels that break its rules, one at a time.
if(TARGET kernels_checked)
  plumbline_test(NAME checked_test SOURCES harness/checked_test.cpp harness/checked_shadow_test.cpp LINK kernels_host LABELS smoke executor checked)
  target_compile_definitions(checked_test PRIVATE PLUMBLINE_SOURCE_FOLDER="${CMAKE_SOURCE_DIR}")
  add_checked_kernels(checked_test KEEP "*16checked_examples*" SOURCES
    harness/checked_address_examples.cpp
    harness/checked_copy_examples.cpp
    harness/checked_global_examples.cpp
    harness/checked_meeting_examples.cpp
    harness/checked_product_examples.cpp
    harness/checked_shared_examples.cpp)
endif()
