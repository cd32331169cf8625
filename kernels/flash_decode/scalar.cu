// attend, variant `scalar`: one warp a query row, fp32 throughout.
//
// The plain form that the fast ones are read against.  A lane owns a key while scores are formed (eight
// chains of fused multiply-adds over d: one alone loses twice as much as its contract allows) and owns every
// 32nd output column while values are added, so a warp needs no sum over lanes but the maximum and, at the
// end, the row sum.  P stays fp32 and the row runs from its first to its last visible key, whatever the
// number of splits asked for.
#include "kernels/core/launch.hpp"
#include "kernels/core/promises.hpp"
#include "kernels/core/tap.hpp"
#include "kernels/flash_decode/attend.hpp"
#include "kernels/flash_decode/layout.hpp"
#include "kernels/flash_decode/mask.hpp"
#include "kernels/flash_decode/softmax.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4;
constexpr int most_columns = 512 / 32;  // of a lane
constexpr unsigned all_lanes = 0xffffffffu;

struct scalar_params {
  token_rows q, out;
  cache_rows k, v;
  sequences lengths;
  key_mask mask;
  score_options scores;
  float* lse;
  std::int64_t lse_batch, lse_head, lse_token;
  std::int64_t b, d, dv, hq, group;
};

/// Shared memory of one warp: the query row, then the weights and value rows of 32 keys.
struct warp_memory {
  float* q;
  float* weight;
  std::int64_t* value_row;
};

__device__ warp_memory memory_of(int warp, std::int64_t d) {
  const std::int64_t bytes = 32 * 8 + 4 * (32 + d);
  unsigned char* base = shared_memory<unsigned char>() + warp * ((bytes + 7) / 8 * 8);
  return {reinterpret_cast<float*>(base + 32 * 12), reinterpret_cast<float*>(base + 32 * 8),
          reinterpret_cast<std::int64_t*>(base)};
}

template <dtype Type, dtype Out>
__global__ void __launch_bounds__(32 * warps) scalar_kernel(const scalar_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  const std::int64_t h = row % p.hq, i = row / p.hq % p.lengths.sq, n = row / p.hq / p.lengths.sq;
  const std::int64_t hk = h / p.group;
  if (n >= p.b) return;
  const sequence s = sequence_of(p.lengths, n);
  if (i >= s.queries) return;

  const warp_memory mine = memory_of(warp, p.d);
  const auto* q = static_cast<const stored<Type>*>(p.q.data) + p.q.offset(n, s.first_token + i, h);
  const auto* k = static_cast<const stored<Type>*>(p.k.data) + hk * p.k.head;
  const auto* v = static_cast<const stored<Type>*>(p.v.data) + hk * p.v.head;
  for (std::int64_t c = lane; c < p.d; c += 32) mine.q[c] = load_as<Type>(q[c]);

  const score_units units = units_of(p.scores, n, hk);
  const key_interval seen = keys_seen(p.mask, i, s.queries, s.keys);
  const std::int64_t call_row =
      (p.lengths.cu_seqlens_q ? s.first_token + i : n * p.lengths.sq + i) * p.hq + h;
  const int columns = static_cast<int>((p.dv - lane + 31) / 32);  // lane, lane + 32, ...
  float maximum = minus_infinity, sum = 0, out[most_columns] = {};
  for (std::int64_t first = seen.begin; first < seen.end; first += 32) {
    const std::int64_t slot = s.leftpad + first + lane;
    const bool visible = first + lane < seen.end;
    __syncwarp(all_lanes);
    float z = minus_infinity;
    if (visible) {
      const auto* key = k + slot_offset(p.lengths, p.k, s.cache_row, slot);
      float part[8] = {};
      for (std::int64_t c = 0; c < p.d; c += 8) PLUMBLINE_UNROLL
      for (int e = 0; e < 8; ++e) part[e] = fused(mine.q[c + e], load_as<Type>(key[c + e]), part[e]);
      z = units.z(((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7])));
      mine.value_row[lane] = slot_offset(p.lengths, p.v, s.cache_row, slot);
      show(tap::scores, call_row, 0, first + lane, static_cast<double>(z) * units.to_natural);
    }
    float highest = z;
    for (int bit = 16; bit > 0; bit /= 2) {
      const float other = __shfl_xor_sync(all_lanes, highest, bit);
      highest = other > highest ? other : highest;
    }
    const float raised = highest > maximum ? highest : maximum;
    const float shift = shift_of(raised);
    const float rescale = units.weight(maximum, shift), weight = units.weight(z, shift);
    maximum = raised;
    sum = fused(sum, rescale, weight);
    mine.weight[lane] = weight;
    __syncwarp(all_lanes);
    const std::int64_t left = seen.end - first;
    const int count = left < 32 ? static_cast<int>(left) : 32;
    PLUMBLINE_UNROLL
    for (int j = 0; j < most_columns; ++j) out[j] *= rescale;
    for (int key = 0; key < count; ++key) {
      const float w = mine.weight[key];
      const auto* value = v + mine.value_row[key] + lane;
      PLUMBLINE_UNROLL
      for (int j = 0; j < most_columns; ++j)
        if (j < columns) out[j] = fused(w, load_as<Type>(value[32 * j]), out[j]);
    }
  }
  for (int bit = 16; bit > 0; bit /= 2) sum += __shfl_xor_sync(all_lanes, sum, bit);

  const float value_scale = p.scores.v.at(n, hk);
  auto* to = static_cast<stored<Out>*>(p.out.data) + p.out.offset(n, s.first_token + i, h);
  PLUMBLINE_UNROLL
  for (int j = 0; j < most_columns; ++j)
    if (j < columns) to[lane + 32 * j] = store_as<Out>(sum == 0 ? 0.0f : out[j] / sum * value_scale);
  float& lse = p.lse[n * p.lse_batch + h * p.lse_head + (s.first_token + i) * p.lse_token];
  if (lane == 0) lse = units.log_sum(maximum, sum);
  if (!is_tapped()) return;
  if (lane == 0) show(tap::row_max, call_row, 0, 0, static_cast<double>(maximum) * units.to_natural);
  if (seen.begin >= seen.end) return;
  for (int j = 0; j < columns; ++j)
    show(tap::partial_out, call_row, 0, lane + 32 * j, sum == 0 ? 0.0f : out[j] / sum * value_scale);
  if (lane > 0) return;
  show(tap::row_sum, call_row, 0, 0, sum);
  show(tap::partial_lse, call_row, 0, 0, lse);
}

