// Shapes of products: rows beside every count at which a tile or a warp ends, blocks of k shorter and longer
// than the 128 columns after which a narrow accumulator must be emptied, and edges in every dimension.
//
// Only a block longer than 128 columns tells an accumulator that is emptied in time from one that is not:
// data of one sign gets such blocks, and enough columns for the drift to show, half of the time.
#include "properties/quantize/block_gemm_shapes.hpp"

#include <algorithm>
#include <string>

#include "properties/generate/draws.hpp"
#include "properties/generate/edits.hpp"
#include "properties/quantize/cache_shapes.hpp"

namespace plumbline::generate {

using quantize::block_gemm_problem;

namespace {

constexpr std::int64_t most_products = 1'500'000;

constexpr problem_class<block_gemm_problem> rows[] = {
    {"block_of_128", 0.1, [](const block_gemm_problem& p) { return p.block_k == 128; }},
    {"block_longer_than_128", 0.06,
     [](const block_gemm_problem& p) { return std::min(p.block_k, p.k) > 128; }},
    {"block_shorter_than_128", 0.06, [](const block_gemm_problem& p) { return p.block_k < 128; }},
    {"one_block_of_k", 0.06, [](const block_gemm_problem& p) { return p.block_k >= p.k; }},
    {"several_blocks_of_k", 0.15, [](const block_gemm_problem& p) { return p.block_k < p.k; }},
    {"last_block_short", 0.1, [](const block_gemm_problem& p) { return p.k % p.block_k != 0; }},
    {"k_not_multiple_of_16", 0.06, [](const block_gemm_problem& p) { return p.k % 16 != 0; }},
    {"one_row", 0.04, [](const block_gemm_problem& p) { return p.m == 1; }},
    {"rows_beyond_a_tile", 0.01, [](const block_gemm_problem& p) { return p.m > 64; }},
    {"columns_beyond_a_tile", 0.1, [](const block_gemm_problem& p) { return p.n > 64; }},
    {"columns_not_multiple_of_8", 0.1, [](const block_gemm_problem& p) { return p.n % 8 != 0; }},
    {"several_scales_across", 0.1, [](const block_gemm_problem& p) { return p.block_n < p.n; }},
    {"out_bf16", 0.1, [](const block_gemm_problem& p) { return p.out_type == dtype::bf16; }},
    {"out_f16", 0.05, [](const block_gemm_problem& p) { return p.out_type == dtype::f16; }},
    {"out_f32", 0.1, [](const block_gemm_problem& p) { return p.out_type == dtype::f32; }}};

std::int64_t beside(draws& draw, std::int64_t step, std::int64_t most) {
  return std::max<std::int64_t>(1,
                                step * draw.between(1, most) + (draw.chance(50) ? draw.between(-3, 3) : 0));
}

}  // namespace

std::string_view draw_product_regime(std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "product regime");
  const auto others = static_cast<std::int64_t>(product_regimes.size()) - 1;
  return product_regimes[static_cast<std::size_t>(draw.chance(25)   ? 0
                                                  : draw.chance(33) ? 1
                                                                    : draw.between(2, others))];
}

block_gemm_problem draw_block_gemm(const contract& promised, std::string_view regime, std::uint64_t seed,
                                   std::uint64_t index) {
  draws draw(seed, index, "product shape of " + std::string(promised.name));
  block_gemm_problem p;
  p.code = promised.in;
  if (regime == "positive" && draw.chance(50)) {
    p.k = draw.one_of({768, 1024, 1280, 2048}) + (draw.chance(30) ? draw.between(-20, 20) : 0);
    p.block_k = draw.chance(60) ? p.k : draw.one_of({512, 640, 1024});
  } else {
    p.block_k = draw.weighted({{50, 128}, {10, 256}, {8, 192}, {10, 64}, {8, 32}, {7, 100}, {7, 16}});
    p.k = beside(draw, p.block_k, p.block_k < 100 ? 12 : 6);
    if (draw.chance(10)) p.block_k = p.k;
  }
  p.m = std::max<std::int64_t>(1, draw_tokens(draw, 130));
  p.n = draw.chance(60) ? beside(draw, 64, 3) : draw.between(1, 130);
  p.block_n = draw.weighted({{50, 128}, {20, 64}, {10, 32}, {10, 5}, {10, 1}});
  const dtype types[] = {dtype::bf16, dtype::bf16, dtype::f16, dtype::f32, dtype::f32};
  p.out_type = types[draw.between(0, 4)];
  if (regime == "tiny_scales" && p.out_type == dtype::f16) p.out_type = dtype::f32;
  while (p.m * p.n * p.k > most_products) (p.m > p.n ? p.m : p.n) = (std::max(p.m, p.n) + 1) / 2;
  return p;
}

std::vector<block_gemm_problem> smaller(const block_gemm_problem& from) {
  edits<block_gemm_problem> all(from);
  for (const auto member : {&block_gemm_problem::m, &block_gemm_problem::n, &block_gemm_problem::k,
                            &block_gemm_problem::block_k, &block_gemm_problem::block_n})
    for (const std::int64_t value : {std::int64_t{1}, from.*member / 2, from.*member - 1})
      if (value >= 1 && value < from.*member) all.add([&](block_gemm_problem& p) { p.*member = value; });
  all.add([](block_gemm_problem& p) { p.out_type = dtype::bf16; });
  return all.take();
}

std::span<const problem_class<block_gemm_problem>> block_gemm_classes() { return rows; }

}  // namespace plumbline::generate
