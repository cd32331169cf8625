// Asynchronous products (wgmma): sums used, operands overwritten before the wait, and writes that no proxy
// fence shows them.
#include "kernels/core/convert.hpp"
#include "kernels/core/wgmma.hpp"
#include "tests/harness/checked_examples.hpp"

namespace plumbline::checked_examples {
namespace {

using namespace kernels;

struct sink {
  std::uint32_t* out;
};

constexpr wgmma_shape shape = {dtype::bf16, dtype::bf16, dtype::f32, 8};
constexpr std::uint32_t bytes_a = 64 * 32, bytes_b = 8 * 32;

enum class mistake {
  none,
  no_proxy_fence,
  no_barrier,
  hole,
  sums_read,
  sums_written,
  operand_overwritten,
  other_warp_overwrites,
  register_overwritten,
  another_group_waited_for
};

template <auto Kernel>
void run(const kernel_arguments& args, launcher& on) {
  kernels::launch<Kernel>(on, "example", {1, 1, 1}, 128, bytes_a + bytes_b,
                          sink{reinterpret_cast<std::uint32_t*>(args.out("out").as<float>())});
}

/// Fills A and B, 16 bytes a thread and then some.
template <mistake Wrong>
__device__ __forceinline__ void fill() {
  auto* const unit = shared_memory<vec16>();
  store16(unit + threadIdx.x, vec16{{threadIdx.x, 0, 0, 0}});  // operand written
  if (threadIdx.x < (Wrong == mistake::hole ? 15 : 16)) store16(unit + 128 + threadIdx.x, vec16{});
  if (Wrong != mistake::no_proxy_fence) fence_async_proxy();
  if (Wrong != mistake::no_barrier) __syncthreads();
}

template <mistake Wrong>
__global__ void multiply(const sink p) {
  fill<Wrong>();
  auto* const shared = shared_memory<unsigned char>();
  const std::uint64_t a = shared_descriptor(shared, 128, 256, swizzle::none);
  const std::uint64_t b = shared_descriptor(shared + bytes_a, 128, 256, swizzle::none);
  float d[4] = {};
  wgmma_fence();
  wgmma<shape>(d, a, b, false);  // product started
  wgmma_commit();
  if (Wrong == mistake::sums_read) p.out[threadIdx.x] = bits_of(d[1]);  // sums read
  if (Wrong == mistake::sums_written) d[2] = 0;                         // sums written
  if (Wrong == mistake::operand_overwritten) shared[threadIdx.x] = 1;   // operand overwritten
  wgmma_wait<Wrong == mistake::another_group_waited_for ? 1 : 0>(d);
  if (Wrong == mistake::other_warp_overwrites && threadIdx.x == 3) shared[bytes_a] = 1;  // B overwritten
  p.out[threadIdx.x] = bits_of(d[0]);                                                    // sums used
  wgmma_wait<0>(d);
}

/// A in registers: they may be read at any time, and written after the wait.
template <mistake Wrong>
__global__ void multiply_registers(const sink p) {
  fill<Wrong>();
  const std::uint64_t b =
      shared_descriptor(shared_memory<unsigned char>() + bytes_a, 128, 256, swizzle::none);
  std::uint32_t a[4] = {threadIdx.x, 0, 0, 0};
  float d[4] = {};
  wgmma_fence();
  wgmma<shape>(d, a, b, false);  // product of registers
  wgmma_commit();
  const std::uint32_t before = a[0];
  if (Wrong == mistake::register_overwritten) a[0] = 7;  // register overwritten
  wgmma_wait<0>(d);
  a[0] = before + 1;
  p.out[threadIdx.x] = bits_of(d[0]) + a[0];
}

/// The same operands again and again, overwritten where everybody has waited.
__global__ void pipeline(const sink p) {
  auto* const shared = shared_memory<unsigned char>();
  const std::uint64_t a = shared_descriptor(shared, 128, 256, swizzle::none);
  const std::uint64_t b = shared_descriptor(shared + bytes_a, 128, 256, swizzle::none);
  float d[4] = {}, e[4] = {};
  for (int step = 0; step < 3; ++step) {
    fill<mistake::none>();
    wgmma_fence();
    wgmma<shape>(d, a, b, step > 0);
    wgmma_commit();
    wgmma<shape>(e, a, b, step > 0);
    wgmma_commit();
    wgmma_wait<1>(d);
    p.out[threadIdx.x] = bits_of(d[0]);
    wgmma_wait<0>(e);
    __syncthreads();
  }
  p.out[threadIdx.x + 128] = bits_of(d[0]) + bits_of(e[0]);
}

constexpr example list[] = {
    {"product", "", "", "", "", run<multiply<mistake::none>>},
    {"no proxy fence", "missing fence", "an asynchronous product reads shared + 0x", "product started",
     "operand written", run<multiply<mistake::no_proxy_fence>>},
    {"no barrier before a product", "race|unwritten memory|missing fence", "shared + 0x", "product started",
     "", run<multiply<mistake::no_barrier>>},
    {"hole in an operand", "unwritten memory", "reads shared + 0x8f0, which nothing has written",
     "product started", "", run<multiply<mistake::hole>>},
    {"sums read early", "early access", "reads the sums of an asynchronous product", "sums read",
     "product started", run<multiply<mistake::sums_read>>},
    {"sums written early", "early access", "writes the sums of an asynchronous product", "sums written",
     "product started", run<multiply<mistake::sums_written>>},
    {"sums of another group", "early access", "reads the sums of an asynchronous product", "sums used",
     "product started", run<multiply<mistake::another_group_waited_for>>},
    {"operand overwritten early", "early access|race", "shared + 0x", "operand overwritten",
     "product started", run<multiply<mistake::operand_overwritten>>},
    {"operand of other warps overwritten", "early access|race", "shared + 0x800", "B overwritten",
     "product started", run<multiply<mistake::other_warp_overwrites>>},
    {"product of registers", "", "", "", "", run<multiply_registers<mistake::none>>},
    {"register overwritten early", "early access", "writes an operand of an asynchronous product",
     "register overwritten", "product of registers", run<multiply_registers<mistake::register_overwritten>>},
    {"products again and again", "", "", "", "", run<pipeline>},
};

}  // namespace

std::span<const example> of_products() { return list; }

}  // namespace plumbline::checked_examples
