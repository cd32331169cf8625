#include "properties/quantize/matrix_shapes.hpp"

#include <algorithm>
#include <string>

#include "properties/generate/edits.hpp"
#include "properties/generate/far_rows.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/policy_classes.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::generate {

using quantize::groups_problem;
using quantize::scale_layout;
using quantize::scatter_problem;
using quantize::weight_dequant_problem;

namespace {

constexpr std::int64_t most_elements = 40'000;

// Smaller values of one member, down to `least`.
template <class Problem>
void fewer(const Problem& from, std::int64_t Problem::*member, std::int64_t least, edits<Problem>& all) {
  for (const std::int64_t value : {least, from.*member / 2, from.*member - 1})
    if (value >= least && value < from.*member) all.add([&](Problem& p) { p.*member = value; });
}

// Rows of x beyond 2^31 elements, now and then.
void spread_rows(draws draw, std::int64_t rows, std::int64_t& gap) {
  if (rows >= least_far_rows && draw.chance(3)) gap = far_gap(rows, draw.chance(70) ? 8 : 1);
}

constexpr problem_class<groups_problem> groups_rows[] = {
    // Classes with floor 0 belong to policies that not every row takes.
    {"int8_codes", 0, [](const groups_problem& p) { return p.rule.code == dtype::i8; }},
    {"whole_row", 0.05, [](const groups_problem& p) { return p.group == p.k; }},
    {"group_128", 0.1, [](const groups_problem& p) { return p.group == 128; }},
    {"group_below_32", 0.06, [](const groups_problem& p) { return p.group < 32; }},
    {"group_not_multiple_of_16", 0.02, [](const groups_problem& p) { return p.group % 16 != 0; }},
    {"blocks", 0.05, [](const groups_problem& p) { return p.group_rows > 1; }},
    {"ragged_groups", 0,
     [](const groups_problem& p) { return p.k % p.group != 0 || p.rows % p.group_rows != 0; }},
    {"scales_column_major", 0.06,
     [](const groups_problem& p) { return p.layout == scale_layout::column_major; }},
    {"scales_packed", 0, [](const groups_problem& p) { return p.layout == scale_layout::packed; }},
    {"scale_upper_bound", 0.03, [](const groups_problem& p) { return p.scale_ub > 0; }},
    {"static_scale", 0.03, [](const groups_problem& p) { return p.has_static; }},
    {"static_scale_beyond_is_nan", 0,
     [](const groups_problem& p) { return p.has_static && p.rule.overflow == quantize::beyond::nan; }},
    {"gap", 0.15, [](const groups_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0, [](const groups_problem& p) { return beyond_32_bits(p.rows, p.k + p.gap); }}};

constexpr problem_class<weight_dequant_problem> weight_rows[] = {
    {"block_128", 0.1, [](const weight_dequant_problem& p) { return p.block == 128; }},
    {"ragged_rows", 0.1, [](const weight_dequant_problem& p) { return p.m % p.block != 0; }},
    {"ragged_columns", 0.1, [](const weight_dequant_problem& p) { return p.n % p.block != 0; }},
    {"several_blocks", 0.1, [](const weight_dequant_problem& p) { return p.m > p.block && p.n > p.block; }},
    {"columns_not_multiple_of_16", 0.1, [](const weight_dequant_problem& p) { return p.n % 16 != 0; }},
    {"out_bf16", 0.1, [](const weight_dequant_problem& p) { return p.out_type == dtype::bf16; }},
    {"out_f16", 0.05, [](const weight_dequant_problem& p) { return p.out_type == dtype::f16; }},
    {"out_f32", 0.05, [](const weight_dequant_problem& p) { return p.out_type == dtype::f32; }}};

constexpr problem_class<scatter_problem> scatter_rows[] = {
    {"row_of_528_and_128", 0.08,
     [](const scatter_problem& p) { return p.nope_width == 528 && p.rope_width == 128; }},
    {"width_not_multiple_of_16", 0.1,
     [](const scatter_problem& p) { return p.nope_width % 16 != 0 || p.rope_width % 16 != 0; }},
    {"no_rotary", 0.03, [](const scatter_problem& p) { return p.rope_width == 0; }},
    {"several_ranks", 0.08, [](const scatter_problem& p) { return p.world > 1; }},
    {"gap", 0.15, [](const scatter_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const scatter_problem& p) { return beyond_32_bits(p.tokens, p.nope_width + p.gap); }},
    {"no_token", 0.01, [](const scatter_problem& p) { return p.tokens == 0; }},
    {"one_token", 0.04, [](const scatter_problem& p) { return p.tokens == 1; }},
    {"cast_to_codes", 0, [](const scatter_problem& p) { return p.stored != p.type; }}};

}  // namespace

groups_problem draw_groups(const contract& promised, std::string_view regime, std::uint64_t seed,
                           std::uint64_t index) {
  draws draw(seed, index, "groups shape of " + std::string(promised.name));
  groups_problem p;
  p.type = promised.in;
  p.rule = draw_policy(draw, promised.out_type);
  for (int i = 0; i < 8 && regime == "power_of_two_edge" && p.rule.up != quantize::power_of_two::log2; ++i)
    p.rule = draw_policy(draw, promised.out_type);
  const std::int64_t usual = p.rule.group;
  p.group = usual > 0 && draw.chance(60) ? usual : draw.one_of({8, 16, 20, 32, 64, 96, 100, 128, 256});
  p.k = p.group * (usual == 0 ? 1 : draw.between(1, 6));
  p.group_rows = draw.chance(30) ? draw.one_of({2, 3, 16, 128}) : 1;
  p.rows = std::max<std::int64_t>(1, draw_tokens(draw, 130));
  if (p.rows * p.k > most_elements) p.rows = std::max<std::int64_t>(1, most_elements / p.k);
  p.rows = (p.rows + p.group_rows - 1) / p.group_rows * p.group_rows;
  if (p.rule.ragged && draw.chance(60)) p.k = std::max<std::int64_t>(1, p.k - draw.between(1, p.group - 1));
  if (p.rule.ragged && p.group_rows > 1 && draw.chance(60)) p.rows = std::max<std::int64_t>(1, p.rows - 1);
  const bool powers_of_two = p.rule.up != quantize::power_of_two::no;
  p.layout = static_cast<scale_layout>(draw.weighted({{60, 0}, {20, 1}, {powers_of_two ? 40u : 0u, 2}}));
  if (draw.chance(12)) p.scale_ub = static_cast<double>(draw.between(1, 64)) / 16;
  if (draw.chance(15) && p.rule.ratio != quantize::quotient::limit_over_amax) {
    p.has_static = true;
    p.scale_ub = 0;
    p.layout = scale_layout::row_major;
    // Under a scale of its own amax meets nothing beyond 448: only here does the overflow rule decide.
    const bool whole = p.k % p.group == 0 && p.rows % p.group_rows == 0;
    if (p.rule.code == dtype::e4m3 && whole && draw.chance(40))
      p.rule = *quantize::policy_named("sglang_slow_torch_2_12");
  }
  p.gap = draw_gap(draw);
  spread_rows(draws(seed, index, "far rows of groups"), p.rows, p.gap);
  return p;
}

weight_dequant_problem draw_weight_dequant(dtype code, std::string_view, std::uint64_t seed,
                                           std::uint64_t index) {
  draws draw(seed, index, "weight shape of " + std::string(name_of(code)));
  weight_dequant_problem p;
  p.code = code;
  p.block = draw.weighted({{50, 128}, {15, 64}, {10, 16}, {10, 32}, {15, 5}});
  const auto size = [&] {
    const std::int64_t around = p.block * draw.between(1, 3) + draw.between(-1, 1);
    return draw.chance(70) ? around : draw.between(1, 2 * p.block);
  };
  p.m = size();
  p.n = size();
  if (p.m * p.n > most_elements) p.m = std::max<std::int64_t>(1, most_elements / p.n);
  const dtype types[] = {dtype::bf16, dtype::bf16, dtype::f16, dtype::f32};
  p.out_type = types[draw.between(0, 3)];
  return p;
}

scatter_problem draw_scatter(dtype in, std::string_view, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "scatter shape of " + std::string(name_of(in)));
  scatter_problem p;
  p.type = p.stored = in;
  if (in != dtype::u8 && draw.chance(40)) p.stored = dtype::e4m3;
  if (draw.chance(70)) {
    p.nope_width = draw.one_of({1, 7, 16, 31, 100, 512, 528});
    p.rope_width = draw.one_of({0, 1, 2, 16, 33, 64, 128});
  }
  p.tokens = draw_tokens(draw, 100);
  const std::int64_t width = p.nope_width + p.rope_width;
  p.tokens = std::min(p.tokens, std::max<std::int64_t>(1, most_elements / width));
  p.world = draw.chance(30) ? draw.between(2, 5) : 1;
  p.rank = draw.between(0, p.world - 1);
  p.rows = p.tokens + draw.between(1, 10);
  p.gap = draw_gap(draw);
  spread_rows(draws(seed, index, "far rows of scatter"), p.tokens, p.gap);
  return p;
}

