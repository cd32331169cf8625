// Shared memory: races, and reads of what nothing wrote.
#include "kernels/core/memory.hpp"
#include "tests/harness/checked_examples.hpp"

namespace plumbline::checked_examples {
namespace {

using kernels::shared_memory;

constexpr unsigned all = 0xffffffffu;

struct sink {
  float* out;
};

template <auto Kernel>
void run(const kernel_arguments& args, launcher& on) {
  kernels::launch<Kernel>(on, "example", {2, 1, 1}, 64, 1024, sink{args.out("out").as<float>()});
}

__device__ unsigned me() { return threadIdx.x; }
__device__ float* fresh_cells() {
  float* const cell = shared_memory<float>();
  cell[me()] = 0;
  __syncthreads();
  return cell;
}
__device__ void keep(const sink p, float x) { p.out[64 * blockIdx.x + me()] = x; }

template <bool Right>
__global__ void neighbour(const sink p) {
  float* const cell = fresh_cells();
  cell[me()] = 1;  // neighbour write
  if (Right) __syncthreads();
  keep(p, cell[(me() + 1) % 64]);  // neighbour read
}

template <bool Right>
__global__ void overtaken(const sink p) {
  float* const cell = fresh_cells();
  keep(p, cell[(me() + 33) % 64]);  // overtaken read
  if (Right) __syncthreads();
  cell[me()] = 2;  // overtaken write
}

template <bool Right>
__global__ void shuffled(const sink p) {
  float* const cell = fresh_cells();
  cell[me()] = 1;  // shuffled write
  const float one = __shfl_xor_sync(all, 1.0f, 1);
  if (Right) __syncwarp(all);
  keep(p, one * cell[me() ^ 1]);  // shuffled read
}

template <bool Right>
__global__ void voted(const sink p) {
  float* const cell = fresh_cells();
  cell[me()] = 1;  // voted write
  const int any = __any_sync(all, 1);
  if (Right) __syncwarp(all);
  keep(p, static_cast<float>(any) * cell[me() ^ 1]);  // voted read
}

template <bool Right>
__global__ void one_warp_is_not_the_block(const sink p) {
  float* const cell = fresh_cells();
  cell[me()] = 1;  // wide write
  Right ? __syncthreads() : __syncwarp(all);
  keep(p, cell[me() ^ 32]);  // wide read
}

/// __syncwarp of half a warp orders that half alone.
template <bool Right>
__global__ void some_lanes(const sink p) {
  float* const cell = fresh_cells();
  cell[me()] = 1;  // some write
  __syncwarp(me() % 32 < 16 ? 0xffffu : 0xffff0000u);
  keep(p, cell[me() ^ (Right ? 8 : 16)]);  // some read
}

/// Order is transitive: 0 with 1, then 1 with 2, orders 0 before 2.
__global__ void through_a_third(const sink p) {
  float* const cell = fresh_cells();
  if (me() == 0) cell[0] = 5;
  if (me() < 2) __syncwarp(3u);
  if (me() == 1 || me() == 2) __syncwarp(6u);
  keep(p, me() == 2 ? cell[0] : 0.0f);
}

/// The first reader may write what it read; the second has read too.
template <bool Right>
__global__ void second_reader(const sink p) {
  float* const cell = fresh_cells();
  float x = 0;
  if (me() == 3) x = cell[0];
  if (me() == 7) x = cell[0];  // second read
  if (__any_sync(all, 1) && Right) __syncwarp(all);
  if (me() == 3) cell[0] = x + 1;  // second write
  keep(p, x);
}

/// Not even the same value.
template <bool Right>
__global__ void both_writers(const sink p) {
  float* const cell = fresh_cells();
  cell[Right ? me() : 0] = 1;  // both write
  __syncthreads();
  keep(p, cell[0]);
}

/// Bytes beside each other, of one word, belong to different threads.
template <bool Right>
__global__ void bytes(const sink p) {
  auto* const byte = shared_memory<unsigned char>();
  byte[me() + (Right || me() != 9 ? 0 : 1)] = 1;  // bytes write
  if (Right || me() != 9) byte[64 + me()] = 2;
  __syncthreads();
  keep(p, Right || me() != 9 ? byte[me() ^ (Right ? 1 : 0)] : 0.0f);
}
template <bool Right>
__global__ void hole(const sink p) {
  float* const cell = shared_memory<float>();
  if (Right || me() != 13) cell[me()] = 1;
  __syncthreads();
  keep(p, cell[63 - me()]);  // hole read
}

/// A block finds nothing of what an earlier one left.
template <bool Right>
__global__ void stale(const sink p) {
  float* const cell = shared_memory<float>();
  if (Right || blockIdx.x == 0) cell[me()] = 1;
  keep(p, cell[me()]);  // stale read
}

/// ldmatrix reads rows that other lanes wrote.
template <bool Right>
__global__ void matrix(const sink p) {
  auto* const row = shared_memory<kernels::vec16>();
  row[me()] = kernels::vec16{{me(), 1, 2, 3}};
  if (Right) __syncthreads();
  std::uint32_t r[4];
  kernels::load_matrix_x4(r, row + (63 - me()));  // matrix read
  keep(p, static_cast<float>(r[0]));
}

constexpr example list[] = {
    {"neighbour", "race", "shared + 0x", "neighbour read", "neighbour write", run<neighbour<false>>},
    {"neighbour, barrier", "", "", "", "", run<neighbour<true>>},
    {"overtaken", "race", "shared + 0x", "overtaken write", "overtaken read", run<overtaken<false>>},
    {"overtaken, barrier", "", "", "", "", run<overtaken<true>>},
    {"shuffled", "race", "shared + 0x", "shuffled read", "shuffled write", run<shuffled<false>>},
    {"shuffled, __syncwarp", "", "", "", "", run<shuffled<true>>},
    {"voted", "race", "shared + 0x", "voted read", "voted write", run<voted<false>>},
    {"voted, __syncwarp", "", "", "", "", run<voted<true>>},
    {"__syncwarp between warps", "race", "shared + 0x", "wide read", "wide write",
     run<one_warp_is_not_the_block<false>>},
    {"__syncthreads between warps", "", "", "", "", run<one_warp_is_not_the_block<true>>},
    {"lanes of the other half", "race", "shared + 0x", "some read", "some write", run<some_lanes<false>>},
    {"lanes of one half", "", "", "", "", run<some_lanes<true>>},
    {"through a third", "", "", "", "", run<through_a_third>},
    {"second reader", "race", "shared + 0x0", "second write", "second read", run<second_reader<false>>},
    {"second reader, __syncwarp", "", "", "", "", run<second_reader<true>>},
    {"both write", "race", "shared + 0x0", "both write", "both write", run<both_writers<false>>},
    {"each writes its own", "", "", "", "", run<both_writers<true>>},
    {"one byte twice", "race", "shared + 0xa", "bytes write", "bytes write", run<bytes<false>>},
    {"bytes of a word", "", "", "", "", run<bytes<true>>},
    {"hole", "unwritten memory", "reads shared + 0x34, which nothing has written", "hole read", "",
     run<hole<false>>},
    {"no hole", "", "", "", "", run<hole<true>>},
    {"left by another block", "unwritten memory", "shared + 0x", "stale read", "", run<stale<false>>},
    {"left by the same thread", "", "", "", "", run<stale<true>>},
    {"ldmatrix", "race|unwritten memory", "shared + 0x", "matrix read", "", run<matrix<false>>},
    {"ldmatrix, barrier", "", "", "", "", run<matrix<true>>},
};

}  // namespace

std::span<const example> in_shared_memory() { return list; }

}  // namespace plumbline::checked_examples
