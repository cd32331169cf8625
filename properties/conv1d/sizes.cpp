#include "properties/conv1d/sizes.hpp"

#include <utility>

namespace plumbline::generate {

using conv1d::int_list;
using conv1d::run_layout;

void draw_filter_shape(draws& draw, const contract& promised, conv1d::filter_shape& p) {
  p.type = promised.in;
  const std::int64_t kind = draw.between(0, 99);
  p.dim = kind < 20   ? draw.one_of({8, 16, 24, 40})
          : kind < 40 ? draw.one_of({1, 2, 3, 5, 7, 9, 11, 17})
          : kind < 55 ? 64
          : kind < 75 ? draw.one_of({255, 256, 257})
          : kind < 98 ? draw.between(1, 72)
                      : 4096;
  p.width = draw.weighted({{50, 4}, {25, 3}, {25, 2}});
  p.act = draw.chance(60) ? conv1d::activation::silu : conv1d::activation::none;
  p.has_bias = draw.chance(70);
  p.layout = draw.chance(80) ? run_layout::channel_last : run_layout::token_last;
  p.gap = draw.chance(55) ? 0 : draw.one_of({1, 3, 8, 16, 64});
}

std::int64_t draw_length(draws& draw, std::int64_t width, std::int64_t most) {
  const std::int64_t kind = draw.between(0, 99);
  const std::int64_t length = kind < 12   ? 0
                              : kind < 24 ? 1
                              : kind < 44 ? draw.between(width - 2, width)
                              : kind < 64 ? draw.between(7, 9)
                              : kind < 78 ? draw.between(15, 17)
                              : kind < 85 ? draw.between(1023, 1026)
                                          : draw.between(1, 40);
  return std::min(length, most);
}

void draw_pool(draws& draw, std::int64_t least, std::int64_t sequences, conv1d::state_pool& p,
               int_list& indices) {
  p.state_len = least + (draw.chance(60) ? 0 : draw.between(1, 5));
  p.state_layout = draw.chance(60) ? run_layout::channel_last : run_layout::token_last;
  p.slot_gap = draw.chance(80) ? 0 : draw.between(1, 9);
  p.slots = std::max<std::int64_t>(1, sequences + draw.between(0, 4));
  const std::int64_t mark = draw.between(0, 99);
  p.pad_slot_id = mark < 55 ? -1 : mark < 75 ? 0 : draw.one_of({-7, 2, 1000});
  if (draw.chance(20)) return;                            // no list: sequence i has slot i
  int_list slots(static_cast<std::size_t>(p.slots + 2));  // one may be pad_slot_id, one is left over
  std::iota(slots.begin(), slots.end(), 0);
  slots.erase(std::remove(slots.begin(), slots.end(), p.pad_slot_id), slots.end());
  slots.resize(static_cast<std::size_t>(std::max<std::int64_t>(sequences, 0)) + 1);
  p.slots = std::max<std::int64_t>(p.slots, 1 + *std::max_element(slots.begin(), slots.end()));
  for (std::size_t i = slots.size(); i-- > 1;)
    std::swap(slots[i], slots[static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(i)))]);
  indices.assign(slots.begin(), slots.end() - 1);
  if (indices.empty() || !draw.chance(45)) return;
  const std::int64_t kept = draw.between(0, static_cast<std::int64_t>(indices.size()) - 1);
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (static_cast<std::int64_t>(i) != kept && draw.chance(40)) indices[i] = p.pad_slot_id;
}

void spread_slots(draws draw, const conv1d::filter_shape& f, conv1d::state_pool& p) {
  if (!draw.chance(4) || f.dim > 300) return;
  p.slots = std::max(p.slots, least_far_rows);
  p.slot_gap = far_gap(p.slots, 64);
}

void spread_rows(draws draw, conv1d::filter_shape& p, std::int64_t sequences, std::int64_t tokens) {
  if (p.dim > 300 || tokens > 300) return;  // beyond them is a tensor that a check takes for a typing error
  p.gap = draw_far_gap(std::move(draw), rows_of(p, sequences, tokens), 0, p.gap);
}

}  // namespace plumbline::generate
