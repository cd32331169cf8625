// Memory: atomics, deferred copies, poison, alignment, limits, and writes that nobody asked for.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/core/memory.hpp"
#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

using kernels::copy_async16;
using kernels::copy_async_commit;
using kernels::copy_async_wait;
using kernels::shared_memory;

struct counters {
  int* ints;
  unsigned* unsigneds;
  float* floats;
};

void count_up(const counters p) {
  atomicAdd(p.ints, 1);
  atomicAdd(p.unsigneds, 2u);
  atomicAdd(p.floats, 0.5f);
  atomicMax(p.ints + 1, static_cast<int>(1000 * blockIdx.x + threadIdx.x));
}

struct copies {
  const float* from;
  float* seen;  // a column a stage: before any wait, after wait<1>, after wait<0>
};

void watch_copies(const copies p) {
  float* const mine = shared_memory<float>() + 8 * threadIdx.x;
  for (int i = 0; i < 8; ++i) mine[i] = 1;
  copy_async16(mine, p.from, true);
  copy_async_commit();
  copy_async16(mine + 4, p.from + 4, threadIdx.x != 1);
  copy_async_commit();
  float* const seen = p.seen + 6 * threadIdx.x;
  seen[0] = mine[0];
  seen[1] = mine[4];
  copy_async_wait<1>();
  seen[2] = mine[0];
  seen[3] = mine[4];
  copy_async_wait<0>();
  seen[4] = mine[3];
  seen[5] = mine[7];
}

void forgets_to_commit(const copies p) {
  float* const mine = shared_memory<float>();
  copy_async16(mine, p.from, true);
  copy_async_wait<0>();
  p.seen[0] = mine[0];
}

void read_fresh_shared(const copies p) {
  float* const cell = shared_memory<float>();
  p.seen[blockIdx.x] = cell[threadIdx.x];
  cell[threadIdx.x] = 1;
}

struct place {
  char* base;
  std::ptrdiff_t offset;
};

void write_one_byte(const place p) { p.base[p.offset] = 1; }
[[maybe_unused]] void write_shared_byte(const place p) { shared_memory<char>()[p.offset] = 1; }
void wide_load(const place p) { kernels::load16(p.base + p.offset); }
void copy_out_of_shared(const place p) { copy_async16(shared_memory<char>() + p.offset, nullptr, false); }

struct nothing {};
void do_nothing(const nothing) {}

/// Runs a one-byte write relative to a tensor or to scratch of 100 bytes.
std::optional<fault> write_near(std::string_view name, std::ptrdiff_t offset) {
  tensor_set inputs, outputs;
  inputs.set("k", tensor(dtype::f32, {3, 5}));
  outputs.set("out", tensor(dtype::bf16, {2, 3}, {4, 1}));
  host_executor executor;
  return executor.run(
      [&](const kernel_arguments& args, launcher& on) {
        void* const data = name == "k"     ? args.in("k").data
                           : name == "out" ? args.out("out").data
                                           : on.scratch(100);
        kernels::launch<write_one_byte>(on, "writer", {}, 1, 0, place{static_cast<char*>(data), offset});
      },
      inputs, outputs, {});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_memory)

BOOST_AUTO_TEST_CASE(atomics_lose_nothing_between_blocks_on_several_os_threads) {
  int ints[2] = {0, -1};
  unsigned unsigneds = 0;
  float floats = 0;

  const auto failed =
      run_kernel<count_up>({{50, 1, 1}, 64}, counters{ints, &unsigneds, &floats}, scheduled("", 4));

  BOOST_TEST(!failed);
  BOOST_TEST(ints[0] == 50 * 64);
  BOOST_TEST(ints[1] == 49063);
  BOOST_TEST(unsigneds == 2u * 50 * 64);
  BOOST_TEST(floats == 0.5f * 50 * 64);
}

BOOST_AUTO_TEST_CASE(an_asynchronous_copy_is_not_there_before_its_wait) {
  alignas(16) const float from[8] = {10, 11, 12, 13, 14, 15, 16, 17};
  float seen[2][6] = {};

  const auto failed = run_kernel<watch_copies>({{}, 2, 64}, copies{from, seen[0]});

  BOOST_TEST(!failed);
  for (int t = 0; t < 2; ++t) {
    BOOST_TEST((std::isnan(seen[t][0]) && std::isnan(seen[t][1])));
    BOOST_TEST(seen[t][2] == 10);
    BOOST_TEST(std::isnan(seen[t][3]));
    BOOST_TEST(seen[t][4] == 13);
    BOOST_TEST(seen[t][5] == (t == 1 ? 0 : 17));
  }
}

BOOST_AUTO_TEST_CASE(a_wait_does_not_cover_copies_that_were_never_committed) {
  alignas(16) const float from[4] = {10, 11, 12, 13};
  float seen = 0;

  const auto failed = run_kernel<forgets_to_commit>({{}, 1, 16}, copies{from, &seen});

  BOOST_TEST(!failed);
  BOOST_TEST(std::isnan(seen));
}

