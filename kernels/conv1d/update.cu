// update, variant `update`: a thread owns its channels of one sequence and walks the tokens.
//
// The history goes to registers before anything is written, so tokens may be more than columns.  A linear
// state has its history in its last columns and is rolled behind the last token; a circular one is read just
// before its position and takes each token where it comes, modulo its length.
#include "kernels/conv1d/states.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

struct update_params {
  filter_params filter;
  channel_rows x, out, states;
  const std::int32_t* conv_state_indices;  // null: sequence n has slot n
  const std::int32_t* cache_seqlens;       // null: linear
  std::int64_t dim, seqlen, state_len;
  std::int32_t pad_slot_id;
};

template <dtype Type>
__global__ void __launch_bounds__(tile_threads<Type>) update_kernel(const update_params p) {
  const std::int64_t n = blockIdx.x;
  std::int64_t slot = n;
  if (p.conv_state_indices != nullptr) {
    slot = p.conv_state_indices[n];
    if (slot == p.pad_slot_id) return;
  }
  const channel_range mine = range_of<Type>(blockIdx.y, p.dim);
  if (mine.count == 0) return;
  const bool circular = p.cache_seqlens != nullptr;
  const std::int64_t position = circular ? p.cache_seqlens[n] % p.state_len : 0;
  const int columns = p.filter.width - 1;
  codes<Type> window[most_taps] = {};
  PLUMBLINE_UNROLL
  for (int w = 1; w < most_taps; ++w) {
    const int before = most_taps - w;  // columns before the first token
    if (before > columns) continue;
    std::int64_t column = (circular ? position : p.state_len) - before;
    if (column < 0) column += p.state_len;
    window[w] = read<Type>(p.states, slot, column, mine);
  }
  const taps<Type> how = taps_of<Type>(p.filter, mine);
  const auto token = [&](std::int64_t t) { return read<Type>(p.x, n, t, mine); };
  for (std::int64_t t = 0; t < p.seqlen; ++t) {
    const codes<Type> newest = token(t);
    shift(window, newest);
    write<Type>(p.out, n, t, mine, filtered(how, window));
    if (circular) write<Type>(p.states, slot, (position + t) % p.state_len, mine, newest);
  }
  if (!circular) roll<Type>(p.states, slot, p.state_len, p.seqlen, mine, token);
}

std::string domain(const update_problem&) { return ""; }

void run(const update_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.batch == 0) return;
  const update_params p = {filter_of(problem, args),
                           channels_of(args.in("x")),
                           channels_of(args.out("out")),
                           channels_of(args.out("conv_state")),
                           integers(args, "conv_state_indices"),
                           integers(args, "cache_seqlens"),
                           problem.dim,
                           problem.seqlen,
                           problem.state_len,
                           static_cast<std::int32_t>(problem.pad_slot_id)};
  const grid_size grid = {problem.batch, blocks_for(problem.dim, tile_channels), 1};
  with_type(problem.type, [&](auto type) {
    launch<&update_kernel<decltype(type)::value>>(on, "update", grid, tile_threads<decltype(type)::value>, 0,
                                                  p);
  });
}

constexpr variant<update_problem> rows[] = {{"update", contracts, each_channel_alone, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d

template <>
std::span<const plumbline::variant<plumbline::conv1d::update_problem>>
plumbline::table_of<plumbline::conv1d::update_problem, plumbline::this_side>() {
  return conv1d::rows;
}
