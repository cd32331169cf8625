# The kernels on the host executor, and on a GPU where such tests are asked for.
plumbline_test(NAME flash_decode_kernels
  SOURCES flash_decode_kernels_test.cpp flash_decode_naive.cpp
  LINK kernels_flash_decode
  LABELS sanitized flash_decode host)

plumbline_test(NAME flash_decode_grid
  SOURCES flash_decode_grid_test.cpp flash_decode_naive.cpp
  LINK kernels_flash_decode
  LABELS flash_decode host)

plumbline_test(NAME gpu_executor
  SOURCES gpu_executor_test.cpp
  LINK kernels_flash_decode
  LABELS smoke)

if(PLUMBLINE_GPU_TESTS)
  plumbline_test(NAME flash_decode_kernels_gpu
    SOURCES flash_decode_kernels_test.cpp flash_decode_naive.cpp
    LINK kernels_flash_decode
    LABELS flash_decode gpu)
  target_compile_definitions(flash_decode_kernels_gpu PRIVATE PLUMBLINE_TEST_EXECUTOR="gpu")
  set_tests_properties(flash_decode_kernels_gpu PROPERTIES RESOURCE_GROUPS "1,gpus:1")
endif()

# A new row of a table needs a case for tests/bits and a fault that is seen.
add_test(NAME every_variant_has_bits_and_a_fault
  COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:plumbline> -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}
          -P ${CMAKE_CURRENT_SOURCE_DIR}/every_variant.cmake)
set_tests_properties(every_variant_has_bits_and_a_fault PROPERTIES LABELS "smoke;program" TIMEOUT 60)
