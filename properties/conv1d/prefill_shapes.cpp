#include "properties/conv1d/prefill_shapes.hpp"

#include "properties/conv1d/sizes.hpp"

namespace plumbline::generate {

using conv1d::int_list;
using conv1d::prefill_problem;

namespace {

bool some_length(const prefill_problem& p, bool (*holds)(const prefill_problem&, std::int64_t)) {
  return std::any_of(p.lens.begin(), p.lens.end(), [&](std::int64_t n) { return holds(p, n); });
}
bool continues(const prefill_problem& p, bool (*holds)(const prefill_problem&, std::int64_t)) {
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    if (!p.initial.empty() && p.initial[i] == 1 &&
        !conv1d::is_padding(p.cache_indices, p, static_cast<std::int64_t>(i)) && holds(p, p.lens[i]))
      return true;
  return false;
}

constexpr problem_class<prefill_problem> rows[] = {
    {"no_sequence", 0, [](const prefill_problem& p) { return p.lens.empty(); }},
    {"several_sequences", 0.2, [](const prefill_problem& p) { return p.lens.size() > 1; }},
    {"more_sequences_than_a_block_has_threads", 0,
     [](const prefill_problem& p) { return p.lens.size() > 128; }},
    {"empty_sequence", 0.1,
     [](const prefill_problem& p) {
       return some_length(p, [](const prefill_problem&, std::int64_t n) { return n == 0; });
     }},
    {"empty_with_history", 0.06,
     [](const prefill_problem& p) {
       return continues(p, [](const prefill_problem&, std::int64_t n) { return n == 0; });
     }},
    {"one_token", 0.1,
     [](const prefill_problem& p) {
       return some_length(p, [](const prefill_problem&, std::int64_t n) { return n == 1; });
     }},
    {"shorter_than_the_state", 0.15,
     [](const prefill_problem& p) {
       return some_length(p,
                          [](const prefill_problem& q, std::int64_t n) { return n > 0 && n < q.width - 1; });
     }},
    {"history_shifted", 0.03,
     [](const prefill_problem& p) {
       return continues(p, [](const prefill_problem& q, std::int64_t n) { return n > 0 && n < q.width - 1; });
     }},
    {"at_the_window", 0.15,
     [](const prefill_problem& p) {
       return some_length(
           p, [](const prefill_problem& q, std::int64_t n) { return n >= q.width - 2 && n <= q.width; });
     }},
    {"at_a_block", 0.15,
     [](const prefill_problem& p) {
       return some_length(p, [](const prefill_problem&, std::int64_t n) { return n >= 7 && n <= 9; });
     }},
    {"at_two_blocks", 0.1,
     [](const prefill_problem& p) {
       return some_length(p, [](const prefill_problem&, std::int64_t n) { return n >= 15 && n <= 17; });
     }},
    {"at_a_chunk", 0,
     [](const prefill_problem& p) {
       return some_length(p, [](const prefill_problem&, std::int64_t n) { return n >= 1023 && n <= 1026; });
     }},
    {"padding", 0.05, [](const prefill_problem& p) { return padding_of(p, p.cache_indices) > 0; }},
    {"pad_slot_id_0", 0.05,
     [](const prefill_problem& p) { return p.pad_slot_id == 0 && !p.cache_indices.empty(); }},
    {"pad_slot_id_inside_the_pool", 0.05,
     [](const prefill_problem& p) { return p.pad_slot_id >= 0 && p.pad_slot_id < p.slots; }},
    {"slots_permuted", 0.12, [](const prefill_problem& p) { return permuted(p.cache_indices); }},
    {"slots_of_their_own", 0.05,
     [](const prefill_problem& p) { return p.slots > 0 && p.cache_indices.empty(); }},
    {"no_states", 0, [](const prefill_problem& p) { return p.slots == 0; }},
    {"state_longer_than_the_window", 0.12,
     [](const prefill_problem& p) { return p.state_len > p.width - 1; }},
    {"slots_beyond_32_bits", 0, [](const prefill_problem& p) { return far_slots(p, p); }},
    {"history", 0.2,
     [](const prefill_problem& p) {
       return continues(p, [](const prefill_problem&, std::int64_t n) { return n > 0; });
     }},
    {"lengths_overestimated", 0.06, [](const prefill_problem& p) { return !p.seq_lens_cpu.empty(); }},
    {"width_2", 0.07, [](const prefill_problem& p) { return p.width == 2; }},
    {"width_3", 0.07, [](const prefill_problem& p) { return p.width == 3; }},
    {"width_4", 0.15, [](const prefill_problem& p) { return p.width == 4; }},
    {"no_activation", 0.12, [](const prefill_problem& p) { return p.act == conv1d::activation::none; }},
    {"no_bias", 0.08, [](const prefill_problem& p) { return !p.has_bias; }},
    {"one_channel", 0, [](const prefill_problem& p) { return p.dim == 1; }},
    {"dim_at_a_tile", 0.06, [](const prefill_problem& p) { return p.dim >= 255 && p.dim <= 257; }},
    {"dim_4096", 0, [](const prefill_problem& p) { return p.dim == 4096; }},
    {"whole_pieces", 0.1, [](const prefill_problem& p) { return vectorized(p); }},
    {"broken_pieces", 0.2, [](const prefill_problem& p) { return !vectorized(p); }},
    {"tokens_contiguous", 0.06,
     [](const prefill_problem& p) { return p.layout == conv1d::run_layout::token_last; }},
    {"gap", 0.12, [](const prefill_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const prefill_problem& p) { return far_rows(p, 1, conv1d::total_of(p.lens)); }}};

}  // namespace

prefill_problem draw_conv1d_prefill(const contract& promised, std::string_view, std::uint64_t seed,
                                    std::uint64_t index) {
  draws draw(seed, index, "prefill shape of " + std::string(name_of(promised.in)));
  prefill_problem p;
  draw_filter_shape(draw, promised, p);
  std::int64_t sequences = draw.chance(2) ? 0 : draw.chance(25) ? 1 : draw.between(2, 7);
  draws crowd(seed, index, "many sequences of prefill");
  const bool crowded = p.dim <= 24 && crowd.chance(6);
  if (crowded) sequences = crowd.one_of({127, 128, 129, 260});
  draw_pool(draw, p.width - 1, sequences, p, p.cache_indices);
  std::int64_t left = std::max<std::int64_t>(most_elements / p.dim, 4);
  for (std::int64_t i = 0; i < sequences; ++i) {
    p.lens.push_back(draw_length(draw, p.width, crowded ? 2 : left));
    if (!crowded) left -= p.lens.back();
  }
  if (sequences > 0 && draw.chance(75))
    for (std::int64_t i = 0; i < sequences; ++i) p.initial.push_back(draw.chance(55) ? 1 : 0);
  if (sequences > 0 && draw.chance(6)) {
    p.slots = 0;
    p.cache_indices.clear();
    p.initial.clear();
    p.slot_gap = 0;
    if (conv1d::longest_of(p.lens) == 0) p.lens[0] = 1;
  }
  if (sequences > 0 && draw.chance(20)) {
    p.seq_lens_cpu = p.lens;
    for (std::int64_t& length : p.seq_lens_cpu) length += draw.between(0, 12);
  }
  if (p.slots > 0) spread_slots(draws(seed, index, "far slots of prefill"), p, p);
  spread_rows(draws(seed, index, "far rows of prefill"), p, 1, conv1d::total_of(p.lens));
  return p;
}

std::vector<prefill_problem> smaller(const prefill_problem& from) {
  edits<prefill_problem> all(from);
  const auto half = static_cast<std::ptrdiff_t>(from.lens.size() / 2);
  for (const bool front : {true, false})
    all.add([half, front](prefill_problem& p) {
      if (p.cache_indices.empty() && p.slots > 0) p.slots -= half;
      for (int_list* list : {&p.lens, &p.cache_indices, &p.initial, &p.seq_lens_cpu})
        if (!list->empty())
          list->erase(front ? list->begin() : list->end() - half, front ? list->begin() + half : list->end());
    });
  for (std::size_t i = 0; i < from.lens.size(); ++i)
    all.add([i](prefill_problem& p) {
      if (p.cache_indices.empty() && p.slots > 0) --p.slots;
      for (int_list* list : {&p.lens, &p.cache_indices, &p.initial, &p.seq_lens_cpu})
        *list = without(*list, i);
    });
  for (std::size_t i = 0; i < from.lens.size(); ++i)
    for (const std::int64_t length : {std::int64_t{0}, std::int64_t{1}, from.lens[i] / 2, from.lens[i] - 1})
      if (length >= 0 && length < from.lens[i])
        all.add([i, length](prefill_problem& p) { p.lens[i] = length; });
  all.add([](prefill_problem& p) { p.seq_lens_cpu.clear(); });
  all.add([](prefill_problem& p) { p.initial.clear(); });
  for (std::size_t i = 0; i < from.initial.size(); ++i)
    all.add([i](prefill_problem& p) { p.initial[i] = 0; });
  all.add([](prefill_problem& p) {
    p.cache_indices.clear();
    p.slots = static_cast<std::int64_t>(p.lens.size());
  });
  all.add([](prefill_problem& p) {
    p.slots = 0;
    p.cache_indices.clear();
  });
  all.add([](prefill_problem& p) {
    p.slots = 1;
    for (const std::int64_t slot : p.cache_indices) p.slots = std::max(p.slots, slot + 1);
  });
  plainer(from, from.width - 1, all);
  return all.take();
}

std::span<const problem_class<prefill_problem>> conv1d_prefill_classes() { return rows; }

}  // namespace plumbline::generate
