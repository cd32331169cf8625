// accept, variant `accept`: a block of threads chooses the target's token of one position, a warp compares.
//
// Logits are read eight at a time, a strip of 2048 by all threads.  Greedy: the largest, of equal ones the
// first, whoever saw it.  Sampled: weights exp2((logit - largest) / temperature * log2 e), whose largest is
// exactly 1, and their running sum in the order of the vocabulary: a thread's eight in order, lanes and warps
// of a strip by a scan, strip after strip.  The strips are walked twice, by the same function: once for the
// whole sum, and once until the running sum exceeds uniform times the whole.  No weight is drawn that is 0,
// though rounding may let a sum grow where a thread takes over from the one before.  Weights below 2^-126
// are 0; when rounding leaves no token, it is the last that has a weight.
#include "kernels/core/numeric.hpp"
#include "kernels/core/pieces.hpp"
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int threads = 256, warps = threads / 32, strip = threads * piece_size;
constexpr unsigned all_lanes = 0xffffffffu;
constexpr float log2_e = 1.44269504f;
constexpr std::int32_t no_token = 0x7fffffff;

struct accept_params {
  const void* logits;
  std::int64_t logits_sequence, logits_position;  // strides in elements
  const float* uniforms;                          // null: greedy
  const std::int32_t* block;
  std::int32_t *posterior, *accepted, *next_token;
  std::int64_t b, block_size, vocab_size;
  float temperature;
};

struct accept_memory {
  float value[warps];
  std::int32_t token[warps];
  float sum[2][warps];  // of strips, in turn
};

struct candidate {
  float value;
  std::int32_t token;
};

__device__ __forceinline__ candidate better(candidate a, candidate b) {
  return b.value > a.value || (b.value == a.value && b.token < a.token) ? b : a;
}

template <dtype Type>
struct vocabulary_row {
  const stored<Type>* data;
  std::int64_t count;

  __device__ __forceinline__ void read(std::int64_t first, float out[piece_size]) const {
    read_piece<Type>(data, first, count - first, aligned16(data), out);
  }
};

/// The first of the largest logits, known to every thread.
template <dtype Type>
__device__ __forceinline__ candidate largest_of(const vocabulary_row<Type>& row, accept_memory& memory) {
  const int thread = static_cast<int>(threadIdx.x);
  candidate best = {float_of(0xff800000u), no_token};
  for (std::int64_t first = piece_size * thread; first < row.count; first += strip) {
    float x[piece_size];
    row.read(first, x);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i)
      if (first + i < row.count && x[i] > best.value) best = {x[i], static_cast<std::int32_t>(first + i)};
  }
  for (int bit = 16; bit > 0; bit /= 2)
    best = better(best, {__shfl_xor_sync(all_lanes, best.value, bit),
                         static_cast<std::int32_t>(__shfl_xor_sync(all_lanes, best.token, bit))});
  if (thread % 32 == 0) memory.value[thread / 32] = best.value, memory.token[thread / 32] = best.token;
  __syncthreads();
  for (int w = 0; w < warps; ++w) best = better(best, {memory.value[w], memory.token[w]});
  return best;
}

/// Calls `each(first token, weights, sum of all before)` for this thread's piece of every strip, until one
/// call of the block has returned true; the sum of what was walked.
template <dtype Type, class Each>
__device__ __forceinline__ float walk(const vocabulary_row<Type>& row, float largest, float temperature,
                                      accept_memory& memory, Each each) {
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  float before = 0;
  int turn = 0;
  __syncthreads();  // somebody may still read the sums of a walk before
  for (std::int64_t start = 0; start < row.count; start += strip, turn ^= 1) {
    const std::int64_t first = start + piece_size * thread;
    float weight[piece_size];
    row.read(first < row.count ? first : row.count, weight);
    float own = 0;
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i) {
      const float scaled = (weight[i] - largest) / temperature * log2_e;
      weight[i] = first + i < row.count ? exp2_soft(scaled) : 0.0f;
      own += weight[i];
    }
    float up_to = own;
    for (int far = 1; far < 32; far *= 2) {
      const float other = __shfl_up_sync(all_lanes, up_to, far);
      if (lane >= far) up_to += other;
    }
    const float left = __shfl_up_sync(all_lanes, up_to, 1);
    if (lane == 31) memory.sum[turn][warp] = up_to;
    __syncthreads();
    float of_warps = 0, whole = 0;
    for (int w = 0; w < warps; ++w) {
      if (w == warp) of_warps = whole;
      whole += memory.sum[turn][w];
    }
    if (each(first, weight, before + of_warps + (lane == 0 ? 0.0f : left))) return before;
    before += whole;
  }
  return before;
}

