// How fast the host executor is: ns a barrier and thread, ns a shuffle and lane, GFLOP/s through mma.
//
// One core unless --threads says otherwise.  Each figure is the best of many short rounds, since other load
// only ever adds time; the bare switch there and back, which a barrier cannot beat, tells how loaded the
// machine was. Printed as a table, or as JSON with --json.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "kernels/core/convert.hpp"
#include "kernels/core/launch.hpp"
#include "kernels/core/wgmma.hpp"
#include "kernels/host/host_executor.hpp"
#include "tests/bench/split_bench.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

struct bench_params {
  int repeats;
  float* sink;
};

__global__ void empty(const bench_params) {}

__global__ void barriers(const bench_params p) {
  for (int i = 0; i < p.repeats; ++i) __syncthreads();
}

__global__ void shuffles(const bench_params p) {
  float x = static_cast<float>(threadIdx.x);
  for (int i = 0; i < p.repeats; ++i) x = __shfl_xor_sync(0xffffffffu, x, 1 << i % 5);
  p.sink[blockIdx.x * blockDim.x + threadIdx.x] = x;
}

template <mma_shape Shape>
__global__ void products(const bench_params p) {
  const std::uint32_t one = is_fp8(Shape.a) ? 0x30313233u : pack2<dtype::bf16>(0.5f, 0.25f);
  const std::uint32_t a[4] = {one, one, one, one}, b[2] = {one, one};
  sum_register<Shape> d[4] = {};
  for (int i = 0; i < p.repeats; ++i) mma_sync<Shape>(d, a, b);
  p.sink[blockIdx.x * blockDim.x + threadIdx.x] = static_cast<float>(d[0] + d[1] + d[2] + d[3]);
}

/// Both operands are what the start of shared memory holds.
template <wgmma_shape Shape>
__global__ void group_products(const bench_params p) {
  unsigned char* const memory = shared_memory<unsigned char>();
  for (unsigned i = threadIdx.x; i < 4096; i += blockDim.x) memory[i] = 0x30;
  fence_async_proxy();
  __syncthreads();
  const std::uint64_t matrix = shared_descriptor(memory, 16, 0, swizzle::bytes128);
  sum_register<Shape> d[sum_registers(Shape)] = {};
  for (int i = 0; i < p.repeats; ++i) {
    wgmma_fence();
    wgmma<Shape>(d, matrix, matrix, true);
    wgmma_commit();
    wgmma_wait<0>(d);
  }
  p.sink[blockIdx.x * blockDim.x + threadIdx.x] = static_cast<float>(d[0]);
}

