// Asynchronous copies: used, overwritten or shared before their wait.
#include "kernels/core/memory.hpp"
#include "tests/harness/checked_examples.hpp"

namespace plumbline::checked_examples {
namespace {

using kernels::copy_async16;
using kernels::copy_async_commit;
using kernels::copy_async_wait;
using kernels::shared_memory;

struct buffers {
  float* k;
  float* out;
};

template <auto Kernel>
void run(const kernel_arguments& args, launcher& on) {
  kernels::launch<Kernel>(on, "example", {1, 1, 1}, 64, 4096,
                          buffers{args.out("k_cache").as<float>(), args.out("out").as<float>()});
}

enum class fault { none, no_wait, wrong_group, no_commit, no_barrier };

/// Each thread copies two times 16 bytes and reads the first of its neighbour's.
template <fault Wrong>
__global__ void used(const buffers p) {
  float* const mine = shared_memory<float>() + 8 * threadIdx.x;
  for (int half = 0; half < 2; ++half) {
    copy_async16(mine + 4 * half, p.k + 4 * (threadIdx.x % 32), true);  // used copy
    if (Wrong != fault::no_commit) copy_async_commit();
  }
  if (Wrong == fault::wrong_group)
    copy_async_wait<2>();
  else if (Wrong != fault::no_wait)
    copy_async_wait<1>();
  if (Wrong != fault::no_barrier) __syncthreads();
  const float* const theirs = shared_memory<float>() + 8 * ((threadIdx.x + 1) % 64);
  p.out[threadIdx.x] = theirs[0];  // used read
  copy_async_wait<0>();
}

template <bool Right>
__global__ void overwritten(const buffers p) {
  float* const mine = shared_memory<float>() + 4 * threadIdx.x;
  copy_async16(mine, p.k, true);  // over copy
  if (Right) copy_async_commit(), copy_async_wait<0>();
  mine[2] = 1;  // over write
  p.out[threadIdx.x] = 1;
}

template <bool Right>
__global__ void copied_twice(const buffers p) {
  float* const mine = shared_memory<float>() + 8 * threadIdx.x;
  for (int i = 0; i < 2; ++i) copy_async16(mine + (Right ? 4 * i : 0), p.k, true);  // twice copy
  p.out[threadIdx.x] = 1;
}

/// The destination is still being read by the thread beside.
template <bool Right>
__global__ void overtakes_a_reader(const buffers p) {
  float* const mine = shared_memory<float>() + 4 * threadIdx.x;
  mine[0] = mine[1] = 1;  // early write
  if (Right) __syncthreads();
  copy_async16(shared_memory<float>() + 4 * (threadIdx.x ^ 1), p.k, true);  // early copy
  p.out[threadIdx.x] = 1;
}

/// The source was written by another thread.
template <bool Right>
__global__ void copies_what_is_written(const buffers p) {
  p.k[4 * threadIdx.x] = 1;  // source write
  if (Right) __syncthreads();
  copy_async16(shared_memory<float>() + 4 * threadIdx.x, p.k + 4 * (threadIdx.x ^ 1), true);  // source copy
  p.out[threadIdx.x] = 1;
}

template <bool Right>
__global__ void copies_from_outside(const buffers p) {
  copy_async16(shared_memory<float>() + 4 * threadIdx.x, p.k + 256, !Right);  // outside at
  p.out[threadIdx.x] = 1;
}

constexpr example list[] = {
    {"copy waited for", "", "", "", "", run<used<fault::none>>},
    {"copy not waited for", "early access", "destination of an asynchronous copy", "used read", "used copy",
     run<used<fault::no_wait>>},
    {"copy of another group waited for", "early access", "destination of an asynchronous copy", "used read",
     "used copy", run<used<fault::wrong_group>>},
    {"copy not committed", "early access", "destination of an asynchronous copy", "used read", "used copy",
     run<used<fault::no_commit>>},
    {"own copy waited for, no barrier", "race|early access|unwritten memory", "shared + 0x", "used read", "",
     run<used<fault::no_barrier>>},
    {"copy overwritten", "early access", "writes shared + 0x", "over write", "over copy",
     run<overwritten<false>>},
    {"copy overwritten after its wait", "", "", "", "", run<overwritten<true>>},
    {"copied twice", "early access", "destination of an asynchronous copy", "twice copy", "twice copy",
     run<copied_twice<false>>},
    {"copied to two places", "", "", "", "", run<copied_twice<true>>},
    {"copy overtakes", "race|early access", "shared + 0x", "early copy", "early write",
     run<overtakes_a_reader<false>>},
    {"copy behind a barrier", "", "", "", "", run<overtakes_a_reader<true>>},
    {"source written", "race", "k_cache[", "source copy", "source write", run<copies_what_is_written<false>>},
    {"source written before a barrier", "", "", "", "", run<copies_what_is_written<true>>},
    {"copy from outside", "stray read", "0 bytes behind the end of k_cache", "outside at", "",
     run<copies_from_outside<false>>},
    {"zeros need no source", "", "", "", "", run<copies_from_outside<true>>},
};

}  // namespace

std::span<const example> of_copies() { return list; }

}  // namespace plumbline::checked_examples
