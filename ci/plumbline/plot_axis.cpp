#include "ci/plumbline/plot_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumbline::program {

namespace {

constexpr double least = 1e-100, most = 1e100;  // what is smaller is drawn as zero, what is larger as this
constexpr double alike = 1e-9;                  // numbers that differ by less are one
constexpr int steps = 5, decades = 8;

// The least round number that is no smaller.
double rounded_up(double x) {
  const double power = std::pow(10, std::floor(std::log10(x)));
  for (const double digit : {1, 2, 5})
    if (digit * power >= x) return digit * power;
  return 10 * power;
}

std::vector<double> linear_ticks(double low, double high) {
  if (!(high > low * (1 + alike))) high = low > 0 ? 2 * low : 1, low = 0;
  if (low < 0.5 * high) low = 0;
  const double step = rounded_up((high - low) / steps);
  std::vector<double> all;
  for (double k = std::floor(low / step); all.size() < 2 || all.back() < high; ++k) all.push_back(k * step);
  return all;
}

std::vector<double> logarithmic_ticks(double low, double high) {
  const int first = static_cast<int>(std::floor(std::log10(low))),
            last = static_cast<int>(std::ceil(std::log10(high))),
            step = (last - first + decades - 1) / decades;
  std::vector<double> all;
  for (int k = first; k < last; k += step) {
    all.push_back(std::pow(10, k));
    if (last - first <= 2) all.push_back(2 * all.back()), all.push_back(2.5 * all.back());
  }
  all.push_back(std::pow(10, first + (last - first + step - 1) / step * step));
  return all;
}

}  // namespace

plot_axis::plot_axis(const std::vector<double>& numbers) {
  std::vector<double> held;
  for (const double x : numbers)
    if (std::isfinite(x)) held.push_back(x < least ? 0 : std::min(x, most));
  if (held.empty()) held = {0};
  const auto [low, high] = std::minmax_element(held.begin(), held.end());
  logarithmic_ = *low > 0 && *high / *low >= 10;
  ticks_ = logarithmic_ ? logarithmic_ticks(*low, *high) : linear_ticks(*low, *high);
}

double plot_axis::place(double x) const { return logarithmic_ ? std::log10(std::max(x, least)) : x; }

double plot_axis::share(double x) const {
  const double low = place(ticks_.front()), high = place(ticks_.back());
  return std::clamp((place(std::min(x, ticks_.back())) - low) / (high - low), 0.0, 1.0);
}

std::string plot_axis::label(double tick) { return fmt::format("{:.10g}", tick); }

}  // namespace plumbline::program