__global__ void tensor_core_loop(const bench_params p) {
  char* const rows = shared_memory<char>();
  store16(rows + 16 * threadIdx.x, vec16{});
  __syncthreads();
  const char* const row = rows + threadIdx.x / 32 * 512 + threadIdx.x % 32 * 16;
  float d[4][4] = {};
  for (int i = 0; i < p.repeats; ++i) {
    std::uint32_t a[4], b[4];
    load_matrix_x4(a, row);
    for (int n = 0; n < 4; n += 2) {
      load_matrix_x4_transposed(b, row);
      mma_m16n8k16<dtype::bf16>(d[n], a, b);
      mma_m16n8k16<dtype::bf16>(d[n + 1], a, b + 2);
    }
  }
  p.sink[blockIdx.x * blockDim.x + threadIdx.x] = d[0][0] + d[1][1] + d[2][2] + d[3][3];
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels

namespace {

using namespace plumbline;
using kernels::bench_params;

constexpr int rounds = 60;

struct figure {
  const char* name;
  const char* unit;
  double value;
};

template <auto Kernel>
double best_seconds(int os_threads, int blocks, int threads, int repeats) {
  std::vector<float> sink(static_cast<std::size_t>(blocks) * static_cast<std::size_t>(threads));
  host_executor executor;
  tensor_set none_in, none_out;
  run_options options;
  options.os_threads = os_threads;
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const auto failed = executor.run(
        [&](const kernel_arguments&, launcher& on) {
          kernels::launch<Kernel>(on, "warm up", {}, threads, 16384, bench_params{1, sink.data()});
          const auto start = std::chrono::steady_clock::now();
          kernels::launch<Kernel>(on, "bench", {blocks, 1, 1}, threads, 16384,
                                  bench_params{repeats, sink.data()});
          best =
              std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        },
        none_in, none_out, options);
    if (failed) {
      std::fprintf(stderr, "%s\n", failed->message.c_str());
      std::exit(1);
    }
  }
  return best;
}

/// Nanoseconds of a bare switch to a fiber and back, over as many fibers as a block of 128 threads has.
double best_bare_switch() {
  constexpr int count = 128, repeats = 500;
  simt::fiber_switch fibers;
  fibers.set_entry(
      [](void* owner) {
        while (true) static_cast<simt::fiber_switch*>(owner)->leave();
      },
      &fibers);
  fibers.reserve(count);
  for (int i = 0; i < count; ++i) fibers.restart(i);
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int r = 0; r < repeats; ++r)
      for (int i = 0; i < count; ++i) fibers.enter(i);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 1e9 * best / (1.0 * count * repeats);
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  int os_threads = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      os_threads = std::atoi(argv[++i]);
    } else {
      std::fprintf(stderr, "usage: executor_bench [--json] [--threads N], N at least 1; got \"%s\"\n",
                   argv[i]);
      return 2;
    }
  }

  std::vector<figure> figures;
  const double cores = os_threads;
  const int blocks = 4 * os_threads;
  figures.push_back({"bare switch", "ns/there and back", best_bare_switch()});
  figures.push_back(
      {"empty kernel", "ns/thread",
       1e9 * cores * best_seconds<kernels::empty>(os_threads, 25 * blocks, 256, 1) / (25.0 * blocks * 256)});
  for (const int threads : {32, 128, 1024}) {
    static const char* const names[] = {"barrier, 32 threads", "barrier, 128 threads",
                                        "barrier, 1024 threads"};
    const int repeats = 51200 / threads;
    figures.push_back({names[threads == 32    ? 0
                             : threads == 128 ? 1
                                              : 2],
                       "ns/barrier/thread",
                       1e9 * cores * best_seconds<kernels::barriers>(os_threads, blocks, threads, repeats) /
                           (1.0 * blocks * threads * repeats)});
  }
  figures.push_back({"shuffle", "ns/shuffle/lane",
                     1e9 * cores * best_seconds<kernels::shuffles>(os_threads, blocks, 128, 200) /
                         (1.0 * blocks * 128 * 200)});
  const auto add_mma = [&]<mma_shape Shape>(const char* name) {
    figures.push_back({name, "GFLOP/s/core",
                       1e-9 * 2 * 16 * 8 * Shape.k * 4 * blocks * 100 /
                           best_seconds<kernels::products<Shape>>(os_threads, blocks, 128, 100) / cores});
  };
  add_mma.operator()<mma_shape{dtype::bf16, dtype::bf16, dtype::f32, 16}>("mma bf16");
  add_mma.operator()<mma_shape{dtype::f16, dtype::f16, dtype::f32, 16}>("mma f16");
  add_mma.operator()<mma_shape{dtype::f16, dtype::f16, dtype::f16, 16}>("mma f16, f16 sums");
  add_mma.operator()<mma_shape{dtype::tf32, dtype::tf32, dtype::f32, 8}>("mma tf32");
  add_mma.operator()<mma_shape{dtype::e4m3, dtype::e4m3, dtype::f32, 32}>("mma e4m3");
  const auto add_wgmma = [&]<wgmma_shape Shape>(const char* name) {
    figures.push_back({name, "GFLOP/s/core",
                       1e-9 * 2 * 64 * Shape.n * inner_size(Shape) * blocks * 10 /
                           best_seconds<kernels::group_products<Shape>>(os_threads, blocks, 128, 10) /
                           cores});
  };
  add_wgmma.operator()<wgmma_shape{dtype::bf16, dtype::bf16, dtype::f32, 64}>("wgmma bf16, n 64");
  add_wgmma.operator()<wgmma_shape{dtype::e4m3, dtype::e4m3, dtype::f32, 64}>("wgmma e4m3, n 64");
  figures.push_back({"ldmatrix and mma", "GFLOP/s/core",
                     1e-9 * 2 * 16 * 8 * 16 * 4 * 4 * blocks * 25 /
                         best_seconds<kernels::tensor_core_loop>(os_threads, blocks, 128, 25) / cores});

  figures.push_back({"split, host", "GFLOP/s/core", split_gflops("host")});
  figures.push_back({"split, checked", "GFLOP/s/core", split_gflops("checked")});

  if (json) std::printf("{\"plumbline\": 1, \"bench\": \"executor\", \"figures\": [");
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const figure& f = figures[i];
    if (json)
      std::printf("%s{\"name\": \"%s\", \"unit\": \"%s\", \"value\": %.4g}", i ? ", " : "", f.name, f.unit,
                  f.value);
    else
      std::printf("%-24s %8.2f %s\n", f.name, f.value, f.unit);
  }
  if (json) std::printf("]}\n");
}
