#include "ci/plumbline/tail_bounds.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::program {

namespace {

constexpr int halvings = 40;  // of the shift
constexpr int steps = 20;     // towards the best s
constexpr double beyond =
    30;  // times the best s of a normal T: near the end of what T can be, the best is far out

// Of a convex function on [0, end]: any point bounds, so how near the least one is decides nothing but how
// well.
template <class Function>
double least_of(const Function& f, double end) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = 0, high = end, a = high - golden * end, b = golden * end, of_a = f(a), of_b = f(b);
  for (int i = 0; i < steps; ++i)
    if (of_a < of_b) {
      high = b, b = a, of_b = of_a;
      a = high - golden * (high - low), of_a = f(a);
    } else {
      low = a, a = b, of_a = of_b;
      b = low + golden * (high - low), of_b = f(b);
    }
  return std::min({of_a, of_b, 0.0});
}

// log of the sum over all sets of `taken` of exp(sum of logs), made of heads[i] = 1 / (1 + exp(-logs[i] -
// shift)): the probability of that many heads, with `shift` chosen so that it is near its largest.
double log_symmetric(const std::vector<double>& logs, std::size_t taken) {
  const auto heads = [&](double shift) {
    double sum = 0;
    for (const double x : logs) sum += 1 / (1 + std::exp(-x - shift));
    return sum;
  };
  const auto [least, most] = std::minmax_element(logs.begin(), logs.end());
  const auto n = static_cast<double>(logs.size()), k = static_cast<double>(taken);
  const double even = std::log(k / (n - k));
  double low = even - *most, high = even - *least;
  for (int i = 0; i < halvings; ++i) {
    const double middle = (low + high) / 2;
    (heads(middle) < k ? low : high) = middle;
  }
  std::vector<double> with(taken + 1, 0);
  with[0] = 1;
  double scale = -low * k;
  for (const double x : logs) {
    const double odds = x + low, p = 1 / (1 + std::exp(-odds));
    for (std::size_t j = taken; j > 0; --j) with[j] = with[j] * (1 - p) + with[j - 1] * p;
    with[0] *= 1 - p;
    scale += odds > 0 ? odds + std::log1p(std::exp(-odds)) : std::log1p(std::exp(odds));
  }
  return std::log(with[taken]) + scale;
}

}  // namespace

double log_tail_of_draw(const std::vector<double>& scores, std::size_t taken, double sum) {
  const auto n = static_cast<double>(scores.size()), k = static_cast<double>(taken);
  if (taken == 0 || taken >= scores.size()) return 0;
  double mean = 0, squares = 0;
  for (const double x : scores) mean += x / n;
  for (const double x : scores) squares += (x - mean) * (x - mean);
  const double excess = sum - k * mean, variance = k * (n - k) / n * squares / (n - 1);
  if (!(excess > 0) || !(variance > 0)) return 0;
  std::vector<double> logs(scores.size());
  const double all = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  const auto bound = [&](double s) {
    for (std::size_t i = 0; i < scores.size(); ++i) logs[i] = s * (scores[i] - mean);
    return log_symmetric(logs, taken) - all - s * excess;
  };
  return least_of(bound, beyond * excess / variance);
}

double log_tail_of_signs(const std::vector<double>& sizes, double sum) {
  double variance = 0;
  for (const double x : sizes) variance += x * x;
  if (!(sum > 0) || !(variance > 0)) return 0;
  const auto bound = [&](double s) {
    double logs = -s * sum;
    for (const double x : sizes) logs += s * x + std::log1p(std::exp(-2 * s * x)) - std::log(2.0);
    return logs;
  };
  return least_of(bound, beyond * sum / variance);
}

}  // namespace plumbline::program
