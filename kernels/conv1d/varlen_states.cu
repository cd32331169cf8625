// varlen_states, variant `varlen_states`: the last tokens of each sequence, right-aligned, zeros before them.
#include "kernels/conv1d/filter.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

struct varlen_params {
  channel_rows x, states;
  const std::int32_t* cu_seqlens;
  std::int64_t dim, state_len;
};

template <dtype Type>
__global__ void __launch_bounds__(tile_threads<Type>) varlen_states_kernel(const varlen_params p) {
  const channel_range mine = range_of<Type>(blockIdx.y, p.dim);
  if (mine.count == 0) return;
  const std::int64_t n = blockIdx.x, first = p.cu_seqlens[n], end = p.cu_seqlens[n + 1];
  for (std::int64_t e = 0; e < p.state_len; ++e) {
    const std::int64_t token = end - p.state_len + e;
    write<Type>(p.states, n, e, mine, token >= first ? read<Type>(p.x, 0, token, mine) : codes<Type>{});
  }
}

std::string domain(const varlen_states_problem&) { return ""; }

void run(const varlen_states_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.lens.empty()) return;
  const varlen_params p = {tokens_of(args.in("x")), channels_of(args.out("states")),
                           args.in("cu_seqlens").as<std::int32_t>(), problem.dim, problem.state_len};
  const grid_size grid = {static_cast<std::int64_t>(problem.lens.size()),
                          blocks_for(problem.dim, tile_channels), 1};
  with_type(problem.type, [&](auto type) {
    launch<&varlen_states_kernel<decltype(type)::value>>(on, "varlen_states", grid,
                                                         tile_threads<decltype(type)::value>, 0, p);
  });
}

constexpr contract copies[] = {movement("f32/states", dtype::f32, dtype::f32),
                               movement("f16/states", dtype::f16, dtype::f16),
                               movement("bf16/states", dtype::bf16, dtype::bf16)};
constexpr variant<varlen_states_problem> rows[] = {
    {"varlen_states", copies, each_channel_alone, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d

template <>
std::span<const plumbline::variant<plumbline::conv1d::varlen_states_problem>>
plumbline::table_of<plumbline::conv1d::varlen_states_problem, plumbline::this_side>() {
  return conv1d::rows;
}