BOOST_AUTO_TEST_CASE(a_copy_to_outside_the_shared_memory_is_reported) {
  BOOST_TEST(!run_kernel<copy_out_of_shared>({{}, 1, 32}, place{nullptr, 16}));
  const auto failed = run_kernel<copy_out_of_shared>({{}, 1, 32}, place{nullptr, 32});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "stray write");
  BOOST_TEST(mentions(failed, "thread 0, tests/harness/executor_memory_test.cpp:"));
}

BOOST_AUTO_TEST_CASE(shared_memory_is_nan_when_a_block_starts) {
  std::vector<float> seen(3, 0.0f);

  const auto failed =
      run_kernel<read_fresh_shared>({{3, 1, 1}, 1, 4}, copies{nullptr, seen.data()}, scheduled("", 1));

  BOOST_TEST(!failed);
  for (const float x : seen) BOOST_TEST(std::isnan(x));
}

BOOST_AUTO_TEST_CASE(shared_memory_over_227_kib_is_refused_by_name) {
  BOOST_TEST(!run_kernel<do_nothing>({{}, 32, 227 * 1024}, nothing{}));
  const auto failed = run_kernel<do_nothing>({{}, 32, 227 * 1024 + 1}, nothing{});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "launch error");
  BOOST_TEST((mentions(failed, "test_kernel") && mentions(failed, "227 KiB")));
}

BOOST_AUTO_TEST_CASE(launches_that_cuda_refuses_are_refused) {
  for (const launch_shape& bad :
       {launch_shape{{0, 1, 1}, 32}, launch_shape{{1, 65536, 1}, 32}, launch_shape{{1, 1, 65536}, 32},
        launch_shape{{}, 0}, launch_shape{{}, 1025}}) {
    const auto failed = run_kernel<do_nothing>(bad, nothing{});

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "launch error");
  }
}

BOOST_AUTO_TEST_CASE(a_misaligned_wide_access_is_reported) {
  alignas(16) char bytes[32] = {};

  BOOST_TEST(!run_kernel<wide_load>({{}, 1}, place{bytes, 16}));
  const auto failed = run_kernel<wide_load>({{}, 1}, place{bytes, 8});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "misaligned access");
  BOOST_TEST(mentions(failed, "tests/harness/executor_memory_test.cpp:"));
}

#if !PLUMBLINE_ASAN  // there the sanitizer stops at the write itself

BOOST_AUTO_TEST_CASE(a_write_beside_shared_memory_is_reported) {
  BOOST_TEST(!run_kernel<write_shared_byte>({{}, 1, 100}, place{nullptr, 99}));
  for (const std::ptrdiff_t offset : {-1, 100}) {
    const auto failed = run_kernel<write_shared_byte>({{}, 1, 100}, place{nullptr, offset});

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "stray write");
    BOOST_TEST(mentions(failed, "shared memory changed at byte " + std::to_string(offset) + " of 100"));
  }
}

#endif

BOOST_AUTO_TEST_CASE(writes_around_an_output_are_reported_by_tensor_and_offset) {
  BOOST_TEST(!write_near("out", 0));
  BOOST_TEST(!write_near("out", 13));  // last byte of element (1,2)
  for (const std::ptrdiff_t offset : {-1, 6, 14}) {
    const auto failed = write_near("out", offset);

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "stray write");
    BOOST_TEST(mentions(failed, "output out was written at byte offset " + std::to_string(offset) + ":"));
  }
}

BOOST_AUTO_TEST_CASE(a_written_input_is_reported_by_tensor_and_offset) {
  for (const std::ptrdiff_t offset : {-1, 0, 59, 60}) {
    const auto failed = write_near("k", offset);

    BOOST_REQUIRE(failed);
    BOOST_TEST(failed->kind == "stray write");
    BOOST_TEST(mentions(failed, "input k was written at byte offset " + std::to_string(offset) + ":"));
  }
}

BOOST_AUTO_TEST_CASE(writes_around_scratch_are_reported) {
  BOOST_TEST(!write_near("scratch", 99));
  for (const std::ptrdiff_t offset : {-1, 100}) {
    const auto failed = write_near("scratch", offset);

    BOOST_TEST(mentions(failed,
                        "scratch buffer 0 (100 bytes) was written at byte offset " + std::to_string(offset)));
  }
}

BOOST_AUTO_TEST_CASE(scratch_is_poisoned_and_aligned) {
  tensor_set none, nowhere;
  host_executor executor;
  executor.run(
      [](const kernel_arguments&, launcher& on) {
        for (int i = 0; i < 2; ++i) {
          const auto* const bytes = static_cast<const unsigned char*>(on.scratch(700));
          BOOST_TEST(reinterpret_cast<std::uintptr_t>(bytes) % 512 == 0u);
          for (int k = 0; k < 700; ++k) BOOST_REQUIRE(bytes[k] == 0xff);
        }
      },
      none, nowhere, {});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
