# dflash: its reference, its laws.
plumbline_test(NAME dflash_reference
  SOURCES dflash_reference_problem_test.cpp dflash_reference_layer_test.cpp dflash_reference_loop_test.cpp
  LINK reference LABELS reference dflash smoke)

plumbline_test(NAME dflash_laws
  SOURCES harness/dflash_laws_test.cpp harness/dflash_judge_test.cpp harness/dflash_choice_test.cpp
  LINK properties LABELS dflash properties)
plumbline_test(NAME dflash_upstream
  SOURCES harness/dflash_upstream_test.cpp LINK properties fixtures LABELS dflash properties)
target_compile_definitions(dflash_upstream PRIVATE PLUMBLINE_RECORDED_FOLDER="${CMAKE_SOURCE_DIR}/fixtures/recorded")

# One layer at the dimensions of the drafter of Qwen3-8B.
set(layer_of_8b "block_size=16,hidden_size=4096,hq=32,hk=8,d=128")
add_test(NAME dflash_layer_of_8b COMMAND plumbline replay
  "plumbline1:dflash.project/fused_qkv:${layer_of_8b},context_len=5;regime=normal;seed=1"
  "plumbline1:dflash.attention/attention:${layer_of_8b},context_lens=5,cache_seqlens=300;regime=normal;seed=1"
  --case-timeout 200 --out ${CMAKE_CURRENT_BINARY_DIR}/dflash_layer_of_8b)
set_tests_properties(dflash_layer_of_8b PROPERTIES LABELS "dflash;host;default" TIMEOUT 300)

# Its kernels on every executor; on a GPU where such tests are asked for.
set(dflash_kernels_sources dflash_kernels_accept_test.cpp
  dflash_kernels_project_test.cpp dflash_kernels_attention_test.cpp)
plumbline_test(NAME dflash_kernels
  SOURCES ${dflash_kernels_sources} LINK kernels_dflash judge reference LABELS dflash host)
if(TARGET kernels_checked)
  plumbline_test(NAME dflash_kernels_checked
    SOURCES ${dflash_kernels_sources} LINK kernels_dflash judge reference LABELS dflash checked)
  target_compile_definitions(dflash_kernels_checked PRIVATE PLUMBLINE_TEST_EXECUTOR="checked")
endif()
if(PLUMBLINE_GPU_TESTS)
  plumbline_test(NAME dflash_kernels_gpu
    SOURCES ${dflash_kernels_sources} LINK kernels_dflash judge reference LABELS dflash gpu)
  target_compile_definitions(dflash_kernels_gpu PRIVATE PLUMBLINE_TEST_EXECUTOR="gpu")
  set_tests_properties(dflash_kernels_gpu PROPERTIES RESOURCE_GROUPS "1,gpus:1")
endif()
