// Shuffles, votes and warp barriers: CUDA's definition, and lanes that never come.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

constexpr unsigned full = 0xffffffffu;

struct table {
  int* out;
  int rows;
};

void every_shuffle(const table p) {
  const int lane = static_cast<int>(threadIdx.x % 32), value = 100 + static_cast<int>(threadIdx.x);
  const auto put = [&](int row, int x) {
    p.out[row * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x)] = x;
  };
  put(0, __shfl_sync(full, value, 5));
  put(1, __shfl_sync(full, value, 3 * lane));
  put(2, __shfl_xor_sync(full, value, 16));
  put(3, __shfl_up_sync(full, value, 3));
  put(4, __shfl_down_sync(full, value, 3));
  put(5, __shfl_xor_sync(full, value, 3, 8));
  put(6, __shfl_sync(full, value, 9, 8));
  put(7, __shfl_up_sync(full, value, 3, 8));
  put(8, __shfl_down_sync(full, value, 3, 8));
}

void float_and_unsigned(const table p) {
  const float x = __shfl_xor_sync(full, 0.5f * static_cast<float>(threadIdx.x), 1);
  const unsigned u = __shfl_xor_sync(full, 0x80000000u + threadIdx.x, 1);
  p.out[threadIdx.x] =
      x == 0.5f * static_cast<float>(threadIdx.x ^ 1) && u == 0x80000000u + (threadIdx.x ^ 1);
}

void every_vote(const table p) {
  const int odd = threadIdx.x % 2 ? 7 : 0;
  p.out[threadIdx.x] = __ballot_sync(full, odd) == 0xaaaaaaaau && __any_sync(full, odd) &&
                       !__all_sync(full, odd) && !__any_sync(full, 0) && __all_sync(full, 2);
}

void half_warps(const table p) {
  const int lane = static_cast<int>(threadIdx.x), low = lane < 16;
  const unsigned mask = low ? 0x0000ffffu : 0xffff0000u;
  int x = lane;
  for (int turn = 0; turn < (low ? 3 : 5); ++turn) x = __shfl_xor_sync(mask, x, 1) + 1;
  p.out[lane] = x + (__ballot_sync(mask, 1) == mask ? 0 : 1000);
}

void neighbours_through_shared(const table p) {
  int* const cell = kernels::shared_memory<int>();
  cell[threadIdx.x] = static_cast<int>(threadIdx.x);
  __syncwarp();
  p.out[threadIdx.x] = cell[threadIdx.x ^ 31];
}

struct nothing {};

constexpr int lost_line = __LINE__ + 3;
void lanes_stay_away(const nothing) {
  if (threadIdx.x >= 32 && (threadIdx.x < 48 || threadIdx.x == 49))
    __shfl_xor_sync(full, 1, 1);
  else
    __syncthreads();
}

void exited_lane(const nothing) {
  if (threadIdx.x == 3) return;
  __ballot_sync(full, 1);
}

constexpr int not_mine_line = __LINE__ + 1;
void mask_without_caller(const nothing) { __syncwarp(0x0000ffffu); }

void different_masks(const nothing) { __syncwarp(threadIdx.x < 16 ? full : 0xffff0000u); }

void different_operations(const nothing) {
  if (threadIdx.x < 16)
    __ballot_sync(full, 1);
  else
    __syncwarp();
}

void reads_outside_mask(const nothing) {
  if (threadIdx.x < 16) __shfl_sync(0x0000ffffu, 1, 20);
}

std::string here(int line) { return "tests/harness/executor_warp_test.cpp:" + std::to_string(line); }

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_warp)

BOOST_AUTO_TEST_CASE(every_shuffle_reads_the_lane_that_cuda_defines) {
  for (const char* schedule : every_schedule) {
    std::vector<int> out(9 * 64, -1);

    const auto failed = run_kernel<every_shuffle>({{}, 64}, table{out.data(), 9}, scheduled(schedule));

    BOOST_TEST(!failed);
    for (int t = 0; t < 64; ++t) {
      const int lane = t % 32, warp = t - lane, segment = lane / 8 * 8;
      const int expected[9] = {5,
                               3 * lane % 32,
                               lane ^ 16,
                               lane < 3 ? lane : lane - 3,
                               lane + 3 > 31 ? lane : lane + 3,
                               lane ^ 3,
                               segment + 1,
                               lane % 8 < 3 ? lane : lane - 3,
                               lane % 8 > 4 ? lane : lane + 3};
      for (int row = 0; row < 9; ++row) BOOST_TEST(out[row * 64 + t] == 100 + warp + expected[row]);
    }
  }
}

