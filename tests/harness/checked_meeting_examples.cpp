// Barriers and masks: threads that do not come, or come elsewhere; and kernels that end early.
#include <stdexcept>

#include "kernels/core/memory.hpp"
#include "tests/harness/checked_examples.hpp"

namespace plumbline::checked_examples {
namespace {

constexpr unsigned all = 0xffffffffu;

struct sink {
  float* out;
};

template <auto Kernel>
void run(const kernel_arguments& args, launcher& on) {
  kernels::launch<Kernel>(on, "example", {2, 1, 1}, 64, 256, sink{args.out("out").as<float>()});
}

template <bool Right>
__global__ void skipped(const sink p) {
  if (!Right && threadIdx.x >= 48) return;
  __syncthreads();  // skipped at
  p.out[64 * blockIdx.x + threadIdx.x] = 1;
}

template <bool Right>
__global__ void two_places(const sink) {
  if (Right || threadIdx.x < 32)
    __syncthreads();  // two places at
  else
    __syncthreads();
}

template <bool Right>
__global__ void lane_stays_away(const sink p) {
  if (Right || threadIdx.x != 17) __syncwarp(all);  // lane at
  p.out[64 * blockIdx.x + threadIdx.x] = 1;
}

template <bool Right>
__global__ void unnamed_lane(const sink p) {
  const float x = __shfl_sync(Right ? all : 0xfffffffeu, 1.0f, 3);  // unnamed at
  p.out[64 * blockIdx.x + threadIdx.x] = x;
}

__global__ void asserts(const sink p) {
  kernels::kernel_assert(threadIdx.x < 40, "a thread below 40");  // assert at
  p.out[64 * blockIdx.x + threadIdx.x] = 1;
}

__global__ void throws(const sink p) {
  if (threadIdx.x == 40) throw std::runtime_error("no more");
  p.out[64 * blockIdx.x + threadIdx.x] = 1;
}

__global__ void half_returns(const sink p) {
  if (threadIdx.x >= 32) return;
  __syncwarp(all);
  p.out[64 * blockIdx.x + threadIdx.x] = 1;
}

constexpr example list[] = {
    {"barrier skipped", "divergent barrier", "wait in __syncthreads", "skipped at", "", run<skipped<false>>},
    {"barrier", "", "", "", "", run<skipped<true>>},
    {"two barriers", "divergent barrier", "wait in __syncthreads", "two places at", "",
     run<two_places<false>>},
    {"one barrier", "", "", "", "", run<two_places<true>>},
    {"lane stays away", "missing lanes", "wait in __syncwarp with mask 0xffffffff", "lane at", "",
     run<lane_stays_away<false>>},
    {"all lanes", "", "", "", "", run<lane_stays_away<true>>},
    {"lane without a name", "missing lanes", "leaves out the calling lane 0", "unnamed at", "",
     run<unnamed_lane<false>>},
    {"all named", "", "", "", "", run<unnamed_lane<true>>},
    {"assertion", "assertion", "a thread below 40", "assert at", "", run<asserts>},
    {"exception", "exception", "no more", "", "", run<throws>},
    {"early return", "", "", "", "", run<half_returns>},
};

}  // namespace

std::span<const example> of_meetings() { return list; }

}  // namespace plumbline::checked_examples
