// One warp a group of one row: lanes take every 32nd element, agree on the largest magnitude, and write
// codes.  Both act_groups and int8_groups are this.
#pragma once

#include "kernels/quantize/groups.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int group_warps = 4;

template <dtype In, dtype Code>
__global__ void __launch_bounds__(32 * group_warps) row_groups_kernel(const group_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * group_warps + warp;
  const std::int64_t row = at / p.column_groups, column = at % p.column_groups;
  if (row >= p.rows) return;
  const std::int64_t first = column * p.group, end = first + p.group < p.k ? first + p.group : p.k;
  const auto* const x = static_cast<const stored<In>*>(p.x.data) + row * p.x.stride;
  group_codes g;
  if (p.static_scale) {
    g = group_under(p.rule, *p.static_scale, 0.0f);
  } else {
    std::uint32_t most = 0;
    for (std::int64_t c = first + lane; c < end; c += 32)
      most = larger(most, magnitude_of(p.rule, load_as<In>(x[c])));
    PLUMBLINE_UNROLL
    for (int far = 16; far > 0; far /= 2) most = larger(most, __shfl_xor_sync(0xffffffffu, most, far));
    g = group_of<In>(p.rule, most);
    if (lane == 0) put_scale(p, row, column, g.scale);
  }
  for (std::int64_t c = first + lane; c < end; c += 32)
    p.codes[row * p.k + c] = static_cast<unsigned char>(code_of<Code>(p.rule, g, load_as<In>(x[c])));
}

/// Launches it for the problem's input type.
template <dtype Code>
void launch_row_groups(const char* name, const groups_problem& problem, const kernel_arguments& args,
                       launcher& on) {
  if (problem.rows == 0) return;
  const group_params p = group_params_of(problem, args);
  const grid_size grid = {blocks_for(p.rows * p.column_groups, group_warps), 1, 1};
  switch (problem.type) {
    case dtype::bf16:
      return launch<&row_groups_kernel<dtype::bf16, Code>>(on, name, grid, 32 * group_warps, 0, p);
    case dtype::f16:
      return launch<&row_groups_kernel<dtype::f16, Code>>(on, name, grid, 32 * group_warps, 0, p);
    default:
      return launch<&row_groups_kernel<dtype::f32, Code>>(on, name, grid, 32 * group_warps, 0, p);
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
