# quantize: its reference.
plumbline_test(NAME quantize_reference
  SOURCES quantize_reference_group_test.cpp quantize_reference_cache_test.cpp quantize_reference_groups_test.cpp
    quantize_reference_gemm_test.cpp quantize_reference_refusals_test.cpp
  LINK reference LABELS reference quantize smoke)
