// Schedules, OS threads and faults: a race-free kernel has one result, and a failed one leaves nothing
// behind.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kernels/core/numeric.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

struct result {
  float* out;
};

/// Rounds at every step, so that any change of order shows in the bits.
void mix(const result p) {
  float* const cell = kernels::shared_memory<float>();
  float x = 1.0f / static_cast<float>(3 + threadIdx.x + 7 * blockIdx.x);
  for (int round = 0; round < 4; ++round) {
    for (int bit = 1; bit < 32; bit *= 2) x = x * 0.7f + __shfl_xor_sync(0xffffffffu, x, bit) * 0.31f;
    cell[threadIdx.x] = x;
    __syncthreads();
    x += 0.1f * cell[(threadIdx.x + 33) % blockDim.x];
    __syncthreads();
  }
  p.out[blockIdx.x * blockDim.x + threadIdx.x] = kernels::exp2_soft(x);
}

/// Without the barrier between write and read: its result depends on who runs first.
void race(const result p) {
  float* const cell = kernels::shared_memory<float>();
  cell[threadIdx.x] = static_cast<float>(threadIdx.x);
  p.out[threadIdx.x] = cell[(threadIdx.x + 1) % blockDim.x];
}

struct log_of_warps {
  int* order;
  int* next;
};
void note_warp(const log_of_warps p) {
  if (threadIdx.x % 32 == 0) p.order[atomicAdd(p.next, 1)] = static_cast<int>(threadIdx.x / 32);
}
void note_block(const log_of_warps p) { p.order[atomicAdd(p.next, 1)] = static_cast<int>(blockIdx.x); }

/// Counts the objects alive on all fibers, to see that a failed block unwinds.
struct counted {
  explicit counted(int* live) : live_(live) { ++*live_; }
  ~counted() { --*live_; }
  int* live_;
};

struct trouble {
  int* live;
  int how;
};
void in_trouble(const trouble p) {
  const counted here(p.live + blockIdx.x);
  __syncthreads();
  if (blockIdx.x >= 3 && threadIdx.x == 17) {
    if (p.how == 0) throw std::runtime_error("something broke");
    if (p.how == 1) kernels::kernel_assert(threadIdx.x < 17, "thread below 17");
    if (p.how == 2) throw 42;
    if (p.how == 3) return;
  } else if (p.how == 4) {
    __syncwarp();
  }
  __syncthreads();
}

