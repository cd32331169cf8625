// How a tensor core adds: one model with parameters, behind the host's mma and wgmma, bit for bit.
//
// For one output, a group of products and the accumulator enter one sum.  With e(x) the exponent of a factor
// (a subnormal has its format's least exponent) and E the largest e(a) + e(b) of the nonzero products and
// e(c) of a nonzero accumulator, every term is cut toward zero to a multiple of 2^(E-F), the cut terms are
// added exactly, and the sum is rounded once.  NaN is 0x7fffffff, a zero result is +0, and what reaches
// 2^128 is infinite.  A Hopper mma of bf16 has F = 25, all sixteen products in one sum, rounding toward zero.
//
// The near misses (another F, a chain of shorter sums, rounding to nearest, a chain of fused multiply-adds)
// are other values of the same parameters, so a test that tells them apart tests this very code.
// `truncated_sum` is that definition, one output at a time, in integers; tensor_core_tile.hpp does the same
// eight outputs at once.
//
// Sources: Khattak and Mikaitis, "Accurate Models of NVIDIA Tensor Cores" (arXiv 2512.07004), whose recorded
// vectors this reproduces; MMA-Sim (arXiv 2511.10909).  What is proved and what is open: tensor_core.md.
#pragma once

#include <cstdint>

#include "reference/core/formats.hpp"

namespace plumbline::simt {

enum class rounding : std::uint8_t { toward_zero, nearest_even };

/// Stands for "E has no lower limit".
inline constexpr int no_lowest = -100000;
/// F from which on a sum of recorded data is exact.
inline constexpr int all_bits = 90;

/// How products and an accumulator become one result.
struct sum_rule {
  int products;            // enter one sum with the accumulator; a longer inner dimension is a chain of sums
  int kept_bits;           // F
  dtype result;            // format of accumulator and result: f32 or f16
  int result_bits;         // fraction bits that the result keeps
  rounding last;           // of the result
  int lowest = no_lowest;  // E is at least this
  bool zeros_align = false;  // a zero counts for E like a number of exponent -126
  friend constexpr bool operator==(const sum_rule&, const sum_rule&) = default;
};

/// Operands in which a subnormal number can stand: the exponents of their smallest normal numbers.
struct least_exponents {
  int a, b, c;
};

/// Of the formats themselves.
constexpr least_exponents least_of(dtype a, dtype b, dtype sum) {
  return {1 - format_of(a).bias, 1 - format_of(b).bias, 1 - format_of(sum).bias};
}

/// One output: a[0..count) times b[0], b[stride], ..., plus c.  Numbers of any format as floats.
float truncated_sum(const sum_rule&, const least_exponents&, const float* a, const float* b, int stride,
                    int count, float c);

/// a + b rounded to nearest, as the scalar units add: fp32, or fp16 numbers held as floats.
float added(float a, float b, dtype format);

}  // namespace plumbline::simt