BOOST_AUTO_TEST_CASE(shuffles_move_floats_and_unsigned_values_by_their_bits) {
  std::vector<int> out(32);

  const auto failed = run_kernel<float_and_unsigned>({{}, 32}, table{out.data(), 1});

  BOOST_TEST(!failed);
  BOOST_TEST(std::all_of(out.begin(), out.end(), [](int ok) { return ok == 1; }));
}

BOOST_AUTO_TEST_CASE(votes_see_all_lanes_of_the_mask) {
  std::vector<int> out(64);

  const auto failed = run_kernel<every_vote>({{}, 64}, table{out.data(), 1});

  BOOST_TEST(!failed);
  BOOST_TEST(std::all_of(out.begin(), out.end(), [](int ok) { return ok == 1; }));
}

BOOST_AUTO_TEST_CASE(disjoint_masks_of_one_warp_meet_independently) {
  for (const char* schedule : every_schedule) {
    std::vector<int> out(32);

    const auto failed = run_kernel<half_warps>({{}, 32}, table{out.data(), 1}, scheduled(schedule));

    BOOST_TEST(!failed);
    for (int lane = 0; lane < 32; ++lane) BOOST_TEST(out[lane] == (lane ^ 1) + (lane < 16 ? 3 : 5));
  }
}

BOOST_AUTO_TEST_CASE(a_warp_barrier_orders_shared_memory) {
  for (const char* schedule : every_schedule) {
    std::vector<int> out(64);

    const auto failed =
        run_kernel<neighbours_through_shared>({{}, 64, 256}, table{out.data(), 1}, scheduled(schedule));

    BOOST_TEST(!failed);
    for (int t = 0; t < 64; ++t) BOOST_TEST(out[t] == (t ^ 31));
  }
}

BOOST_AUTO_TEST_CASE(lanes_that_miss_a_shuffle_are_reported_with_all_who_wait) {
  for (const char* schedule : every_schedule) {
    const auto failed = run_kernel<lanes_stay_away>({{}, 64}, nothing{}, scheduled(schedule));

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "missing lanes");
    BOOST_TEST(mentions(
        failed, "threads 32-47,49 wait in __shfl_xor_sync with mask 0xffffffff at " + here(lost_line)));
    BOOST_TEST(mentions(failed, "threads 0-31,48,50-63 wait in __syncthreads at " + here(lost_line + 2)));
  }
}

BOOST_AUTO_TEST_CASE(a_lane_that_exited_is_missed_by_a_mask_that_names_it) {
  const auto failed = run_kernel<exited_lane>({{}, 32}, nothing{});

  BOOST_TEST(mentions(failed, "threads 0-2,4-31 wait in __ballot_sync"));
  BOOST_TEST(mentions(failed, "threads 3 have exited"));
}

BOOST_AUTO_TEST_CASE(a_mask_that_leaves_out_its_caller_is_reported) {
  const auto failed = run_kernel<mask_without_caller>({{}, 32}, nothing{});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "missing lanes");
  BOOST_TEST(mentions(failed, "thread 16, " + here(not_mine_line)));
}

BOOST_AUTO_TEST_CASE(lanes_that_disagree_about_the_mask_are_reported_with_their_masks) {
  const auto failed = run_kernel<different_masks>({{}, 32}, nothing{});

  BOOST_TEST(mentions(failed, "threads 0-15 wait in __syncwarp with mask 0xffffffff"));
}

BOOST_AUTO_TEST_CASE(lanes_that_meet_in_different_operations_are_reported) {
  for (const char* schedule : every_schedule) {
    const auto failed = run_kernel<different_operations>({{}, 32}, nothing{}, scheduled(schedule));

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "missing lanes");
    BOOST_TEST((mentions(failed, "__ballot_sync") && mentions(failed, "__syncwarp")));
  }
}

BOOST_AUTO_TEST_CASE(a_shuffle_from_a_lane_outside_its_mask_is_reported) {
  const auto failed = run_kernel<reads_outside_mask>({{}, 32}, nothing{});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "missing lanes");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