/// Blocks 3 and 4 fail; the one that is `later` a while after the other has.
struct two_failures {
  std::atomic<int>* started;
  std::atomic<int>* failing;
  int later;
};
void fail_in_order(const two_failures p) {
  if (blockIdx.x < 3) return;
  ++*p.started;
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto wait_for = [&](const std::atomic<int>& count, int least) {
    while (count < least && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
  };
  wait_for(*p.started, 2);
  if (static_cast<int>(blockIdx.x) == p.later) {
    wait_for(*p.failing, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ++*p.failing;
  throw std::runtime_error("block failed");
}

struct block_count {
  std::atomic<int>* blocks;
};
void third_block_fails(const block_count p) {
  if (++*p.blocks == 3) throw std::runtime_error("third");
}

struct nothing {};
void deep_call(const nothing) { __syncthreads(); }

std::vector<float> mixed(const char* schedule, int os_threads) {
  std::vector<float> out(40 * 128);
  const auto failed =
      run_kernel<mix>({{40, 1, 1}, 128, 512}, result{out.data()}, scheduled(schedule, os_threads));
  BOOST_TEST(!failed);
  return out;
}

template <auto Kernel>
std::vector<int> order_of(const launch_shape& shape, const char* schedule, int count) {
  std::vector<int> order(static_cast<std::size_t>(count), -1);
  int next = 0;
  BOOST_TEST(!run_kernel<Kernel>(shape, log_of_warps{order.data(), &next}, scheduled(schedule, 1)));
  return order;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_schedule)

BOOST_AUTO_TEST_CASE(a_race_free_kernel_has_the_same_bits_for_every_schedule_and_any_number_of_os_threads) {
  const std::vector<float> expected = mixed("", 1);
  for (const char* schedule : every_schedule)
    for (const int os_threads : {1, 2, 5, 64}) BOOST_TEST((mixed(schedule, os_threads) == expected));
}

BOOST_AUTO_TEST_CASE(a_race_shows_as_a_difference_between_schedules) {
  std::vector<float> forward(64), backward(64);

  BOOST_TEST(!run_kernel<race>({{}, 64, 256}, result{forward.data()}, scheduled("")));
  BOOST_TEST(!run_kernel<race>({{}, 64, 256}, result{backward.data()}, scheduled("reverse")));

  BOOST_TEST(forward[0] != backward[0]);
}

BOOST_AUTO_TEST_CASE(schedules_run_warps_and_blocks_in_their_order) {
  const launch_shape one_block{{}, 128}, blocks{{5, 1, 1}, 1};
  const std::vector<int> up4 = {0, 1, 2, 3}, down4 = {3, 2, 1, 0}, starved = {0, 1, 3, 2};
  const std::vector<int> up5 = {0, 1, 2, 3, 4}, down5 = {4, 3, 2, 1, 0};

  BOOST_TEST(order_of<note_warp>(one_block, "", 4) == up4);
  BOOST_TEST(order_of<note_warp>(one_block, "reverse", 4) == down4);
  BOOST_TEST(order_of<note_warp>(one_block, "starve:2", 4) == starved);
  BOOST_TEST(order_of<note_block>(blocks, "", 5) == up5);
  BOOST_TEST(order_of<note_block>(blocks, "reverse", 5) == down5);
}

BOOST_AUTO_TEST_CASE(a_random_schedule_is_a_permutation_that_its_seed_repeats) {
  const launch_shape blocks{{24, 1, 1}, 1};
  const std::vector<int> first = order_of<note_block>(blocks, "random:5", 24);
  std::vector<int> sorted = first;
  std::sort(sorted.begin(), sorted.end());

  for (int i = 0; i < 24; ++i) BOOST_TEST(sorted[i] == i);
  BOOST_TEST(order_of<note_block>(blocks, "random:5", 24) == first);
  BOOST_TEST((order_of<note_block>(blocks, "random:6", 24) != first));
}

BOOST_AUTO_TEST_CASE(a_schedule_that_is_none_is_refused) {
  for (const char* bad : {"forward", "random:", "random:x", "random:1x", "starve:-1", "starve:32", "starve"})
    BOOST_CHECK_EXCEPTION(run_kernel<deep_call>({{}, 32}, nothing{}, scheduled(bad)), bad_argument,
                          [](const bad_argument& e) { return e.argument() == "schedule"; });
  BOOST_CHECK_THROW(run_kernel<deep_call>({{}, 32}, nothing{}, scheduled("", -1)), bad_argument);
}

BOOST_AUTO_TEST_CASE(a_kernel_that_fails_is_reported_unwound_and_leaves_the_executor_usable) {
  const char* const kinds[] = {"exception", "assertion", "exception", "divergent barrier", "missing lanes"};
  const char* const parts[] = {"something broke", "thread below 17", "unknown type", "threads 17 have exited",
                               "threads 0-16,18-31 wait in __syncwarp"};
  std::vector<float> first_block = mixed("", 1);
  first_block.resize(128);
  host_executor executor;
  tensor_set none, nowhere;
  for (int how = 0; how < 5; ++how)
    for (const char* schedule : every_schedule) {
      std::vector<int> live(8);
      std::vector<float> out(128);
      const auto failed = executor.run(
          [&](const kernel_arguments&, launcher& on) {
            try {
              kernels::launch<in_trouble>(on, "troubled", {8, 1, 1}, 64, 0, trouble{live.data(), how});
            } catch (const kernel_fault&) {
              kernels::launch<mix>(on, "mix", {1, 1, 1}, 128, 512, result{out.data()});
              throw;
            }
          },
          none, nowhere, scheduled(schedule, 1));

      BOOST_REQUIRE(failed);
      BOOST_TEST(failed->kind == kinds[how]);
      BOOST_TEST(mentions(failed, parts[how]));
      BOOST_TEST(mentions(failed, "kernel troubled, block ("));
      BOOST_TEST(live == std::vector<int>(8), boost::test_tools::per_element());
      BOOST_TEST((out == first_block));
    }
}

BOOST_AUTO_TEST_CASE(of_several_failing_blocks_the_first_is_reported_whoever_fails_first) {
  for (const int later : {3, 4}) {
    std::atomic<int> started{0}, failing{0};

    const auto failed =
        run_kernel<fail_in_order>({{5, 1, 1}, 1}, two_failures{&started, &failing, later}, scheduled("", 2));

    BOOST_TEST(failing == 2);
    BOOST_TEST(mentions(failed, "block (3,0,0), thread 0"));
  }
}

BOOST_AUTO_TEST_CASE(no_further_block_starts_after_a_failure) {
  std::atomic<int> blocks{0};

  const auto failed = run_kernel<third_block_fails>({{100, 1, 1}, 1}, block_count{&blocks}, scheduled("", 1));

  BOOST_TEST(mentions(failed, "block (2,0,0)"));
  BOOST_TEST(blocks == 3);
}

BOOST_AUTO_TEST_CASE(several_executors_run_at_once) {
  const std::vector<float> expected = mixed("", 1);
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&results, i] {
      results[static_cast<std::size_t>(i)].resize(40 * 128);
      for (int round = 0; round < 5; ++round)
        run_kernel<mix>({{40, 1, 1}, 128, 512}, result{results[static_cast<std::size_t>(i)].data()},
                        scheduled(every_schedule[i], 2));
    });
  for (std::thread& t : threads) t.join();

  for (const auto& r : results) BOOST_TEST((r == expected));
}

BOOST_AUTO_TEST_CASE(executors_are_made_by_name_or_refused_in_one_line) {
  std::string why;
  const auto host = make_executor("host", why);

  BOOST_REQUIRE(host);
  BOOST_TEST(host->name() == "host");
  BOOST_TEST(why.empty());
  const auto checked = make_executor("checked", why);
  BOOST_TEST((checked ? checked->name() == "checked" && why.empty()
                      : why.find("checked: this build has no checked kernels") == 0));
  BOOST_TEST(!make_executor("cpu", why));
  BOOST_TEST(why == "executor: expected host, checked or gpu, got \"cpu\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
