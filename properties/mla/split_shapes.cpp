#include "properties/mla/split_shapes.hpp"

#include <algorithm>
#include <string>

#include "properties/mla/sizes.hpp"

namespace plumbline::generate {

using mla::combine_problem;
using mla::schedule_problem;

namespace {

constexpr std::int64_t most_partial_elements = 60'000;

std::int64_t longest(const std::vector<std::int64_t>& list) {
  return list.empty() ? 0 : *std::max_element(list.begin(), list.end());
}

bool some_empty(const schedule_problem& p) {
  return std::find(p.cache_seqlens.begin(), p.cache_seqlens.end(), 0) != p.cache_seqlens.end();
}

constexpr problem_class<schedule_problem> schedule_rows[] = {
    {"index_lists", 0.12, [](const schedule_problem& p) { return p.topk >= 0; }},
    {"lists_of_their_own_length", 0.05, [](const schedule_problem& p) { return !p.topk_length.empty(); }},
    {"second_list", 0.05, [](const schedule_problem& p) { return p.extra_topk > 0; }},
    {"empty_requests", 0.1, some_empty},
    {"one_request", 0.01, [](const schedule_problem& p) { return p.b == 1; }},
    {"no_request", 0, [](const schedule_problem& p) { return p.b == 0; }},
    {"more_requests_than_lanes", 0.06, [](const schedule_problem& p) { return p.b > 32; }},
    {"more_parts_than_requests", 0.15, [](const schedule_problem& p) { return p.num_sm_parts > p.b; }},
    {"one_part", 0.02, [](const schedule_problem& p) { return p.num_sm_parts == 1; }},
    {"parts_of_an_h100", 0.06,
     [](const schedule_problem& p) { return p.num_sm_parts == 132 || p.num_sm_parts == 66; }},
    {"block_of_64_and_overhead_of_5", 0.15,
     [](const schedule_problem& p) { return p.block_size == 64 && p.fixed_overhead == 5; }},
    {"no_overhead", 0.02, [](const schedule_problem& p) { return p.fixed_overhead == 0; }},
    {"length_near_31_bits", 0.01,
     [](const schedule_problem& p) { return longest(p.cache_seqlens) > 2'000'000'000; }}};

constexpr problem_class<combine_problem> combine_rows[] = {
    {"dv_512", 0.08, [](const combine_problem& p) { return p.dv == 512; }},
    {"dv_odd_eights", 0.06, [](const combine_problem& p) { return odd_eights(p.dv); }},
    {"dv_not_multiple_of_8", 0.05, [](const combine_problem& p) { return p.dv % 8 != 0; }},
    {"one_split_alone", 0.05,
     [](const combine_problem& p) {
       return std::find(p.splits.begin(), p.splits.end(), 1) != p.splits.end();
     }},
    {"more_splits_than_lanes", 0.06, [](const combine_problem& p) { return longest(p.splits) > 32; }},
    {"most_splits_of_upstream", 0, [](const combine_problem& p) { return longest(p.splits) >= 160; }},
    {"ragged_splits", 0.1,
     [](const combine_problem& p) {
       return std::adjacent_find(p.splits.begin(), p.splits.end(), std::not_equal_to<>()) != p.splits.end();
     }},
    {"several_queries", 0.1, [](const combine_problem& p) { return p.sq > 1; }},
    {"heads_that_no_tile_divides", 0.1,
     [](const combine_problem& p) { return p.hq == 3 || p.hq == 9 || p.hq == 63 || p.hq == 126; }},
    {"heads_of_a_model", 0.04, [](const combine_problem& p) { return p.hq == 16 || p.hq == 128; }},
    {"sink", 0.1, [](const combine_problem& p) { return p.has_sink; }},
    {"empty_partials", 0.15, [](const combine_problem& p) { return p.empty_percent > 0; }},
    {"out_f32", 0.08, [](const combine_problem& p) { return p.out_type == dtype::f32; }},
    {"out_f16", 0.06, [](const combine_problem& p) { return p.out_type == dtype::f16; }},
    {"gap", 0.12, [](const combine_problem& p) { return p.gap > 0; }}};

std::int64_t draw_length(draws& draw, std::string_view regime, std::int64_t block, bool chosen) {
  if (regime == "mostly_empty" && draw.chance(60)) return 0;
  if (regime == "block_edges")
    return std::max<std::int64_t>(0, block * draw.between(0, 40) + draw.between(-1, 1));
  if (regime == "one_long" && chosen)
    return draw.chance(25) ? draw.between(2'000'000'001, 2'147'483'647) : draw.between(20'000, 200'000);
  return draw.chance(10) ? draw.between(0, 2) : draw.between(0, 5000);
}

}  // namespace

std::string_view draw_schedule_regime(std::uint64_t seed, std::uint64_t index) {
  return schedule_regimes[static_cast<std::size_t>(draws(seed, index, "schedule regime").between(0, 3))];
}

schedule_problem draw_schedule(const contract&, std::string_view regime, std::uint64_t seed,
                               std::uint64_t index) {
  draws draw(seed, index, "schedule shape");
  schedule_problem p;
  p.b = draw.chance(3)    ? 0
        : draw.chance(30) ? draw.one_of({1, 2, 3, 6, 31, 32, 33, 64, 128, 321})
                          : draw.between(1, 40);
  p.num_sm_parts = draw.chance(60) ? draw.one_of({1, 2, 4, 20, 66, 78, 132, 160}) : draw.between(1, 150);
  if (draw.chance(45)) {
    p.block_size = draw.one_of({1, 16, 32, 100, 128});
    p.fixed_overhead = draw.one_of({0, 1, 3, 5, 9});
  }
  const std::int64_t chosen = draw.between(0, std::max<std::int64_t>(0, p.b - 1));
  const bool several = draw.chance(40);
  if (several && draw.chance(50)) p.block_size = 1;  // long ones together pass 2^32 blocks
  const auto lengths = [&](std::int64_t most) {
    std::vector<std::int64_t> list;
    for (std::int64_t r = 0; r < p.b; ++r)
      list.push_back(
          std::min(most, draw_length(draw, regime, p.block_size, r == chosen || (several && r % 2 == 0))));
    return list;
  };
  if (draw.chance(60)) {
    p.cache_seqlens = lengths(2'147'483'647);
    return p;
  }
  p.topk = draw.one_of({0, 1, 64, 128, 576, 2048, 3000});
  if (draw.chance(50)) p.topk_length = lengths(p.topk);
  if (draw.chance(50)) p.extra_topk = draw.one_of({1, 64, 100, 512});
  if (p.extra_topk > 0 && draw.chance(50)) p.extra_topk_length = lengths(p.extra_topk);
  return p;
}

combine_problem draw_mla_combine(const contract&, std::string_view, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "mla combine shape");
  combine_problem p;
  constexpr dtype types[] = {dtype::bf16, dtype::bf16, dtype::f16, dtype::f32};
  p.out_type = types[draw.between(0, 3)];
  const std::int64_t kind = draw.between(0, 99);
  p.dv = kind < 35 ? 512 : kind < 60 ? draw_odd_eights(draw) : draw.one_of({1, 5, 33, 64, 100, 128});
  p.hq = affordable(draw_heads(draw), p.dv, most_partial_elements / 4);
  p.sq = affordable(draw.chance(40) ? draw.between(2, 4) : 1, p.dv * p.hq, most_partial_elements / 4);
  const std::int64_t row = p.dv * p.hq * p.sq;
  std::int64_t room = std::max<std::int64_t>(2, most_partial_elements / row);
  p.b = affordable(draw.between(1, 6), 2 * row, most_partial_elements);
  const bool many = draw.chance(25);
  for (std::int64_t r = 0; r < p.b; ++r) {
    std::int64_t n = draw.chance(20) ? 1 : draw.between(1, 9);
    if (many && r == 0) n = draw.chance(50) ? draw.one_of({160, 257}) : draw.between(33, 100);
    n = std::min(n, room);
    room = std::max<std::int64_t>(1, room - n);
    p.splits.push_back(n);
  }
  p.has_sink = draw.chance(40);
  p.empty_percent = draw.chance(50) ? draw.one_of({10, 30, 60, 90}) : 0;
  p.gap = draw_row_gap(draw);
  return p;
}

std::vector<schedule_problem> smaller(const schedule_problem& from) {
  edits<schedule_problem> all(from);
  const auto keep = [](schedule_problem& p, std::int64_t first, std::int64_t count) {
    p.b = count;
    for (auto* list : {&p.cache_seqlens, &p.topk_length, &p.extra_topk_length})
      if (!list->empty()) *list = {list->begin() + first, list->begin() + first + count};
  };
  if (from.b > 1) {
    all.add([&](schedule_problem& p) { keep(p, 0, from.b / 2); });
    all.add([&](schedule_problem& p) { keep(p, from.b / 2, from.b - from.b / 2); });
    all.add([&](schedule_problem& p) { keep(p, 0, from.b - 1); });
    all.add([&](schedule_problem& p) { keep(p, 1, from.b - 1); });
  }
  fewer(from, &schedule_problem::num_sm_parts, 1, all);
  for (auto list : {&schedule_problem::cache_seqlens, &schedule_problem::topk_length})
    for (const std::int64_t by : {std::int64_t{2}, std::int64_t{4}})
      all.add([&](schedule_problem& p) {
        for (std::int64_t& n : p.*list) n = n / by;
      });
  all.add([](schedule_problem& p) { p.extra_topk = 0, p.extra_topk_length.clear(); });
  all.add([](schedule_problem& p) { p.extra_topk_length.clear(); });
  all.add([](schedule_problem& p) { p.topk_length.clear(); });
  all.add([](schedule_problem& p) { p.block_size = 64; });
  all.add([](schedule_problem& p) { p.fixed_overhead = 5; });
  return all.take();
}

std::vector<combine_problem> smaller(const combine_problem& from) {
  edits<combine_problem> all(from);
  const auto keep = [](combine_problem& p, std::int64_t first, std::int64_t count) {
    p.b = count;
    p.splits = {p.splits.begin() + first, p.splits.begin() + first + count};
  };
  for (std::int64_t r = 0; r < from.b && from.b > 1; ++r) all.add([&](combine_problem& p) { keep(p, r, 1); });
  fewer(from, &combine_problem::sq, 1, all);
  fewer(from, &combine_problem::hq, 1, all);
  fewer(from, &combine_problem::dv, 1, all);
  for (const std::int64_t most :
       {std::int64_t{1}, std::int64_t{2}, longest(from.splits) / 2, longest(from.splits) - 1})
    if (most >= 1)
      all.add([most](combine_problem& p) {
        for (std::int64_t& n : p.splits) n = std::min(n, most);
      });
  all.add([](combine_problem& p) { p.has_sink = false; });
  all.add([](combine_problem& p) { p.empty_percent = 0; });
  all.add([](combine_problem& p) { p.gap = 0; });
  all.add([](combine_problem& p) { p.out_type = dtype::bf16; });
  return all.take();
}

std::span<const problem_class<schedule_problem>> schedule_classes() { return schedule_rows; }
std::span<const problem_class<combine_problem>> mla_combine_classes() { return combine_rows; }

}  // namespace plumbline::generate
