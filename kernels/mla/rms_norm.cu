// rms_norm, variant `rms_norm`: one warp a row, x / sqrt(mean(x^2) + eps) * weight in fp32, rounded once.
//
// Lane l owns every 32nd piece of eight elements.  It reads a piece at once where rows and weight lie on 16
// bytes, else element by element: the same elements meet the same sums in the same order, so a gap behind
// rows changes no bit.  Each lane keeps two sums of squares, the even and the odd elements of its pieces,
// which halves the chain of roundings; sqrt and division are IEEE's on either side.  The second pass reads x
// again, from cache.
#include "kernels/core/numeric.hpp"
#include "kernels/core/pieces.hpp"
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4, piece = piece_size;

struct rms_norm_params {
  const std::uint16_t* x;
  const void* weight;
  dtype weight_type;
  std::uint16_t* out;
  std::int64_t x_row, out_row;  // strides in elements
  std::int64_t tokens, dim;
  float eps;
};

__device__ __forceinline__ void read_weight(const rms_norm_params& p, std::int64_t first, std::int64_t count,
                                            float out[piece]) {
  if (p.weight_type == dtype::f32) {
    const auto* weight = static_cast<const float*>(p.weight) + first;
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece; ++i) out[i] = i < count ? weight[i] : 0.0f;
    return;
  }
  const auto* weight = static_cast<const std::uint16_t*>(p.weight);
  if (p.weight_type == dtype::bf16)
    read_piece<dtype::bf16>(weight, first, count, aligned16(weight), out);
  else
    read_piece<dtype::f16>(weight, first, count, aligned16(weight), out);
}

template <dtype Type>
__global__ void __launch_bounds__(32 * warps) rms_norm_kernel(const rms_norm_params p) {
  constexpr unsigned all_lanes = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t token = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  if (token >= p.tokens) return;
  const std::uint16_t* from = p.x + token * p.x_row;
  std::uint16_t* to = p.out + token * p.out_row;
  const bool wide_from = aligned16(from), wide_to = aligned16(to);

  float sum[2] = {0.0f, 0.0f}, x[piece], weight[piece];
  for (std::int64_t c = piece * lane; c < p.dim; c += piece * 32) {
    read_piece<Type>(from, c, p.dim - c, wide_from, x);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece; ++i) sum[i % 2] = fused(x[i], x[i], sum[i % 2]);
  }
  float squares = sum[0] + sum[1];
  for (int bit = 16; bit > 0; bit /= 2) squares += __shfl_xor_sync(all_lanes, squares, bit);
  const float root = square_root(squares / static_cast<float>(p.dim) + p.eps), factor = 1.0f / root;

  for (std::int64_t c = piece * lane; c < p.dim; c += piece * 32) {
    read_piece<Type>(from, c, p.dim - c, wide_from, x);
    read_weight(p, c, p.dim - c, weight);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece; ++i) x[i] = x[i] * factor * weight[i];
    write_piece<Type>(to, c, p.dim - c, wide_to, x);
  }
}

constexpr contract contracts[] = {movement("bf16/norm", dtype::bf16, dtype::bf16),
                                  movement("f16/norm", dtype::f16, dtype::f16)};

std::string domain(const rms_norm_problem&) { return ""; }

void run(const rms_norm_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.tokens == 0) return;
  const tensor_view x = args.in("x"), out = args.out("out");
  const rms_norm_params p = {x.as<std::uint16_t>(),
                             args.in("weight").data,
                             problem.weight_type,
                             out.as<std::uint16_t>(),
                             x.stride[0],
                             out.stride[0],
                             problem.tokens,
                             problem.dim,
                             static_cast<float>(problem.eps)};
  const grid_size grid = {blocks_for(p.tokens, warps), 1, 1};
  if (problem.type == dtype::bf16)
    launch<&rms_norm_kernel<dtype::bf16>>(on, "rms_norm", grid, 32 * warps, 0, p);
  else
    launch<&rms_norm_kernel<dtype::f16>>(on, "rms_norm", grid, 32 * warps, 0, p);
}

constexpr variant<rms_norm_problem> rows[] = {{"rms_norm", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::rms_norm_problem>>
plumbline::table_of<plumbline::mla::rms_norm_problem, plumbline::this_side>() {
  return mla::rows;
}
