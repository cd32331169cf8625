// How a Hopper tensor core adds: the model behind the host's mma, bit for bit.
//
// For one output, the sixteen products and the accumulator enter one sum.  With e(x) the exponent of a factor
// (a subnormal has its format's least exponent) and E the largest e(a) + e(b) of the nonzero products and
// e(c) of a nonzero accumulator, every term is cut toward zero to a multiple of 2^(E-25), the cut terms are
// added exactly, and the sum is cut toward zero to a float.  NaN is 0x7fffffff, a zero sum is +0, and what
// reaches 2^128 is infinite.
//
// The fast path does this in floats, eight outputs at once: a product of two 11-bit significands is an exact
// float, scaling by 2^(25-E) is exact, and conversion to int32 cuts toward zero.  A term is below 2^27, so
// eight of them fit an int32; the two halves are joined in double.  Tiles whose exponents leave the range in
// which all of that is exact, or that hold NaN or infinity, take integers, one output at a time.
//
// Sources: Khattak and Mikaitis, "Accurate Models of NVIDIA Tensor Cores" (arXiv 2512.07004), whose 5000
// recorded H200 vectors a format this reproduces; MMA-Sim (arXiv 2511.10909).
#pragma once

namespace plumbline::simt {

/// The operands of one m16n8k16, as matrices.
struct mma_tile {
  alignas(32) float a[16][16];
  alignas(32) float b[16][8];
  alignas(32) float d[16][8];
};

/// d += a b.  `least` is the power of two of the operands' smallest normal number: 2^-14 for f16, 2^-126 for
/// bf16.  The same bits from every compiler.
void multiply_add(mma_tile&, float least);

/// One output by integers: a[0..15] times b[0], b[stride], ..., plus c.
float truncated_sum(const float* a, const float* b, int stride, float c, float least);

}  // namespace plumbline::simt
