// Numbers of products.
//
// Elements are drawn in real size and rounded to codes under a scale that puts the largest of a block near
// 448, as a writer would.  `small_integers` and `one_product` leave nothing to the accumulator: every sum is
// exact, so what is judged is the scales, in fp32.  `cancelling` lets the end of k undo most of its
// beginning, up to the scales. No regime makes a truth of nothing but zeros or NaN: the first block and the
// first row stay what they are.
#include <algorithm>
#include <cmath>

#include "properties/quantize/block_gemm_shapes.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using quantize::block_gemm_problem;

namespace {

double largest_code(dtype code) { return code == dtype::i8 ? 127 : 448; }

// One row of codes; `block` columns share what a regime draws by block.
void fill_row(std::string_view regime, dtype code, std::int64_t k, std::int64_t block, bool left,
              random_stream& draw, double* row) {
  const double most = largest_code(code);
  for (std::int64_t c = 0; c < k; ++c) {
    const double x = std::clamp(draw.normal() * most / 4, -most, most);
    if (regime == "positive")
      row[c] = std::fabs(x);
    else if (regime == "small_integers")
      row[c] = static_cast<double>(draw.integer(-2, 2));
    else if (regime == "one_huge")
      row[c] = x / 64;
    else
      row[c] = x;
    row[c] = round_to(code == dtype::i8 ? dtype::f32 : code, row[c]);
    if (code == dtype::i8) row[c] = std::floor(row[c] + 0.5);
  }
  if (regime == "small_integers") row[0] = 5;
  for (std::int64_t first = 0; first < k; first += block) {
    const std::int64_t count = std::min(block, k - first);
    if (regime == "one_huge") row[first + draw.integer(0, count - 1)] = draw.chance(0.5) ? most : -most;
    if (regime == "zero_blocks" && first > 0 && draw.chance(0.4)) std::fill_n(row + first, count, 0.0);
    if (regime == "one_product" && left) {
      const std::int64_t kept = first + draw.integer(0, count - 1);
      for (std::int64_t c = first; c < first + count; ++c)
        if (c != kept) row[c] = 0;
    }
  }
  if (regime == "cancelling")
    for (std::int64_t c = 0; c < k * 3 / 8; ++c) row[k - 1 - c] = left ? -row[c] : row[c];
}

tensor codes(const block_gemm_problem& p, const char* name, std::string_view regime, std::int64_t rows,
             random_stream draw) {
  tensor t(p.code, {rows, p.k});
  std::vector<double> row(static_cast<std::size_t>(p.k));
  for (std::int64_t r = 0; r < rows; ++r) {
    fill_row(regime, p.code, p.k, p.block_k, name[0] == 'a', draw, row.data());
    for (std::int64_t c = 0; c < p.k; ++c) {
      t.set_value(r * p.k + c, row[static_cast<std::size_t>(c)]);
      if (regime == "any_code") {
        const auto any = static_cast<std::uint8_t>(draw.bits32() >> 24);
        const bool nan = p.code == dtype::e4m3 && (any & 0x7f) == 0x7f;
        t.set_code(r * p.k + c, nan && !(r > 0 && draw.chance(0.02)) ? any ^ 0x40 : any);
      }
    }
  }
  return t;
}

// `tiny_scales`: scales whose product is subnormal in fp32, under sums that lift it out again.
constexpr int tiny_exponent = -62;

tensor scales(const block_gemm_problem& p, std::string_view regime, std::int64_t rows, random_stream draw) {
  const std::int64_t blocks = (p.k + p.block_k - 1) / p.block_k;
  tensor t(dtype::f32, {rows, blocks});
  for (std::int64_t i = 0; i < t.size(); ++i) {
    const double fraction = regime == "small_integers" && draw.chance(0.5) ? 1 : 1 + draw.uniform();
    const int exponent = static_cast<int>(draw.integer(-11, -8));
    const double size = std::ldexp(fraction, exponent + (regime == "tiny_scales" ? tiny_exponent : 0));
    t.set_value(i, regime == "zero_blocks" && i % blocks > 0 && draw.chance(0.1) ? 0 : size);
  }
  return t;
}

}  // namespace

tensor_set draw_inputs(const block_gemm_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs;
  inputs.set("a", codes(p, "a", regime, p.m, random_stream(seed, "a")));
  inputs.set("b", codes(p, "b", regime, p.n, random_stream(seed, "b")));
  inputs.set("a_scale", scales(p, regime, p.m, random_stream(seed, "a_scale")));
  inputs.set("b_scale", scales(p, regime, (p.n + p.block_n - 1) / p.block_n, random_stream(seed, "b_scale")));
  return inputs;
}

}  // namespace plumbline::generate
