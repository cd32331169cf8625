# The attention kernels of mla on the executors that need no GPU.
set(mla_kernels_sources mla_kernels_decode_test.cpp mla_kernels_prefill_test.cpp
  mla_kernels_lists_test.cpp)
plumbline_test(NAME mla_kernels
  SOURCES ${mla_kernels_sources} LINK kernels_mla judge reference LABELS mla host)
if(TARGET kernels_checked)
  plumbline_test(NAME mla_kernels_checked
    SOURCES ${mla_kernels_sources} LINK kernels_mla judge reference LABELS mla checked)
  target_compile_definitions(mla_kernels_checked PRIVATE PLUMBLINE_TEST_EXECUTOR="checked")
endif()
