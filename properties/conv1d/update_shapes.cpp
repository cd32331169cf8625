#include "properties/conv1d/update_shapes.hpp"

#include "properties/conv1d/sizes.hpp"

namespace plumbline::generate {

using conv1d::int_list;
using conv1d::update_problem;

namespace {

constexpr problem_class<update_problem> own[] = {
    {"linear", 0.2, [](const update_problem& p) { return p.cache_seqlens.empty(); }},
    {"circular", 0.12, [](const update_problem& p) { return !p.cache_seqlens.empty(); }},
    {"state_longer_than_the_window", 0.15, [](const update_problem& p) { return p.state_len > p.width - 1; }},
    {"tokens_exceed_the_state", 0.08, [](const update_problem& p) { return p.seqlen > p.state_len; }},
    {"tokens_fill_the_state", 0.03, [](const update_problem& p) { return p.seqlen == p.state_len; }},
    {"circular_tokens_overwrite_history", 0.03,
     [](const update_problem& p) {
       return !p.cache_seqlens.empty() && p.seqlen > p.state_len - (p.width - 1);
     }},
    {"circular_before_a_window", 0.03,
     [](const update_problem& p) {
       return std::any_of(p.cache_seqlens.begin(), p.cache_seqlens.end(),
                          [&](std::int64_t n) { return n < p.width - 1; });
     }},
    {"circular_far_position", 0, [](const update_problem& p) {
       return std::any_of(p.cache_seqlens.begin(), p.cache_seqlens.end(),
                          [](std::int64_t n) { return n > 1'000'000'000; });
     }}};

constexpr auto rows = joined(update_classes_shared<update_problem>, own);

}  // namespace

update_problem draw_conv1d_update(const contract& promised, std::string_view, std::uint64_t seed,
                                  std::uint64_t index) {
  draws draw(seed, index, "update shape of " + std::string(name_of(promised.in)));
  update_problem p;
  draw_filter_shape(draw, promised, p);
  p.batch = draw.chance(2) ? 0 : draw.chance(25) ? 1 : draw.between(2, 6);
  draw_pool(draw, p.width - 1, p.batch, p, p.conv_state_indices);
  p.seqlen = draw.weighted({{34, 1}, {12, 2}, {12, 3}, {12, 4}, {10, 5}, {10, 8}, {10, p.state_len}});
  while (p.batch > 1 && p.dim * p.batch * p.seqlen > 4 * most_elements && p.seqlen > 1) p.seqlen /= 2;
  if (p.batch > 0 && draw.chance(45))
    for (std::int64_t n = 0; n < p.batch; ++n)
      p.cache_seqlens.push_back(draw.chance(8)    ? 2147483647 - draw.between(0, 9)
                                : draw.chance(40) ? draw.between(0, p.width)
                                                  : draw.between(0, 3 * p.state_len));
  spread_slots(draws(seed, index, "far slots of update"), p, p);
  spread_rows(draws(seed, index, "far rows of update"), p, p.batch, p.seqlen);
  return p;
}

std::vector<update_problem> smaller(const update_problem& from) {
  edits<update_problem> all(from);
  fewer_updates(from, {&update_problem::conv_state_indices, &update_problem::cache_seqlens}, all);
  all.add([](update_problem& p) { p.cache_seqlens.clear(); });
  for (std::size_t i = 0; i < from.cache_seqlens.size(); ++i)
    all.add([&](update_problem& p) { p.cache_seqlens[i] %= p.state_len; });
  plainer(from, from.width - 1, all);
  return all.take();
}

std::span<const problem_class<update_problem>> conv1d_update_classes() { return rows; }

}  // namespace plumbline::generate
