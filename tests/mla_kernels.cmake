# The attention kernels of mla on every executor; on a GPU where such tests are asked for.
set(mla_kernels_sources mla_kernels_decode_test.cpp mla_kernels_prefill_test.cpp
  mla_kernels_lists_test.cpp mla_kernels_random_test.cpp)
plumbline_test(NAME mla_kernels
  SOURCES ${mla_kernels_sources} LINK kernels_mla judge reference LABELS mla host)
if(TARGET kernels_checked)
  plumbline_test(NAME mla_kernels_checked
    SOURCES ${mla_kernels_sources} LINK kernels_mla judge reference LABELS mla checked)
  target_compile_definitions(mla_kernels_checked PRIVATE PLUMBLINE_TEST_EXECUTOR="checked")
endif()
if(PLUMBLINE_GPU_TESTS)
  plumbline_test(NAME mla_kernels_gpu
    SOURCES ${mla_kernels_sources} LINK kernels_mla judge reference LABELS mla gpu)
  target_compile_definitions(mla_kernels_gpu PRIVATE PLUMBLINE_TEST_EXECUTOR="gpu")
  set_tests_properties(mla_kernels_gpu PROPERTIES RESOURCE_GROUPS "1,gpus:1")
endif()
