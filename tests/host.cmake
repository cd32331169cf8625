# The host executor's own tests and benchmark.
foreach(part barrier warp memory mma schedule)
  plumbline_test(NAME executor_${part} SOURCES harness/executor_${part}_test.cpp LINK kernels_host
    LABELS smoke executor host)
endforeach()

add_executable(executor_bench bench/executor_bench.cpp)
target_link_libraries(executor_bench PRIVATE kernels_host)
