// update_speculative, variant `update_speculative`: drafts of which an unknown part will be accepted.
//
// With accepted counts the state is a short tape: the history begins behind what the step before had accepted
// less one, and all tokens of the draft are left on the tape, so that the next call can choose again. Without
// them the state is linear, and the window behind each token may be kept apart (intermediate_conv_window).
// A token's predecessors are its path to the root, then the history; in a chain the path is the tokens before
// it.  Parents are found once a block, by one thread, in shared memory; the first tile of channels writes
// them out, of padding too.
#include "kernels/conv1d/states.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr std::int64_t most_tree_tokens = 16384;  // parents in shared memory

struct speculative_params {
  filter_params filter;
  channel_rows x, out, states;
  const std::int32_t *query_start_loc, *conv_state_indices, *num_accepted_tokens;
  const std::int32_t *next_token, *next_sibling;
  std::int32_t* parent_token;
  void* windows;  // null: none
  std::int64_t window_line, window_step, window_channel, window_column;
  const std::int32_t* window_lines;
  std::int64_t dim, seqlen, state_len;
  std::int32_t pad_slot_id;
};

__device__ inline void find_parents(const std::int32_t* next_token, const std::int32_t* next_sibling,
                                    std::int64_t tokens, std::int32_t* parents) {
  parents[0] = 0;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int32_t child = next_token[t], sibling = next_sibling[t];
    if (child >= 0) parents[child] = static_cast<std::int32_t>(t);
    if (sibling >= 0) parents[sibling] = parents[t];
  }
}

/// The last tokens of token t's path, newest last; `history` where the path is shorter.
template <dtype Type, class Token>
__device__ __forceinline__ void follow(std::int64_t t, const std::int32_t* parents, const int columns,
                                       const codes<Type> history[most_taps], Token token,
                                       codes<Type> window[most_taps]) {
  std::int64_t at = t;
  int behind_root = 0;
  PLUMBLINE_UNROLL
  for (int w = most_taps - 1; w >= 0; --w) {
    if (w < most_taps - 1 - columns) continue;
    if (at >= 0) {
      window[w] = token(at);
      at = at == 0 ? -1 : parents != nullptr ? parents[at] : at - 1;
      continue;
    }
    ++behind_root;
    PLUMBLINE_UNROLL
    for (int h = 1; h < most_taps; ++h)
      if (h == most_taps - behind_root) window[w] = history[h];
  }
}

template <dtype Type>
__global__ void __launch_bounds__(tile_threads<Type>, 1) speculative_kernel(const speculative_params p) {
  const std::int64_t n = blockIdx.x;
  std::int32_t* parents = nullptr;
  if (p.next_token != nullptr) {
    parents = shared_memory<std::int32_t>();
    if (threadIdx.x == 0)
      find_parents(p.next_token + n * p.seqlen, p.next_sibling + n * p.seqlen, p.seqlen, parents);
    __syncthreads();
    if (blockIdx.y == 0)
      for (std::int64_t t = threadIdx.x; t < p.seqlen; t += tile_threads<Type>)
        p.parent_token[n * p.seqlen + t] = parents[t];
  }
  std::int64_t slot = n;
  if (p.conv_state_indices != nullptr) {
    slot = p.conv_state_indices[n];
    if (slot == p.pad_slot_id) return;
  }
  const bool packed = p.query_start_loc != nullptr, counted = p.num_accepted_tokens != nullptr;
  const std::int64_t outer = packed ? 0 : n, start = packed ? p.query_start_loc[n] : 0;
  const std::int64_t tokens = packed ? p.query_start_loc[n + 1] - start : p.seqlen;
  const channel_range mine = range_of<Type>(blockIdx.y, p.dim);
  if (mine.count == 0 || tokens == 0) return;

  const int columns = p.filter.width - 1;
  const std::int64_t first = counted ? p.num_accepted_tokens[n] - 1 : p.state_len - columns;
  codes<Type> history[most_taps] = {};
  PLUMBLINE_UNROLL
  for (int w = 1; w < most_taps; ++w)
    if (w >= most_taps - columns)
      history[w] = read<Type>(p.states, slot, first + w - (most_taps - columns), mine);

  const taps<Type> how = taps_of<Type>(p.filter, mine);
  const auto token = [&](std::int64_t t) { return read<Type>(p.x, outer, start + t, mine); };
  for (std::int64_t t = 0; t < tokens; ++t) {
    codes<Type> window[most_taps] = {};
    follow(t, parents, columns, history, token, window);
    write<Type>(p.out, outer, start + t, mine, filtered(how, window));
    if (p.windows == nullptr) continue;
    const channel_rows kept = {static_cast<stored<Type>*>(p.windows) + t * p.window_step, p.window_line,
                               p.window_channel, p.window_column};
    PLUMBLINE_UNROLL
    for (int w = 1; w < most_taps; ++w)
      if (w >= most_taps - columns)
        write<Type>(kept, p.window_lines[n], w - (most_taps - columns), mine, window[w]);
  }
  if (!counted) {
    roll<Type>(p.states, slot, p.state_len, tokens, mine, token);
    return;
  }
  PLUMBLINE_UNROLL
  for (int w = 2; w < most_taps; ++w)
    if (w > most_taps - columns) write<Type>(p.states, slot, w - (most_taps - columns) - 1, mine, history[w]);
  for (std::int64_t t = 0; t < tokens; ++t) write<Type>(p.states, slot, columns - 1 + t, mine, token(t));
}

std::string domain(const update_speculative_problem& p) {
  return p.tree && p.seqlen > most_tree_tokens ? "seqlen: a tree of more than 16384 tokens" : "";
}

void run(const update_speculative_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.batch == 0) return;
  const bool packed = !problem.query_lens.empty();
  const tensor_view x = args.in("x"), out = args.out("out"), windows = args.out("intermediate_conv_window"),
                    parents = args.out("retrieve_parent_token");
  const speculative_params p = {filter_of(problem, args),
                                packed ? tokens_of(x) : channels_of(x),
                                packed ? tokens_of(out) : channels_of(out),
                                channels_of(args.out("conv_state")),
                                integers(args, "query_start_loc"),
                                integers(args, "conv_state_indices"),
                                integers(args, "num_accepted_tokens"),
                                integers(args, "retrieve_next_token"),
                                integers(args, "retrieve_next_sibling"),
                                parents ? parents.as<std::int32_t>() : nullptr,
                                windows.data,
                                windows.stride[0],
                                windows.stride[1],
                                windows.stride[2],
                                windows.stride[3],
                                integers(args, "intermediate_state_indices"),
                                problem.dim,
                                problem.seqlen,
                                problem.state_len,
                                static_cast<std::int32_t>(problem.pad_slot_id)};
  const grid_size grid = {problem.batch, blocks_for(problem.dim, tile_channels), 1};
  const std::size_t shared =
      problem.tree ? static_cast<std::size_t>(problem.seqlen) * sizeof(std::int32_t) : 0;
  with_type(problem.type, [&](auto type) {
    launch<&speculative_kernel<decltype(type)::value>>(on, "update_speculative", grid,
                                                       tile_threads<decltype(type)::value>, shared, p);
  });
}

constexpr variant<update_speculative_problem> rows[] = {
    {"update_speculative", contracts, each_channel_alone, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d

template <>
std::span<const plumbline::variant<plumbline::conv1d::update_speculative_problem>>
plumbline::table_of<plumbline::conv1d::update_speculative_problem, plumbline::this_side>() {
  return conv1d::rows;
}
