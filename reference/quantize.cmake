# quantize: its problems join the library that kernels may link, its truth the one that they may not.
target_sources(reference_problem PRIVATE
  quantize_check.cpp
  quantize_inputs.cpp
  quantize_problem.cpp
  quantize_text.cpp)
target_sources(reference PRIVATE
  quantize_block_gemm.cpp
  quantize_dequantize.cpp
  quantize_group.cpp
  quantize_groups.cpp
  quantize_scatter.cpp
  quantize_store.cpp)
