// What each generation of tensor cores makes of an instruction.
//
//                       F   products in one sum       result
//   sm_80  (A100)      24   8 (tf32: 4), then chained  fp32 toward zero, fp16 to nearest even
//   sm_89  (L40S)      24   8 (tf32: 4), then chained  the same
//          fp8 mma     13   16, then chained           fp32 cut to 13 fraction bits, fp16 to nearest even
//   sm_90a (H100/H200) 25   all of the instruction     fp32 toward zero, fp16 to nearest even
//          fp8 wgmma   13   all 32                     fp32 cut to 13 fraction bits, fp16 to nearest even
//          fp8 mma     two fp16 sums of 16, then a plain addition of C: see fp8_rule
//
// sm_90a is held against recorded vectors; the other two rest on their sources (MMA-Sim, and the models of
// Khattak and Mikaitis) alone.
#pragma once

#include "kernels/core/mma_shape.hpp"
#include "kernels/host/generation.hpp"
#include "kernels/host/tensor_core_tile.hpp"

namespace plumbline::simt {

/// Whether a generation has an instruction; `wgmma_shape`s exist on sm_90a alone.
constexpr bool has(generation g, const mma_shape& s) { return g != generation::sm_80 || !is_fp8(s.a); }
constexpr bool has_wgmma(generation g) { return g == generation::sm_90a; }

/// The rule of a sum with that many fraction bits kept of terms, and of fp32 results.
constexpr sum_rule rule_for(dtype result, int products, int kept_bits, int f32_bits = 23) {
  return {products, kept_bits, result, result == dtype::f32 ? f32_bits : format_of(result).fraction_bits,
          result == dtype::f32 ? rounding::toward_zero : rounding::nearest_even};
}

/// The rule of an mma.sync (on sm_90a: of a format that is not fp8).
constexpr sum_rule rule_of(generation g, const mma_shape& s) {
  if (g == generation::sm_90a) return rule_for(s.sum, s.k, 25);
  if (is_fp8(s.a)) return rule_for(s.sum, 16, 13, 13);
  return rule_for(s.sum, s.a == dtype::tf32 ? 4 : 8, 24);
}

/// The rule of a wgmma.
constexpr sum_rule rule_of(const wgmma_shape& s) {
  return is_fp8(s.a) ? rule_for(s.sum, inner_size(s), 13, 13) : rule_for(s.sum, inner_size(s), 25);
}

/// Which products of an fp8 mma.sync enter the first of its two sums.
enum class first_half : std::uint8_t {
  low_pairs,
  high_pairs,
  front,
  even
};  // k mod 4 < 2; > 1; k < 16; even k

/// How Hopper runs an fp8 mma.sync, which it has no unit for: the compiler emits two fp16 operations and an
/// addition.  r = T(T(0, one half), the other half), D = C + r; the fp8 operands count as fp16 numbers.
struct fp8_rule {
  first_half order = first_half::low_pairs;
  bool accumulator_first = false;  // C enters the first sum, and nothing is added at the end
  rounding last_addition = rounding::nearest_even;
};

/// Half (0 or 1) and place in it of inner index k.
struct half_place {
  int half, at;
};
constexpr half_place place_of(first_half order, int k) {
  if (order == first_half::front) return {k / 16, k % 16};
  if (order == first_half::even) return {k % 2, k / 2};
  const int half = k / 2 % 2;
  return {order == first_half::low_pairs ? half : 1 - half, k / 4 * 2 + k % 2};
}

/// d += a b as an fp8 mma.sync of sm_90a.
template <fp8_rule Rule, sum_rule Half>
void multiply_add_fp8(product_tile<32>& tile) {
  constexpr least_exponents least = least_of(dtype::f16, dtype::f16, Half.result);
  alignas(32) float c[16][8];
  product_tile<16> half[2];
  for (int k = 0; k < 32; ++k) {
    const half_place to = place_of(Rule.order, k);
    for (int i = 0; i < 16; ++i) half[to.half].a[i][to.at] = tile.a[i][k];
    for (int n = 0; n < 8; ++n) half[to.half].b[to.at][n] = tile.b[k][n];
  }
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n) {
      c[i][n] = tile.d[i][n];
      half[0].d[i][n] = Rule.accumulator_first ? c[i][n] : 0;
    }
  multiply_add<Half>(half[0], least);
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n) half[1].d[i][n] = half[0].d[i][n];
  multiply_add<Half>(half[1], least);
  constexpr sum_rule exact = {1, all_bits, Half.result, format_of(Half.result).fraction_bits,
                              Rule.last_addition};
  constexpr float one = 1;
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n) {
      const float r = half[1].d[i][n];
      tile.d[i][n] = Rule.accumulator_first ? r
                     : Rule.last_addition == rounding::nearest_even
                         ? added(c[i][n], r, Half.result)
                         : truncated_sum(exact, least, &r, &one, 1, 1, c[i][n]);
    }
}

/// d += a b as an mma.sync of that shape; the shape exists on the generation.
template <mma_shape Shape>
void multiply_as(generation, product_tile<Shape.k>&);
/// d += a b as sixteen rows and eight columns of a wgmma (its formats count alone).
template <dtype A, dtype B, dtype Sum>
void multiply_as_wgmma(product_tile<32 / static_cast<int>(size_of(A))>&);

}  // namespace plumbline::simt
