// Barriers: they order a block, and one that some thread never reaches is a report with names and lines.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

struct sums {
  int* out;
};

void block_sum(const sums p) {
  int* const cell = kernels::shared_memory<int>();
  cell[threadIdx.x] = static_cast<int>(threadIdx.x + 1000 * blockIdx.x);
  for (unsigned half = blockDim.x / 2; half; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) cell[threadIdx.x] += cell[threadIdx.x + half];
  }
  if (threadIdx.x == 0) p.out[blockIdx.x] = cell[0];
}

struct nothing {};

constexpr int skipped_line = __LINE__ + 2;
void half_skips(const nothing) {
  if (threadIdx.x < 16) __syncthreads();
}

constexpr int early_line = __LINE__ + 3;
void one_exits(const nothing) {
  if (threadIdx.x == 40) return;
  __syncthreads();
}

constexpr int first_line = __LINE__ + 4;
constexpr int second_line = __LINE__ + 5;
void two_places(const nothing) {
  if (threadIdx.x % 2 == 0)
    __syncthreads();
  else
    __syncthreads();
}

void one_block_diverges(const nothing) {
  if (blockIdx.y == 1 && blockIdx.z == 2 && threadIdx.x > 0) return;
  __syncthreads();
}

std::string here(int line) { return "tests/harness/executor_barrier_test.cpp:" + std::to_string(line); }

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_barrier)

BOOST_AUTO_TEST_CASE(a_barrier_orders_the_threads_of_a_block_under_every_schedule) {
  for (const char* schedule : every_schedule)
    for (const int threads : {1, 2, 32, 64, 256, 1024}) {
      std::vector<int> out(3);

      const auto failed =
          run_kernel<block_sum>({{3, 1, 1}, threads, 4096}, sums{out.data()}, scheduled(schedule));

      BOOST_TEST(!failed);
      for (int b = 0; b < 3; ++b) BOOST_TEST(out[b] == threads * (threads - 1) / 2 + 1000 * b * threads);
    }
}

BOOST_AUTO_TEST_CASE(threads_that_skip_a_barrier_are_reported_with_those_that_wait) {
  for (const char* schedule : every_schedule) {
    const auto failed = run_kernel<half_skips>({{}, 64}, nothing{}, scheduled(schedule));

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "divergent barrier");
    BOOST_TEST(
        failed->message ==
        "divergent barrier: kernel test_kernel, block (0,0,0): threads 0-15 wait in __syncthreads at " +
            here(skipped_line) + "; threads 16-63 have exited");
  }
}

BOOST_AUTO_TEST_CASE(a_single_thread_that_exits_before_a_barrier_is_named) {
  const auto failed = run_kernel<one_exits>({{}, 64}, nothing{});

  BOOST_TEST(mentions(failed, "threads 0-39,41-63 wait in __syncthreads at " + here(early_line)));
  BOOST_TEST(mentions(failed, "threads 40 have exited"));
}

BOOST_AUTO_TEST_CASE(one_barrier_at_two_places_of_the_source_is_reported_with_both) {
  for (const char* schedule : every_schedule) {
    const auto failed = run_kernel<two_places>({{}, 4}, nothing{}, scheduled(schedule));

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "divergent barrier");
    BOOST_TEST((mentions(failed, here(first_line)) && mentions(failed, here(second_line))));
  }
}

BOOST_AUTO_TEST_CASE(the_block_of_a_divergence_is_named) {
  const auto failed = run_kernel<one_block_diverges>({{2, 3, 4}, 32}, nothing{}, scheduled("", 1));

  BOOST_TEST(mentions(failed, "block (0,1,2)"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
