# The host executor's own tests and benchmark.
add_executable(executor_bench bench/executor_bench.cpp)
target_link_libraries(executor_bench PRIVATE kernels_host)