/// The smallest of a number a thread, known to every thread.
__device__ __forceinline__ std::int32_t smallest(std::int32_t x, accept_memory& memory) {
  const int thread = static_cast<int>(threadIdx.x);
  for (int bit = 16; bit > 0; bit /= 2) {
    const auto other = static_cast<std::int32_t>(__shfl_xor_sync(all_lanes, x, bit));
    x = other < x ? other : x;
  }
  __syncthreads();
  if (thread % 32 == 0) memory.token[thread / 32] = x;
  __syncthreads();
  for (int w = 0; w < warps; ++w) x = memory.token[w] < x ? memory.token[w] : x;
  return x;
}

template <dtype Type>
__device__ __forceinline__ std::int32_t drawn_of(const vocabulary_row<Type>& row, float largest,
                                                 float temperature, float uniform, accept_memory& memory) {
  const float whole =
      walk(row, largest, temperature, memory, [](std::int64_t, const float*, float) { return false; });
  const float target = uniform * whole;
  std::int32_t token = no_token, last = -1;
  walk(row, largest, temperature, memory, [&](std::int64_t first, const float* weight, float before) {
    float sum = before;
    std::int32_t own = no_token;
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i) {
      sum += weight[i];
      if (weight[i] == 0) continue;
      last = static_cast<std::int32_t>(first + i);
      if (own == no_token && sum > target) own = last;
    }
    token = smallest(own, memory);
    return token != no_token;
  });
  return token != no_token ? token : -smallest(-last, memory);
}

template <dtype Type>
__global__ void __launch_bounds__(threads) choose_kernel(const accept_params p) {
  auto& memory = *shared_memory<accept_memory>();
  const std::int64_t at = blockIdx.x, sequence = at / p.block_size, position = at % p.block_size;
  const vocabulary_row<Type> row = {static_cast<const stored<Type>*>(p.logits) +
                                        sequence * p.logits_sequence + position * p.logits_position,
                                    p.vocab_size};
  const candidate best = largest_of(row, memory);
  const std::int32_t token =
      p.uniforms == nullptr ? best.token : drawn_of(row, best.value, p.temperature, p.uniforms[at], memory);
  if (threadIdx.x == 0) p.posterior[at] = token;
}

constexpr int agree_warps = 4;

__global__ void __launch_bounds__(32 * agree_warps) agree_kernel(const accept_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t sequence =
      static_cast<std::int64_t>(blockIdx.x) * agree_warps + static_cast<int>(threadIdx.x) / 32;
  if (sequence >= p.b) return;
  const std::int32_t* block = p.block + sequence * p.block_size;
  const std::int32_t* posterior = p.posterior + sequence * p.block_size;
  std::int64_t accepted = 0;
  for (std::int64_t first = 0;; first += 32) {
    const std::int64_t i = first + lane;
    const bool agrees = i + 1 < p.block_size && block[i + 1] == posterior[i];
    unsigned together = __ballot_sync(all_lanes, agrees);
    int count = 0;
    for (; (together & 1u) != 0; together >>= 1) ++count;
    accepted += count;
    if (count < 32) break;
  }
  if (lane != 0) return;
  p.accepted[sequence] = static_cast<std::int32_t>(accepted);
  p.next_token[sequence] = posterior[accepted];
}

constexpr contract contracts[] = {movement("f32/choice", dtype::f32, dtype::i32),
                                  movement("bf16/choice", dtype::bf16, dtype::i32),
                                  movement("f16/choice", dtype::f16, dtype::i32)};

std::string domain(const accept_problem&) { return ""; }

void run(const accept_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.b == 0) return;
  const tensor_view logits = args.in("logits");
  accept_params p = {};
  p.logits = logits.data;
  p.logits_sequence = logits.stride[0], p.logits_position = logits.stride[1];
  p.uniforms = problem.greedy() ? nullptr : args.in("uniforms").as<float>();
  p.block = args.in("block").as<std::int32_t>();
  p.posterior = args.out("posterior").as<std::int32_t>();
  p.accepted = args.out("accepted").as<std::int32_t>();
  p.next_token = args.out("next_token").as<std::int32_t>();
  p.b = problem.b, p.block_size = problem.block_size, p.vocab_size = problem.vocab_size;
  p.temperature = static_cast<float>(problem.temperature);
  const grid_size grid = {problem.b * problem.block_size, 1, 1};
  switch (problem.type) {
    case dtype::bf16:
      launch<&choose_kernel<dtype::bf16>>(on, "choose", grid, threads, sizeof(accept_memory), p);
      break;
    case dtype::f16:
      launch<&choose_kernel<dtype::f16>>(on, "choose", grid, threads, sizeof(accept_memory), p);
      break;
    default:
      launch<&choose_kernel<dtype::f32>>(on, "choose", grid, threads, sizeof(accept_memory), p);
  }
  launch<&agree_kernel>(on, "agree", {blocks_for(p.b, agree_warps), 1, 1}, 32 * agree_warps, 0, p);
}

constexpr variant<accept_problem> rows[] = {{"accept", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash

template <>
std::span<const plumbline::variant<plumbline::dflash::accept_problem>>
plumbline::table_of<plumbline::dflash::accept_problem, plumbline::this_side>() {
  return dflash::rows;
}