std::vector<groups_problem> smaller(const groups_problem& from) {
  edits<groups_problem> all(from);
  for (const std::int64_t groups : {std::int64_t{1}, from.rows / from.group_rows / 2})
    if (groups * from.group_rows < from.rows && groups > 0)
      all.add([&](groups_problem& p) { p.rows = groups * p.group_rows; });
  fewer(from, &groups_problem::rows, 1, all);
  for (const std::int64_t groups : {std::int64_t{1}, from.k / from.group / 2})
    if (groups > 0 && groups * from.group < from.k)
      all.add([&](groups_problem& p) { p.k = groups * p.group; });
  for (const std::int64_t group : {from.group / 2, from.group / 4})
    if (group >= 4) all.add([&](groups_problem& p) { p.k = p.group = group; });
  all.add([](groups_problem& p) { p.rows /= p.group_rows, p.group_rows = 1; });
  all.add([](groups_problem& p) { p.layout = scale_layout::row_major; });
  all.add([](groups_problem& p) { p.scale_ub = 0; });
  all.add([](groups_problem& p) { p.has_static = false; });
  all.add([](groups_problem& p) { p.gap = 0; });
  return all.take();
}

std::vector<weight_dequant_problem> smaller(const weight_dequant_problem& from) {
  edits<weight_dequant_problem> all(from);
  fewer(from, &weight_dequant_problem::m, 1, all);
  fewer(from, &weight_dequant_problem::n, 1, all);
  fewer(from, &weight_dequant_problem::block, 1, all);
  all.add([](weight_dequant_problem& p) { p.out_type = dtype::bf16; });
  return all.take();
}

std::vector<scatter_problem> smaller(const scatter_problem& from) {
  edits<scatter_problem> all(from);
  fewer(from, &scatter_problem::tokens, 1, all);
  fewer(from, &scatter_problem::nope_width, 1, all);
  fewer(from, &scatter_problem::rope_width, 0, all);
  all.add([](scatter_problem& p) { p.world = 1, p.rank = 0; });
  all.add([](scatter_problem& p) { p.rows = std::max<std::int64_t>(1, p.tokens); });
  all.add([](scatter_problem& p) { p.stored = p.type; });
  all.add([](scatter_problem& p) { p.gap = 0; });
  return all.take();
}

std::span<const problem_class<groups_problem>> groups_classes() {
  static const auto all = with_policies<true>(groups_rows);
  return all;
}
std::span<const problem_class<weight_dequant_problem>> weight_dequant_classes() { return weight_rows; }
std::span<const problem_class<scatter_problem>> scatter_classes() { return scatter_rows; }

}  // namespace plumbline::generate
