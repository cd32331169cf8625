# The model of tensor cores: against recorded vectors, by hand, through kernels, and the code that nvcc makes of them.
plumbline_test(NAME tensor_core_vectors SOURCES tensor_core_vectors_test.cpp LINK kernels_tensor_core fixtures
  LABELS smoke executor host)
target_compile_definitions(tensor_core_vectors PRIVATE
  PLUMBLINE_RECORDED_FOLDER="${CMAKE_SOURCE_DIR}/fixtures/recorded")

plumbline_test(NAME tensor_core_sum SOURCES tensor_core_sum_test.cpp LINK kernels_tensor_core
  LABELS smoke executor host)

plumbline_test(NAME tensor_core_mma SOURCES tensor_core_mma_test.cpp LINK kernels_host
  LABELS smoke executor host)
