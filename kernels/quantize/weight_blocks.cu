// groups, variant `weight_blocks`: one block of threads a group of several rows, as weights have them.
//
// Warps take rows in turn, lanes columns; the largest magnitude goes through shared memory.  Groups at the
// lower and right edge may be short.
#include "kernels/quantize/groups.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int warps = 8;

__device__ inline std::uint32_t largest_of_block(std::uint32_t most, int warp, int lane) {
  auto* const of_warp = shared_memory<std::uint32_t>();
  PLUMBLINE_UNROLL
  for (int far = 16; far > 0; far /= 2) most = larger(most, __shfl_xor_sync(0xffffffffu, most, far));
  if (lane == 0) of_warp[warp] = most;
  __syncthreads();
  PLUMBLINE_UNROLL
  for (int w = 0; w < warps; ++w) most = larger(most, of_warp[w]);
  return most;
}

template <dtype In, dtype Code>
__global__ void __launch_bounds__(32 * warps) weight_blocks_kernel(const group_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t at = blockIdx.x;
  const std::int64_t down = at / p.column_groups, across = at % p.column_groups;
  const std::int64_t first = across * p.group, end = first + p.group < p.k ? first + p.group : p.k;
  const std::int64_t top = down * p.group_rows,
                     bottom = top + p.group_rows < p.rows ? top + p.group_rows : p.rows;
  const auto* const x = static_cast<const stored<In>*>(p.x.data);
  group_codes g;
  if (p.static_scale) {
    g = group_under(p.rule, *p.static_scale, 0.0f);
  } else {
    std::uint32_t most = 0;
    for (std::int64_t r = top + warp; r < bottom; r += warps)
      for (std::int64_t c = first + lane; c < end; c += 32)
        most = larger(most, magnitude_of(p.rule, load_as<In>(x[r * p.x.stride + c])));
    g = group_of<In>(p.rule, largest_of_block(most, warp, lane));
    if (threadIdx.x == 0) put_scale(p, down, across, g.scale);
  }
  for (std::int64_t r = top + warp; r < bottom; r += warps)
    for (std::int64_t c = first + lane; c < end; c += 32)
      p.codes[r * p.k + c] =
          static_cast<unsigned char>(code_of<Code>(p.rule, g, load_as<In>(x[r * p.x.stride + c])));
}

template <dtype In>
void launch_blocks(dtype code, const group_params& p, launcher& on) {
  const grid_size grid = {p.row_groups * p.column_groups, 1, 1};
  constexpr std::size_t memory = warps * sizeof(std::uint32_t);
  if (code == dtype::i8)
    launch<&weight_blocks_kernel<In, dtype::i8>>(on, "weight_blocks", grid, 32 * warps, memory, p);
  else
    launch<&weight_blocks_kernel<In, dtype::e4m3>>(on, "weight_blocks", grid, 32 * warps, memory, p);
}

std::string domain(const groups_problem& problem) {
  if (problem.group_rows < 2) return "takes groups of several rows, not of one";
  return group_domain(problem);
}

void run(const groups_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.rows == 0) return;
  const group_params p = group_params_of(problem, args);
  switch (problem.type) {
    case dtype::bf16:
      return launch_blocks<dtype::bf16>(problem.rule.code, p, on);
    case dtype::f16:
      return launch_blocks<dtype::f16>(problem.rule.code, p, on);
    default:
      return launch_blocks<dtype::f32>(problem.rule.code, p, on);
  }
}

}  // namespace

variant<groups_problem> weight_blocks() {
  return {"weight_blocks", group_contracts, every_run_alike, domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
