// One program of prefill: eight tokens of one sequence in one tile of channels.
//
// Block 0 of a sequence starts from its history in the pool, or from zeros, and alone writes the new state;
// block k > 0 takes its first predecessors from x, so out may not lie where x does.  History is read by the
// thread that owns the channels; the state is written in the order of its memory, by whichever thread comes
// to it, and a short sequence shifts old columns by it.  So every read of the pool, for both purposes, comes
// before the block's one barrier and every write behind it.
#pragma once

#include "kernels/conv1d/filter.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int block_tokens = 8;

__host__ __device__ constexpr std::int64_t token_blocks(std::int64_t tokens) {
  return (tokens + block_tokens - 1) / block_tokens;
}

struct prefill_params {
  filter_params filter;
  channel_rows x, out, states;  // no data in states: none given
  const std::int32_t* query_start_loc;
  const std::int32_t* cache_indices;       // null: sequence i has slot i
  const unsigned char* has_initial_state;  // null: none has
  std::int64_t dim;
  std::int32_t pad_slot_id;
};

inline prefill_params params_of(const prefill_problem& problem, const kernel_arguments& args) {
  const tensor_view states = args.out("conv_states"), initial = args.in("has_initial_state");
  return {filter_of(problem, args),
          channels_of(args.in("x")),
          channels_of(args.out("out")),
          states ? channels_of(states) : channel_rows{},
          args.in("query_start_loc").as<std::int32_t>(),
          integers(args, "cache_indices"),
          initial ? initial.as<unsigned char>() : nullptr,
          problem.dim,
          static_cast<std::int32_t>(problem.pad_slot_id)};
}

/// What is known of a sequence when one of its blocks runs.
struct sequence_place {
  std::int64_t slot, first, length;
  bool initial;
};

/// Codes of the state as a thread of the second mapping gathers them: element e of the tile's columns, in the
/// order of the pool's memory.
template <dtype Type>
struct state_part {
  static constexpr int most = tile_channels * (most_taps - 1) / tile_threads<Type>;
  stored<Type> of[most];
};

struct state_element {
  std::int64_t channel, column;
};
__device__ __forceinline__ state_element state_element_at(const prefill_params& p, std::int64_t tile,
                                                          int element) {
  const int columns = p.filter.width - 1;
  if (p.states.channel == 1) return {tile * tile_channels + element % tile_channels, element / tile_channels};
  return {tile * tile_channels + element / columns, element % columns};
}

template <dtype Type>
__device__ __forceinline__ state_part<Type> new_state(const prefill_params& p, const sequence_place& s,
                                                      std::int64_t tile) {
  const int columns = p.filter.width - 1;
  state_part<Type> part = {};
  PLUMBLINE_UNROLL
  for (int i = 0; i < state_part<Type>::most; ++i) {
    const int element = static_cast<int>(threadIdx.x) + i * tile_threads<Type>;
    const state_element at = state_element_at(p, tile, element);
    if (element >= tile_channels * columns || at.channel >= p.dim) continue;
    const std::int64_t token = s.length - columns + at.column;
    if (token >= 0)
      part.of[i] = *place_of<Type>(p.x, 0, at.channel, s.first + token);
    else if (s.initial)
      part.of[i] = *place_of<Type>(p.states, s.slot, at.channel, s.length + at.column);
  }
  return part;
}

template <dtype Type>
__device__ __forceinline__ void write_state(const prefill_params& p, const sequence_place& s,
                                            std::int64_t tile, const state_part<Type>& part) {
  PLUMBLINE_UNROLL
  for (int i = 0; i < state_part<Type>::most; ++i) {
    const int element = static_cast<int>(threadIdx.x) + i * tile_threads<Type>;
    const state_element at = state_element_at(p, tile, element);
    if (element >= tile_channels * (p.filter.width - 1) || at.channel >= p.dim) continue;
    *place_of<Type>(p.states, s.slot, at.channel, at.column) = part.of[i];
  }
}

template <dtype Type>
__device__ __forceinline__ void filter_block(const prefill_params& p, std::int64_t sequence,
                                             std::int64_t block, std::int64_t tile) {
  sequence_place s;
  s.slot = p.cache_indices == nullptr ? sequence : p.cache_indices[sequence];
  if (p.cache_indices != nullptr && s.slot == p.pad_slot_id) return;
  s.first = p.query_start_loc[sequence];
  s.length = p.query_start_loc[sequence + 1] - s.first;
  const std::int64_t begin = block * block_tokens;
  if (begin >= s.length) return;
  s.initial = p.has_initial_state != nullptr && p.has_initial_state[sequence] != 0;
  const std::int64_t end = s.length - begin < block_tokens ? s.length : begin + block_tokens;

  const channel_range mine = range_of<Type>(tile, p.dim);
  const int columns = p.filter.width - 1;
  codes<Type> window[most_taps] = {};
  PLUMBLINE_UNROLL
  for (int w = 1; w < most_taps; ++w) {
    const int column = w - (most_taps - columns);  // of the history
    if (column < 0 || mine.count == 0 || (block == 0 && !s.initial)) continue;
    window[w] = block > 0 ? read<Type>(p.x, 0, s.first + begin - columns + column, mine)
                          : read<Type>(p.states, s.slot, column, mine);
  }
  if (block == 0 && p.states.data != nullptr) {
    const state_part<Type> part = new_state<Type>(p, s, tile);
    __syncthreads();
    write_state<Type>(p, s, tile, part);
  }
  if (mine.count == 0) return;
  const taps<Type> how = taps_of<Type>(p.filter, mine);
  for (std::int64_t t = begin; t < end; ++t) {
    shift(window, read<Type>(p.x, 0, s.first + t, mine));
    write<Type>(p.out, 0, s.first + t, mine, filtered(how, window));
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
