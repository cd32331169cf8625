// Sizes that every function of conv1d meets, and where they are likely to go wrong: lengths at the window, at
// blocks of eight and at upstream's chunks of 1024; channels at a 16-byte piece and at a tile of 256.
#pragma once

#include <algorithm>
#include <array>
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
/// The same for rows of x and out, which hold `sequences` sequences of `tokens` tokens.
void spread_rows(draws, conv1d::filter_shape&, std::int64_t sequences, std::int64_t tokens);

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
/// Rows of x: its tokens, or the channels of each sequence, whichever are not contiguous.
inline std::int64_t rows_of(const conv1d::filter_shape& f, std::int64_t sequences, std::int64_t tokens) {
  return sequences * (f.layout == conv1d::run_layout::channel_last ? tokens : f.dim);
}
inline bool far_rows(const conv1d::filter_shape& f, std::int64_t sequences, std::int64_t tokens) {
  return beyond_32_bits(rows_of(f, sequences, tokens), f.gap);
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

/// Classes of every update: how its sequences find their slots, and the filter.
template <class Problem>
inline constexpr problem_class<Problem> update_classes_shared[] = {
    {"several_sequences", 0.2, [](const Problem& p) { return p.batch > 1; }},
    {"no_sequence", 0, [](const Problem& p) { return p.batch == 0; }},
    {"padding", 0.05, [](const Problem& p) { return padding_of(p, p.conv_state_indices) > 0; }},
    {"pad_slot_id_0", 0.04,
     [](const Problem& p) { return p.pad_slot_id == 0 && !p.conv_state_indices.empty(); }},
    {"slots_permuted", 0.1, [](const Problem& p) { return permuted(p.conv_state_indices); }},
    {"slots_of_their_own", 0.05, [](const Problem& p) { return p.conv_state_indices.empty(); }},
    {"slots_beyond_32_bits", 0, [](const Problem& p) { return far_slots(p, p); }},
    {"rows_beyond_32_bits", 0, [](const Problem& p) { return far_rows(p, p.batch, p.seqlen); }},
    {"one_token", 0.08, [](const Problem& p) { return p.seqlen == 1; }},
    {"width_2", 0.07, [](const Problem& p) { return p.width == 2; }},
    {"width_3", 0.07, [](const Problem& p) { return p.width == 3; }},
    {"width_4", 0.15, [](const Problem& p) { return p.width == 4; }},
    {"no_activation", 0.12, [](const Problem& p) { return p.act == conv1d::activation::none; }},
    {"no_bias", 0.08, [](const Problem& p) { return !p.has_bias; }},
    {"one_channel", 0, [](const Problem& p) { return p.dim == 1; }},
    {"dim_at_a_tile", 0.06, [](const Problem& p) { return p.dim >= 255 && p.dim <= 257; }},
    {"dim_4096", 0, [](const Problem& p) { return p.dim == 4096; }},
    {"whole_pieces", 0.08, [](const Problem& p) { return vectorized(p); }},
    {"broken_pieces", 0.2, [](const Problem& p) { return !vectorized(p); }},
    {"tokens_contiguous", 0.04, [](const Problem& p) { return p.layout == conv1d::run_layout::token_last; }},
    {"gap", 0.12, [](const Problem& p) { return p.gap > 0; }}};

/// Two tables of classes as one.
template <class Problem, std::size_t A, std::size_t B>
constexpr std::array<problem_class<Problem>, A + B> joined(const problem_class<Problem> (&first)[A],
                                                           const problem_class<Problem> (&second)[B]) {
  std::array<problem_class<Problem>, A + B> all{};
  for (std::size_t i = 0; i < A; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < B; ++i) all[A + i] = second[i];
  return all;
}

/// Edits that leave fewer sequences, tokens and slots; `lists` hold one value a sequence.
template <class Problem>
void fewer_updates(const Problem& from, std::initializer_list<conv1d::int_list Problem::*> lists,
                   edits<Problem>& all) {
  for (std::int64_t i = 0; i < from.batch; ++i)
    all.add([&](Problem& p) {
      --p.batch;
      if (p.conv_state_indices.empty()) --p.slots;
      for (const auto list : lists) p.*list = without(p.*list, static_cast<std::size_t>(i));
    });
  for (const std::int64_t tokens : {std::int64_t{1}, from.seqlen / 2, from.seqlen - 1})
    if (tokens >= 1 && tokens < from.seqlen) all.add([tokens](Problem& p) { p.seqlen = tokens; });
  all.add([](Problem& p) {
    p.conv_state_indices.clear();
    p.slots = p.batch;
  });
  all.add([](Problem& p) {
    p.slots = std::max<std::int64_t>(p.batch, 1);
    for (const std::int64_t slot : p.conv_state_indices) p.slots = std::max(p.slots, slot + 1);
  });
}

}  // namespace plumbline::generate
