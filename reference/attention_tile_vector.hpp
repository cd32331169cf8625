// Vectors of doubles, and exp and tanh on them.  Included by attention_tile_code.hpp alone, once an
// instruction set.
//
// exp: x = n ln 2 + r with |r| <= 0.35, ln 2 in two parts whose first has room for n, so that r is exact to
// 2^-97; e^r - 1 = r + r^2 (1/2! + r/3! + ... + r^12/14!), the Taylor series, whose rest r^15/15! is below
// 2^-61 of the result.
// Roundings, in units of the result's last place: the final sum 1/2, the tail 1/4, r 0.18, r^2 and the series
// together below 0.1: at most 1.1 ulp on [-708, 0] (0.97 seen in 2^24 draws).  Below -708, where results
// leave the normal numbers, it returns 0, so exp(-inf) is exactly 0 in every lane; NaN stays NaN.
//
// tanh: with m = e^(-2|y|) - 1 = 2^n (e^r - 1) + (2^n - 1), tanh |y| = -m / (2 + m); nothing cancels.  Below
// 4 ulp.
#pragma once

#include <cstdint>

#if defined(__clang__)
#define PLUMBLINE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define PLUMBLINE_UNROLL _Pragma("GCC unroll 16")
#endif
#define PLUMBLINE_INLINE __attribute__((always_inline)) inline

namespace plumbline::attention_tile {
namespace {

constexpr int lanes = PLUMBLINE_TILE_LANES;
constexpr int halves = panel_rows / lanes;  // vectors of one panel row

typedef double vec __attribute__((vector_size(8 * PLUMBLINE_TILE_LANES), may_alias));
typedef double loose __attribute__((vector_size(8 * PLUMBLINE_TILE_LANES), aligned(8), may_alias));
typedef unsigned long long pattern
    __attribute__((vector_size(8 * PLUMBLINE_TILE_LANES), may_alias));  // wraps around where NaN goes
typedef long long whole __attribute__((vector_size(8 * PLUMBLINE_TILE_LANES), may_alias));

PLUMBLINE_INLINE vec load(const double* p) { return *reinterpret_cast<const vec*>(p); }
PLUMBLINE_INLINE vec load_loose(const double* p) { return *reinterpret_cast<const loose*>(p); }
PLUMBLINE_INLINE void store(double* p, vec x) { *reinterpret_cast<vec*>(p) = x; }
PLUMBLINE_INLINE void store_loose(double* p, vec x) { *reinterpret_cast<loose*>(p) = x; }
PLUMBLINE_INLINE vec all(double x) { return x - vec{}; }
PLUMBLINE_INLINE vec larger(vec a, vec b) { return a > b ? a : b; }  // b where a is NaN
PLUMBLINE_INLINE vec magnitude(vec x) { return (vec)((whole)x & 0x7fffffffffffffffll); }
PLUMBLINE_INLINE vec power_below(vec x) { return (vec)((whole)x & 0x7ff0000000000000ll); }  // 2^floor(log2 x)
PLUMBLINE_INLINE bool any(whole mask) {
  long long together = 0;
  PLUMBLINE_UNROLL
  for (int i = 0; i < lanes; ++i) together |= mask[i];
  return together != 0;
}

constexpr double infinity = __builtin_inf();
constexpr double log2_e = 0x1.71547652b82fep0;
constexpr double ln2_high = 0x1.62e42fefa3800p-1, ln2_low = 0x1.ef35793c76730p-45;
constexpr double whole_shift =
    0x1.8p52;  // x + this - this rounds to an integer, which stands in the low bits
constexpr double least_exponent = -708;

struct reduced {
  vec tail;      // e^r - 1
  pattern bits;  // whole_shift + n
};

PLUMBLINE_INLINE reduced reduce(vec x) {
  constexpr double factorial[] = {1.0,       2.0,        6.0,         24.0,        120.0,
                                  720.0,     5040.0,     40320.0,     362880.0,    3628800.0,
                                  39916800., 479001600., 6227020800., 87178291200.};
  const vec shifted = x * log2_e + whole_shift;
  const vec n = shifted - whole_shift;
  const vec r = (x - n * ln2_high) - n * ln2_low;
  vec series = all(1 / factorial[13]);
  PLUMBLINE_UNROLL
  for (int i = 12; i >= 1; --i) series = series * r + 1 / factorial[i];
  return {r + r * r * series, (pattern)shifted};
}

PLUMBLINE_INLINE vec exp_of(vec x) {
  const reduced y = reduce(x);
  const vec result = (vec)((pattern)(1.0 + y.tail) + (y.bits << 52));
  return x < least_exponent ? vec{} : (x == x ? result : x);
}

PLUMBLINE_INLINE vec tanh_of(vec y) {
  const vec twice = magnitude(y) * -2.0;
  const reduced e = reduce(larger(twice, all(-100)));
  const vec power = (vec)((e.bits << 52) + (1023ull << 52));
  const vec m = power * e.tail + (power - 1.0);
  const vec result = -m / (2.0 + m);
  const vec with_sign = (vec)((whole)result | ((whole)y & (whole)all(-0.0)));
  return y == y ? with_sign : y;
}

}  // namespace
}  // namespace plumbline::attention_tile
