# quantize: its reference, then its kernels on every executor.
plumbline_test(NAME quantize_reference
  SOURCES quantize_reference_group_test.cpp quantize_reference_cache_test.cpp quantize_reference_groups_test.cpp
    quantize_reference_gemm_test.cpp quantize_reference_refusals_test.cpp
  LINK reference LABELS reference quantize smoke)

set(quantize_kernels_sources quantize_kernels_store_test.cpp quantize_kernels_read_test.cpp
  quantize_kernels_groups_test.cpp quantize_kernels_gemm_test.cpp quantize_thread_test.cpp)
plumbline_test(NAME quantize_kernels
  SOURCES ${quantize_kernels_sources} LINK kernels_quantize reference LABELS quantize host sanitized)
if(TARGET kernels_checked)
  plumbline_test(NAME quantize_kernels_checked
    SOURCES ${quantize_kernels_sources} LINK kernels_quantize reference LABELS quantize checked)
  target_compile_definitions(quantize_kernels_checked PRIVATE PLUMBLINE_TEST_EXECUTOR="checked")
endif()

foreach(size IN ITEMS 10000 1000000)
  set(tier default)
  set(name quantize_tiles)
  if(size GREATER 10000)
    set(tier long)
    set(name quantize_tiles_long)
  endif()
  plumbline_test(NAME ${name} SOURCES quantize_tiles_test.cpp LINK kernels_quantize reference
    LABELS quantize host ${tier} TIMEOUT 7200)
  target_compile_definitions(${name} PRIVATE PLUMBLINE_TILES=${size})
endforeach()

# Its properties: what is drawn is counted, every law is seen to fail.
plumbline_test(NAME quantize_laws
  SOURCES harness/quantize_store_laws_test.cpp harness/quantize_matrix_laws_test.cpp
    harness/quantize_gemm_laws_test.cpp harness/quantize_upstream_test.cpp
  LINK properties LABELS quantize properties)
