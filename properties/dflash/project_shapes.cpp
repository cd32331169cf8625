// What a case costs is bounded by giving up sequences, heads and rows, in this order; widths stay.
#include "properties/dflash/project_shapes.hpp"

#include <string>

#include "properties/dflash/sizes.hpp"

namespace plumbline::generate {

using dflash::project_problem;

namespace {

constexpr std::int64_t most_products = 600'000, most_results = 12'000;

constexpr problem_class<project_problem> rows[] = {
    {"several_sequences", 0.1, [](const project_problem& p) { return p.b > 1; }},
    {"no_context", 0.05, [](const project_problem& p) { return p.context_len == 0; }},
    {"context_of_one", 0.07, [](const project_problem& p) { return p.context_len == 1; }},
    {"context_behind_a_block", 0.05, [](const project_problem& p) { return p.context_len > p.block_size; }},
    {"block_of_16", 0.1, [](const project_problem& p) { return p.block_size == 16; }},
    {"block_of_1", 0.01, [](const project_problem& p) { return p.block_size == 1; }},
    {"more_rows_than_a_tile", 0.03, [](const project_problem& p) { return p.b * p.new_rows() > 64; }},
    {"several_heads_a_kv_head", 0.2, [](const project_problem& p) { return p.hq > p.hk; }},
    {"as_many_kv_heads", 0.06, [](const project_problem& p) { return p.hq == p.hk; }},
    {"heads_of_128", 0.04, [](const project_problem& p) { return p.d == 128; }},
    {"halves_that_16_bytes_do_not_divide", 0.1, [](const project_problem& p) { return p.d % 16 != 0; }},
    {"heads_beyond_a_warp", 0, [](const project_problem& p) { return p.d > 512; }},
    {"width_not_multiple_of_8", 0.1, [](const project_problem& p) { return p.hidden_size % 8 != 0; }},
    {"several_k_tiles", 0.1, [](const project_problem& p) { return p.hidden_size > 64; }},
    {"bias", 0.1, [](const project_problem& p) { return p.has_bias; }},
    {"no_eps", 0, [](const project_problem& p) { return p.eps == 0; }},
    {"gap", 0.12, [](const project_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const project_problem& p) { return beyond_32_bits(p.b * p.block_size, p.hidden_size + p.gap); }}};

}  // namespace

project_problem draw_dflash_project(const contract& promised, std::string_view, std::uint64_t seed,
                                    std::uint64_t index) {
  draws draw(seed, index, "dflash project of " + std::string(name_of(promised.in)));
  project_problem p;
  p.type = promised.in;
  p.b = draw.one_of({1, 1, 2, 3});
  p.block_size = draw_block(draw);
  p.context_len = draw_context(draw, p.block_size);
  const head_counts heads = draw_head_counts(draw);
  p.hq = heads.hq, p.hk = heads.hk;
  p.d = draw.chance(3) ? 520 : draw.one_of({2, 6, 8, 10, 16, 24, 32, 48, 64, 80, 128, 128});
  p.hidden_size = draw.one_of({1, 7, 8, 24, 63, 64, 65, 100, 128, 130, 192, 256, 520});
  p.has_bias = draw.chance(30);
  const std::int64_t eps = draw.between(0, 99);
  p.eps = eps < 60 ? 1e-6 : eps < 80 ? 1e-5 : eps < 95 ? 1e-3 : 0;
  p.gap = draw_row_gap(draw);
  const auto results = [&] { return p.b * (p.block_size * p.hq + p.new_rows() * 2 * p.hk) * p.d; };
  const auto fits = [&] { return results() * p.hidden_size <= most_products && results() <= most_results; };
  while (p.b > 1 && !fits()) --p.b;
  while (p.hk > 1 && !fits()) p.hq = p.hq / p.hk * (p.hk / 2), p.hk /= 2;
  while (p.hq > 2 && !fits()) p.hq = (p.hq + 1) / 2 / p.hk * p.hk;
  while (p.context_len > 1 && !fits()) p.context_len = (p.context_len + 1) / 2;
  while (p.block_size > 1 && !fits()) p.block_size = (p.block_size + 1) / 2;
  p.gap = draw_far_gap(draws(seed, index, "dflash project far rows"), p.b * p.block_size, p.b * p.new_rows(),
                       p.gap);
  return p;
}

std::vector<project_problem> smaller(const project_problem& from) {
  edits<project_problem> all(from);
  fewer(from, &project_problem::b, 1, all);
  fewer(from, &project_problem::block_size, 1, all);
  fewer(from, &project_problem::context_len, 0, all);
  all.add([](project_problem& p) { p.hq = p.hk = 1; });
  all.add([](project_problem& p) { p.hq /= p.hk, p.hk = 1; });
  all.add([](project_problem& p) { p.hq = p.hk; });
  fewer(from, &project_problem::hidden_size, 1, all);
  for (const std::int64_t d : {std::int64_t{2}, from.d / 4 * 2, from.d - 2})
    if (d > 0 && d < from.d) all.add([d](project_problem& p) { p.d = d; });
  all.add([](project_problem& p) { p.gap = 0; });
  all.add([](project_problem& p) { p.has_bias = false; });
  all.add([](project_problem& p) { p.eps = 1e-6; });
  return all.take();
}

std::span<const problem_class<project_problem>> dflash_project_classes() { return rows; }

}  // namespace plumbline::generate
