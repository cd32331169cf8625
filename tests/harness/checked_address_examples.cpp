// Addresses: outside of tensors, between their rows, misaligned, nobody's.
#include "kernels/core/memory.hpp"
#include "tests/harness/checked_examples.hpp"

namespace plumbline::checked_examples {
namespace {

struct pointers {
  float* x;  // input (2, 3, 5), strides 40, 8, 1
  float* out;
  float* rows;  // output (3, 5), strides 8, 1
  float* k;
};

template <auto Kernel>
void run(const kernel_arguments& args, launcher& on) {
  kernels::launch<Kernel>(on, "example", {1, 1, 1}, 32, 64,
                          pointers{args.in("x").as<float>(), args.out("out").as<float>(),
                                   args.out("rows").as<float>(), args.out("k_cache").as<float>()});
}

template <auto Kernel, std::size_t Bytes>
void run_with_shared(const kernel_arguments& args, launcher& on) {
  kernels::launch<Kernel>(on, "example", {1, 1, 1}, 32, Bytes,
                          pointers{nullptr, args.out("out").as<float>(), nullptr, nullptr});
}

template <int Element>
__global__ void read(const pointers p) {
  const float y = p.x[Element];  // read at
  p.out[threadIdx.x] = y;
}

template <int Element>
__global__ void write(const pointers p) {
  if (threadIdx.x == 5) p.rows[Element] = 1;  // write at
}

/// On a GPU this would be the next tensor, or the one after.
template <int Element>
__global__ void far(const pointers p) {
  if (threadIdx.x == 0) p.out[0] = p.k[Element];  // far at
}

__global__ void write_input(const pointers p) {
  if (threadIdx.x == 31) p.x[41] = 0;  // input at
}

template <int Element>
__global__ void wide(const pointers p) {
  const kernels::vec16 four = kernels::load16(p.x + Element);  // wide at
  p.out[threadIdx.x] = static_cast<float>(four.w[0]);
}

/// A float at an odd address.
template <int Byte>
__global__ void crooked(const pointers p) {
  char* const bytes = reinterpret_cast<char*>(p.out) + Byte;
  if (threadIdx.x == 0) *reinterpret_cast<float*>(bytes) = 1;  // crooked at
}

template <int Element>
__global__ void shared_over(const pointers p) {
  if (threadIdx.x == 0) kernels::shared_memory<float>()[Element] = 1;  // over at
  if (threadIdx.x == 0) p.out[0] = 1;
}

__global__ void null(const pointers p) { p.out[threadIdx.x] = p.x[threadIdx.x]; }  // null at

/// A pointer to local memory means something to its own thread only.
template <bool Right>
__global__ void local(const pointers p) {
  auto** const lent = kernels::shared_memory<float*>();
  float mine[4] = {1, 2, 3, 4};
  if (threadIdx.x == 0) lent[0] = mine + (p.out ? 1 : 0);
  __syncthreads();
  const float* const theirs = Right ? mine : lent[0];
  if (Right || threadIdx.x == 1) p.out[threadIdx.x] = theirs[p.out ? 1 : 0];  // local at
  __syncthreads();
}

constexpr float constants[] = {1, 2, 3, 5};
__global__ void use_constants(const pointers p) { p.out[threadIdx.x] = constants[threadIdx.x % 4]; }

__global__ void nothing(const pointers) {}

constexpr example list[] = {
    {"last element", "", "", "", "", run<read<60>>},
    {"behind the last element", "stray read", "reads 4 bytes, 0 bytes behind the end of x", "read at", "",
     run<read<61>>},
    {"before the first element", "stray read", "reads 4 bytes, 4 bytes before x", "read at", "",
     run<read<-1>>},
    {"between rows", "stray read", "between the rows of x, 4 bytes after x[0, 1, 4]", "read at", "",
     run<read<13>>},
    {"row of an output", "", "", "", "", run<write<20>>},
    {"between rows of an output", "stray write", "between the rows of rows, 8 bytes after rows[0, 4]",
     "write at", "", run<write<6>>},
    {"a neighbour's memory", "stray read", "16384 bytes behind the end of k_cache", "far at", "",
     run<far<4096 + 256>>},
    {"own memory", "", "", "", "", run<far<255>>},
    {"input written", "stray write", "writes input x[1, 0, 1]", "input at", "", run<write_input>},
    {"16 bytes of a row", "", "", "", "", run<wide<40>>},
    {"16 bytes, crooked", "misaligned access", "16-byte access", "wide at", "", run<wide<1>>},
    {"16 bytes, over the row", "stray read",
     "reads 16 bytes, between the rows of x, 4 bytes after x[0, 1, 4]", "wide at", "", run<wide<12>>},
    {"float at byte 8", "", "", "", "", run<crooked<8>>},
    {"float at byte 6", "misaligned access", "writes 4 bytes at once of out[0, 1]", "crooked at", "",
     run<crooked<6>>},
    {"last shared element", "", "", "", "", run<shared_over<15>>},
    {"behind shared memory", "stray write", "outside the block's 64 bytes of shared memory, at offset 64",
     "over at", "", run<shared_over<16>>},
    {"before shared memory", "stray write", "at offset -4", "over at", "", run<shared_over<-1>>},
    {"null", "stray read", "memory that is no tensor", "null at", "", run_with_shared<null, 64>},
    {"local memory of another", "stray read", "local memory of thread 0", "local at", "", run<local<false>>},
    {"own local memory", "", "", "", "", run<local<true>>},
    {"constants", "", "", "", "", run<use_constants>},
    {"227 KiB of shared memory", "", "", "", "", run_with_shared<nothing, 227 * 1024>},
    {"more than 227 KiB", "launch error", "(227 KiB) exist", "", "",
     run_with_shared<nothing, 227 * 1024 + 1>},
};

}  // namespace

std::span<const example> of_addresses() { return list; }

}  // namespace plumbline::checked_examples