template <dtype Type, dtype Out>
void launch_scalar(const attend_problem& problem, const kernel_arguments& args, launcher& on) {
  const tensor_view lse = args.out("lse");
  const int packed = lse.rank == 2;
  const scalar_params p = {token_rows_of(args.in("q")),
                           token_rows_of(args.out("out")),
                           cache_rows_of(args.in("k_cache")),
                           cache_rows_of(args.in("v_cache")),
                           sequences_of(problem, problem.sq, args),
                           key_mask_of(problem),
                           score_options_of(problem, args),
                           lse.as<float>(),
                           packed ? 0 : lse.stride[0],
                           lse.stride[1 - packed],
                           lse.stride[2 - packed],
                           problem.b,
                           problem.d,
                           problem.dv,
                           problem.hq,
                           problem.hq / problem.hk};
  const std::int64_t rows = problem.b * problem.sq * problem.hq;
  if (rows == 0) return;
  const std::int64_t memory = (32 * 8 + 4 * (32 + problem.d) + 7) / 8 * 8 * warps;
  launch<&scalar_kernel<Type, Out>>(on, "scalar", {(rows + warps - 1) / warps, 1, 1}, 32 * warps,
                                    static_cast<std::size_t>(memory), p);
}

constexpr contract contracts[] = {
    attention("bf16/f32", dtype::bf16, accumulation::f32, dtype::f32, 1, dtype::bf16),
    attention("f16/f32", dtype::f16, accumulation::f32, dtype::f32, 1, dtype::f16),
    attention("e4m3/f32", dtype::e4m3, accumulation::f32, dtype::f32, 1, dtype::bf16)};

std::string domain(const attend_problem& p) { return attend_domain(p, contracts); }

void run(const attend_problem& problem, const kernel_arguments& args, launcher& on) {
  switch (problem.type) {
    case dtype::bf16:
      return launch_scalar<dtype::bf16, dtype::bf16>(problem, args, on);
    case dtype::f16:
      return launch_scalar<dtype::f16, dtype::f16>(problem, args, on);
    default:
      return launch_scalar<dtype::e4m3, dtype::bf16>(problem, args, on);
  }
}

}  // namespace

variant<attend_problem> scalar() {
  return {"scalar", contracts, every_run_alike | claim::same_bits_any_split_count, domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
