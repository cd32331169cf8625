# The host executor's own tests and benchmark.
foreach(part barrier warp memory mma schedule)
  plumbline_test(NAME executor_${part} SOURCES harness/executor_${part}_test.cpp LINK kernels_host
    LABELS smoke executor host)
endforeach()

# The same file twice: every 2053rd float, and all of them (minutes).
plumbline_test(NAME executor_numeric SOURCES harness/executor_numeric_test.cpp LINK kernels_host
  LABELS smoke executor host)
target_compile_definitions(executor_numeric PRIVATE PLUMBLINE_STRIDE=2053)
plumbline_test(NAME executor_numeric_all SOURCES harness/executor_numeric_test.cpp LINK kernels_host
  LABELS long executor host TIMEOUT 3600)
target_compile_definitions(executor_numeric_all PRIVATE PLUMBLINE_STRIDE=1)

add_executable(executor_bench bench/executor_bench.cpp bench/split_bench.cpp)
target_link_libraries(executor_bench PRIVATE kernels_flash_decode)
