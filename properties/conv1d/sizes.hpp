// Sizes that every function of conv1d meets, and where they are likely to go wrong: lengths at the window, at
// blocks of eight and at upstream's chunks of 1024; channels at a 16-byte piece and at a tile of 256.
#pragma once

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

#include "properties/generate/draws.hpp"
#include "properties/generate/edits.hpp"
#include "properties/generate/far_rows.hpp"
#include "properties/generate/problem_class.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::generate {

/// Elements of x, at most, so that a case stays cheap.
inline constexpr std::int64_t most_elements = 6000;

/// Channels, and the filter's options, of a contract's type.
void draw_filter_shape(draws&, const contract& promised, conv1d::filter_shape&);
/// Columns of a state from `least` on, layout and slot gap; `sequences` get slots and, mostly, a list of them
/// with padding among it.  At least one sequence is no padding where there is one.
void draw_pool(draws&, std::int64_t least, std::int64_t sequences, conv1d::state_pool&,
               conv1d::int_list& indices);
/// Tokens of a sequence in front of `width` - 1 columns, at most `most`.
std::int64_t draw_length(draws&, std::int64_t width, std::int64_t most);
/// Slots so far apart that the last lies beyond 2^31 elements, now and then.
void spread_slots(draws, const conv1d::filter_shape&, conv1d::state_pool&);

inline std::size_t padding_of(const conv1d::state_pool& p, const conv1d::int_list& indices) {
  return static_cast<std::size_t>(std::count(indices.begin(), indices.end(), p.pad_slot_id));
}
/// True when sequences take slots in another order than their own.
inline bool permuted(const conv1d::int_list& indices) {
  return !indices.empty() && !std::is_sorted(indices.begin(), indices.end());
}
inline bool far_slots(const conv1d::filter_shape& f, const conv1d::state_pool& p) {
  return beyond_32_bits(p.slots, f.dim * p.state_len + p.slot_gap);
}
inline bool vectorized(const conv1d::filter_shape& p) {
  const std::int64_t piece = 16 / static_cast<std::int64_t>(size_of(p.type));
  return p.layout == conv1d::run_layout::channel_last && p.dim % piece == 0 && p.gap % piece == 0;
}

/// Edits that make the filter and the pool plainer.
template <class Problem>
void plainer(const Problem& from, std::int64_t least_columns, edits<Problem>& all) {
  for (const std::int64_t dim : {std::int64_t{1}, from.dim / 2, from.dim - 1})
    if (dim >= 1 && dim < from.dim) all.add([dim](Problem& p) { p.dim = dim; });
  all.add([](Problem& p) { p.layout = conv1d::run_layout::channel_last; });
  all.add([](Problem& p) { p.state_layout = conv1d::run_layout::channel_last; });
  all.add([](Problem& p) { p.gap = 0; });
  all.add([](Problem& p) { p.slot_gap = 0; });
  all.add([](Problem& p) { p.act = conv1d::activation::none; });
  all.add([](Problem& p) { p.has_bias = false; });
  all.add([](Problem& p) { p.pad_slot_id = -1; });
  all.add([&](Problem& p) { p.state_len = least_columns; });
}

inline conv1d::int_list without(conv1d::int_list list, std::size_t i) {
  if (i < list.size()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
  return list;
}

}  // namespace plumbline::generate
