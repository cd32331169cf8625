// Numbers that know how far a double computation of them may be off.
//
// value is computed in long double, error bounds what the same step does in double to arguments with their
// own errors, to first order: half an ulp a step, and for sums of n terms n of them of the sum of magnitudes,
// whatever the order.  A chain written in these is its own error analysis.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace plumbline::mla::tracked {

using real = long double;
// A little above 2^-53: pays for the long double and for terms of second order.
inline constexpr real u = 0x1.04p-53L;

struct number {
  real value = 0, error = 0;
  number() = default;
  number(double x) : value(x) {}
  number(real v, real e) : value(v), error(e) {}
};

inline number rounded(real value, real error) { return {value, error + u * std::fabs(value)}; }
inline number operator+(const number& a, const number& b) {
  return rounded(a.value + b.value, a.error + b.error);
}
inline number operator-(const number& a, const number& b) {
  return rounded(a.value - b.value, a.error + b.error);
}
inline number operator*(const number& a, const number& b) {
  return rounded(a.value * b.value,
                 std::fabs(a.value) * b.error + std::fabs(b.value) * a.error + a.error * b.error);
}

/// Sum of a[i] b[i], in any order.
template <class A, class B>
number dot(std::int64_t n, A a, B b) {
  real value = 0, error = 0, size = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const number x = number(a(i)) * number(b(i));
    value += x.value, error += x.error, size += std::fabs(x.value);
  }
  return {value, error + static_cast<real>(n) * u * size};
}

/// 1 / sqrt(x), x > 0: derivative, and three roundings.
inline number inverse_root(const number& x) {
  const real y = 1 / std::sqrt(x.value);
  return {y, y * (x.error / (2 * x.value) * 1.01L + 3 * u)};
}

inline std::vector<number> rms_norm(const std::vector<number>& x, const std::vector<double>& weight,
                                    double eps) {
  const auto n = static_cast<std::int64_t>(x.size());
  const auto at = [&](std::int64_t i) { return x[static_cast<std::size_t>(i)]; };
  number mean = dot(n, at, at) * number(1.0L / static_cast<real>(n), 0) + number(eps);
  mean.error += u * mean.value;
  const number factor = inverse_root(mean);
  std::vector<number> y;
  for (std::size_t i = 0; i < x.size(); ++i) y.push_back(x[i] * factor * number(weight[i]));
  return y;
}

/// Softmax attention of one query over `scores` with values v(key, column): out, then lse at the back.
template <class Value>
std::vector<number> attend(const std::vector<number>& scores, std::int64_t columns, Value v) {
  std::vector<number> result;
  if (scores.empty()) {
    result.assign(static_cast<std::size_t>(columns), number());
    result.push_back({std::numeric_limits<real>::infinity(), 0});
    return result;
  }
  number most = scores[0];
  for (const number& s : scores) most = s.value > most.value ? s : most;
  // Weights, relative to the largest score, which a shift leaves out of the quotient.  Sums run over pages of
  // 64 keys, each rescaled when the maximum moves.
  const real pages = static_cast<real>(scores.size() / 64 + 2);
  std::vector<number> p;
  real total = 0, total_error = 0;
  for (const number& s : scores) {
    const real value = std::exp(s.value - most.value);
    const real relative =
        s.error + most.error + u * std::fabs(s.value - most.value) + (2 + 64 + 4 * pages) * u;
    p.push_back({value, value * relative * 1.01L});
    total += value, total_error += p.back().error;
  }
  for (std::int64_t c = 0; c < columns; ++c) {
    real sum = 0, error = 0;
    for (std::size_t j = 0; j < p.size(); ++j) {
      const number x = p[j] * v(static_cast<std::int64_t>(j), c);
      sum += x.value, error += x.error;
    }
    const real out = sum / total;
    result.push_back(
        {out, 1.01L * (error / total + std::fabs(out) * total_error / total) + 4 * u * std::fabs(out)});
  }
  const real lse = most.value + std::log(total);
  result.push_back({lse, most.error + 1.01L * total_error / total + 4 * u * (std::fabs(lse) + 1)});
  return result;
}

/// |x - n| in units of its bound; NaN is infinite.
inline double used(double x, const number& n) {
  if (static_cast<real>(x) == n.value) return 0;
  const double ratio = static_cast<double>(std::fabs(static_cast<real>(x) - n.value) / n.error);
  return ratio >= 0 ? ratio : std::numeric_limits<double>::infinity();
}

}  // namespace plumbline::mla::tracked
