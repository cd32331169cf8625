// Global memory: races inside a block and between blocks, and reads of outputs and scratch that nothing
// wrote.
#include "kernels/core/memory.hpp"
#include "tests/harness/checked_examples.hpp"

namespace plumbline::checked_examples {
namespace {

struct buffers {
  float* out;
  float* k;  // in place
  float* scratch;
  int* count;
  unsigned blocks;
};

buffers of(const kernel_arguments& args, launcher& on) {
  return {args.out("out").as<float>(), args.out("k_cache").as<float>(), static_cast<float*>(on.scratch(1024)),
          static_cast<int*>(on.scratch(64)), 4};
}

template <auto... Kernels>
void run(const kernel_arguments& args, launcher& on) {
  const buffers all = of(args, on);
  (kernels::launch<Kernels>(on, "example", {all.blocks, 1, 1}, 64, 0, all), ...);
}

__device__ unsigned global_index() { return 64 * blockIdx.x + threadIdx.x; }

template <bool Right>
__global__ void inside_a_block(const buffers p) {
  p.out[global_index()] = 1;  // inside write
  if (Right) __syncthreads();
  p.scratch[global_index()] = p.out[global_index() ^ 1];  // inside read
}

/// A barrier does not reach the other blocks.
template <bool Right>
__global__ void between_blocks(const buffers p) {
  p.out[global_index()] = 1;  // between write
  __syncthreads();
  p.scratch[global_index()] = p.out[global_index() ^ (Right ? 1u : 64u)];  // between read
}

__global__ void updated_in_place(const buffers p) {
  const float x = p.k[threadIdx.x];  // updated read
  p.k[threadIdx.x] = x + 1;          // updated write
}
__global__ void updated_by_one_block(const buffers p) {
  if (blockIdx.x == 2) p.k[threadIdx.x] += 1;
}

__global__ void same_element(const buffers p) { p.out[threadIdx.x] = 1; }  // same write
__global__ void own_element(const buffers p) { p.out[global_index()] = 1; }

__global__ void zero(const buffers p) {
  if (global_index() == 0) p.count[0] = 0;
}
__global__ void count_up(const buffers p) { atomicAdd(p.count, 1); }
__global__ void use_count(const buffers p) { p.out[global_index()] = static_cast<float>(p.count[0]); }

__global__ void count_and_look(const buffers p) {
  atomicAdd(p.count, 1);                                   // counted add
  p.out[global_index()] = static_cast<float>(p.count[0]);  // counted read
}

__global__ void fill(const buffers p) { p.scratch[global_index()] = 1; }
__global__ void move_on(const buffers p) { p.out[global_index()] = p.scratch[global_index() ^ 64u]; }

__global__ void read_output(const buffers p) {
  if (blockIdx.x == 0) p.scratch[threadIdx.x] = p.out[threadIdx.x];  // empty read
}

__global__ void read_scratch(const buffers p) {
  if (blockIdx.x == 0) p.out[threadIdx.x] = p.scratch[threadIdx.x];  // empty scratch
}
__global__ void read_in_place(const buffers p) { p.out[global_index()] = p.k[threadIdx.x]; }

/// Sixteen bytes at once, twelve of them another thread's.
__global__ void wide_stores(const buffers p) {
  if (blockIdx.x == 0 && threadIdx.x < 2)
    kernels::store16(p.out + 0 * threadIdx.x, kernels::vec16{});  // wide write
}
__global__ void own_wide_stores(const buffers p) {
  if (threadIdx.x < 16) kernels::store16(p.out + 64 * blockIdx.x + 4 * threadIdx.x, kernels::vec16{});
}

constexpr example list[] = {
    {"inside a block", "race", "out[", "inside read", "inside write",
     run<fill, own_element, inside_a_block<false>>},
    {"inside a block, barrier", "", "", "", "", run<inside_a_block<true>>},
    {"between blocks", "race", "out[", "between read", "between write",
     run<own_element, between_blocks<false>>},
    {"a barrier between threads of a block", "", "", "", "", run<between_blocks<true>>},
    {"launches order", "", "", "", "", run<fill, move_on>},
    {"in place by every block", "race", "k_cache[0, ", "updated read", "updated write",
     run<updated_in_place>},
    {"in place by one block", "", "", "", "", run<updated_by_one_block>},
    {"one element, four blocks", "race", "out[", "same write", "same write", run<same_element>},
    {"one element a thread", "", "", "", "", run<own_element>},
    {"counted and looked at", "race", "scratch 1 + 0x0", "counted read", "counted add",
     run<zero, count_and_look>},
    {"counted, looked at later", "", "", "", "", run<zero, count_up, use_count>},
    {"output read first", "unwritten memory", "which nothing has written", "empty read", "",
     run<read_output>},
    {"scratch read first", "unwritten memory", "reads scratch 0 + 0x", "empty scratch", "",
     run<read_scratch>},
    {"content of what is updated in place", "", "", "", "", run<read_in_place>},
    {"16 bytes of one place", "race", "out[0, 0]", "wide write", "wide write", run<wide_stores>},
    {"16 bytes each", "", "", "", "", run<own_wide_stores>},
};

}  // namespace

std::span<const example> in_global_memory() { return list; }

}  // namespace plumbline::checked_examples
