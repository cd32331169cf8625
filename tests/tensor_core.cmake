# The model of tensor cores: against recorded vectors, by hand, through kernels, and the code that nvcc makes of them.
plumbline_test(NAME tensor_core_vectors SOURCES tensor_core_vectors_test.cpp LINK kernels_tensor_core fixtures
  LABELS smoke executor host)
target_compile_definitions(tensor_core_vectors PRIVATE
  PLUMBLINE_RECORDED_FOLDER="${CMAKE_SOURCE_DIR}/fixtures/recorded")

plumbline_test(NAME tensor_core_sum SOURCES tensor_core_sum_test.cpp LINK kernels_tensor_core
  LABELS smoke executor host)

plumbline_test(NAME tensor_core_mma SOURCES tensor_core_mma_test.cpp LINK kernels_host
  LABELS smoke executor host)

plumbline_test(NAME tensor_core_wgmma SOURCES tensor_core_wgmma_test.cpp LINK kernels_host
  LABELS smoke executor host)

# The machine code of the wrappers, where there is a compiler for it; no GPU is needed.
if(PLUMBLINE_HAVE_CUDA)
  set(code_source ${CMAKE_CURRENT_SOURCE_DIR}/tensor_core_kernels.cu)
  set(code_flags -std=c++20 -O3 -fmad=false --expt-relaxed-constexpr -Werror=all-warnings -I${CMAKE_SOURCE_DIR})
  foreach(architecture 89 90a)
    set(cubin ${CMAKE_CURRENT_BINARY_DIR}/tensor_core_kernels.${architecture}.cubin)
    set(without_wgmma $<$<NOT:$<STREQUAL:${architecture},90a>>:-DPLUMBLINE_WITHOUT_WGMMA>)
    add_custom_command(OUTPUT ${cubin}
      COMMAND ${CMAKE_CUDA_COMPILER} ${code_flags} ${without_wgmma}
              -gencode arch=compute_${architecture},code=sm_${architecture}
              -MD -MT ${cubin} -MF ${cubin}.d -cubin -o ${cubin} ${code_source}
      DEPENDS ${code_source} DEPFILE ${cubin}.d
      COMMENT "Machine code of the tensor-core wrappers for sm_${architecture}"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND cubins ${cubin})
  endforeach()
  add_custom_target(tensor_core_cubins DEPENDS ${cubins})
  plumbline_test(NAME tensor_core_code SOURCES tensor_core_code_test.cpp LINK plumbline_flags
    LABELS smoke gpu-code)
  add_dependencies(tensor_core_code tensor_core_cubins)
  list(GET cubins 0 cubin_89)
  list(GET cubins 1 cubin_90a)
  target_compile_definitions(tensor_core_code PRIVATE
    PLUMBLINE_CUBIN_89="${cubin_89}" PLUMBLINE_CUBIN_90A="${cubin_90a}")
endif()

plumbline_test(NAME tensor_core_probe SOURCES tensor_core_probe_test.cpp LINK kernels_probe
  LABELS sanitized executor host)

# The verb: the model answers itself, and where there is no GPU one clear line says so.
add_test(NAME probe_on_host COMMAND plumbline probe --on host --out ${CMAKE_CURRENT_BINARY_DIR}/probes.h5)
set_tests_properties(probe_on_host PROPERTIES LABELS "sanitized;default;program;host" TIMEOUT 120)
if(PLUMBLINE_GPU_TESTS)
  add_test(NAME probe_on_gpu COMMAND plumbline probe --on gpu --out ${CMAKE_BINARY_DIR}/probes_gpu.h5)
  set_tests_properties(probe_on_gpu PROPERTIES LABELS "gpu;default" TIMEOUT 300 RESOURCE_GROUPS "1,gpus:1")
endif()
