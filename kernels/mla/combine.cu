// combine, variant `combine`: partials of split keys into one result, weighed by powers of two.
//
// Partials lie request after request, and num_splits says where each request's begin.  One warp a row: lanes
// weigh every 32nd partial against the largest log-sum-exp, so no power of two overflows, and weights are
// normalised before they meet a value.  Every eighth partial joins the same chain of sums, the chains are
// added pair by pair: one order of rounding whatever the schedule.  A partial of log-sum-exp -inf saw no key
// and is skipped, not multiplied by zero: it may hold NaN.  A sink takes its share of the weights and none of
// the log-sum-exp, which is +inf where there was no key.
#include "kernels/core/numeric.hpp"
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4;
constexpr int chains = 8;                   // partial sums a column
constexpr std::int64_t most_splits = 8192;  // of a request: a weight for each in shared memory
constexpr float log2_e = 0x1.715476p+0f, ln_2 = 0x1.62e430p-1f;

struct combine_params {
  const float* partial;
  std::int64_t partial_split, partial_token, partial_head;  // strides in elements
  const float* partial_lse;
  std::int64_t lse_split, lse_token, lse_head;
  const std::int32_t* num_splits;
  const float* sink;  // null: none
  void* out;
  std::int64_t out_request, out_token, out_head;
  float* lse;
  std::int64_t to_request, to_head, to_token;
  std::int64_t b, sq, hq, dv;
  int room;  // weights a warp has room for
};

// Weighs the partials of a row into `weight`; returns the sum of unnormalised weights, 0 without a key.
__device__ inline float weigh(const float* lse, std::int64_t stride, int splits, const float* sink, int lane,
                              int room, float* weight, float* largest) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const float minus_infinity = float_of(0xff800000u);
  float highest = minus_infinity;
  for (int s = lane; s < splits; s += 32) {
    const float l = lse[s * stride];
    highest = l > highest ? l : highest;
  }
  for (int bit = 16; bit > 0; bit /= 2) {
    const float other = __shfl_xor_sync(all_lanes, highest, bit);
    highest = other > highest ? other : highest;
  }
  *largest = highest;
  float sum = 0;
  for (int s = lane; s < splits; s += 32) {
    const float l = lse[s * stride];
    const float power = l == minus_infinity ? 0.0f : exp2_soft(l - highest);
    weight[s] = power;
    sum += power;
  }
  for (int s = splits + lane; s < room; s += 32) weight[s] = 0;
  for (int bit = 16; bit > 0; bit /= 2) sum += __shfl_xor_sync(all_lanes, sum, bit);
  if (sum == 0) return 0;
  float share = 1;
  if (sink != nullptr) {
    const float above = fused(*sink, log2_e, -highest) - log2_soft(sum);
    share = 1.0f / (1.0f + exp2_soft(above));
  }
  for (int s = lane; s < splits; s += 32) weight[s] = weight[s] / sum * share;
  return sum;
}

template <dtype Out>
__global__ void __launch_bounds__(32 * warps) combine_kernel(const combine_params p) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  if (row >= p.b * p.sq * p.hq) return;
  const std::int64_t h = row % p.hq, i = row / p.hq % p.sq, r = row / p.hq / p.sq;
  const std::int64_t first = p.num_splits[r];
  const int splits = static_cast<int>(p.num_splits[r + 1] - first);

  float* weight = shared_memory<float>() + warp * p.room;
  float highest;
  const float sum = weigh(p.partial_lse + first * p.lse_split + i * p.lse_token + h * p.lse_head, p.lse_split,
                          splits, p.sink == nullptr ? nullptr : p.sink + h, lane, p.room, weight, &highest);
  __syncwarp(all_lanes);

  const float* from = p.partial + first * p.partial_split + i * p.partial_token + h * p.partial_head;
  auto* to = static_cast<stored<Out>*>(p.out) + r * p.out_request + i * p.out_token + h * p.out_head;
  for (std::int64_t c = lane; c < p.dv; c += 32) {
    float column[chains];
    PLUMBLINE_UNROLL
    for (int e = 0; e < chains; ++e) column[e] = 0.0f;
    for (int s = 0; s < splits; s += chains) {
      PLUMBLINE_UNROLL
      for (int e = 0; e < chains; ++e)
        if (weight[s + e] != 0)
          column[e] = fused(weight[s + e], from[(s + e) * p.partial_split + c], column[e]);
    }
    PLUMBLINE_UNROLL
    for (int step = chains / 2; step > 0; step /= 2) {
      PLUMBLINE_UNROLL
      for (int e = 0; e < step; ++e) column[e] += column[e + step];
    }
    to[c] = store_as<Out>(column[0]);
  }
  if (lane == 0)
    p.lse[r * p.to_request + h * p.to_head + i * p.to_token] =
        sum == 0 ? float_of(0x7f800000u) : fused(highest, ln_2, log2_soft(sum) * ln_2);
}

constexpr contract contracts[] = {movement("f32/combine", dtype::f32, dtype::f32)};

std::int64_t longest(const combine_problem& p) {
  std::int64_t most = 1;
  for (const std::int64_t n : p.splits) most = n > most ? n : most;
  return most;
}

std::string domain(const combine_problem& p) {
  return longest(p) <= most_splits ? "" : "more than 8192 splits of one request";
}

void run(const combine_problem& problem, const kernel_arguments& args, launcher& on) {
  const std::int64_t rows = problem.b * problem.sq * problem.hq;
  if (rows == 0) return;
  const tensor_view partial = args.in("out_partial"), partial_lse = args.in("lse_partial");
  const tensor_view sink = args.in("attn_sink"), out = args.out("out"), lse = args.out("lse");
  const combine_params p = {partial.as<float>(),
                            partial.stride[0],
                            partial.stride[1],
                            partial.stride[2],
                            partial_lse.as<float>(),
                            partial_lse.stride[0],
                            partial_lse.stride[1],
                            partial_lse.stride[2],
                            args.in("num_splits").as<std::int32_t>(),
                            sink ? sink.as<float>() : nullptr,
                            out.data,
                            out.stride[0],
                            out.stride[1],
                            out.stride[2],
                            lse.as<float>(),
                            lse.stride[0],
                            lse.stride[1],
                            lse.stride[2],
                            problem.b,
                            problem.sq,
                            problem.hq,
                            problem.dv,
                            static_cast<int>(blocks_for(longest(problem), chains) * chains)};
  const grid_size grid = {blocks_for(rows, warps), 1, 1};
  const std::size_t memory = sizeof(float) * warps * static_cast<std::size_t>(p.room);
  switch (problem.out_type) {
    case dtype::bf16:
      return launch<&combine_kernel<dtype::bf16>>(on, "combine", grid, 32 * warps, memory, p);
    case dtype::f16:
      return launch<&combine_kernel<dtype::f16>>(on, "combine", grid, 32 * warps, memory, p);
    default:
      return launch<&combine_kernel<dtype::f32>>(on, "combine", grid, 32 * warps, memory, p);
  }
}

constexpr variant<combine_problem> rows[] = {{"combine", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::combine_problem>>
plumbline::table_of<plumbline::mla::combine_problem, plumbline::this_side>() {
  return mla::rows;
}
