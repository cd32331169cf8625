#include "properties/conv1d/filter_judge.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/core/numeric.hpp"
#include "properties/judge/classes.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/element_bound.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::conv1d {

namespace {

constexpr double u = unit_roundoff(dtype::f32);
constexpr double underflow = 0x1p-149;        // a step of fp32 where products or sums are subnormal
constexpr double exponent_leaves_fp32 = 88;   // e^88 < 2^127: beyond it e^-y may be infinity
constexpr double second_order = 1 + 0x1p-20;  // of products of these errors

verdict judged(const filter_shape& p, const filter_truth& t, std::span<const double> computed,
               const row_name& name) {
  judging::class_test classes;
  judging::element_bound hard("H");
  verdict v;
  double max_ulp = 0, squares = 0, finite = 0;
  bool all_zero = true;
  for (std::size_t i = 0; i < t.out.size(); ++i) {
    if (t.compared[i] == 0) continue;
    const auto element = static_cast<std::int64_t>(i);
    const filter_error error = worst_error(p, t.y[i], t.size[i]);
    all_zero = all_zero && t.out[i] == 0;
    classes.add({0, element, -1}, t.out[i], computed[i], p.type, error.sums + error.silu);
    if (!std::isfinite(t.out[i]) || !std::isfinite(computed[i])) continue;
    judging::judged_element one;
    one.column = -1;
    one.r = t.out[i];
    one.x = computed[i];
    one.e = one.x - one.r;
    one.h = 0.5 * std::max(ulp(p.type, one.r), ulp(p.type, one.x)) * (1 + judging::half_ulp_slack);
    const double used =
        hard.add(element, one, {{"output rounding", one.h}, {"sums", error.sums}, {"silu", error.silu}});
    const double share = used * 20;
    ++v.used_histogram[share < used_bins - 1 ? static_cast<std::size_t>(share) : used_bins - 1];
    max_ulp = std::max(max_ulp, std::fabs(one.e) / ulp(p.type, one.r));
    squares += used * used, finite += 1;
  }
  v.elements = classes.compared();
  v.findings = {classes.finish("out", name), hard.finish(name)};
  v.metrics["H"] = v.findings.back().used;
  v.metrics["max_ulp"] = max_ulp;
  if (finite > 0) v.metrics["rms"] = std::sqrt(squares / finite);  // of the budget of each element
  conclude(v, all_zero, "the truth is all zero");
  return v;
}

}  // namespace

filter_error worst_error(const filter_shape& p, double y, double size) {
  filter_error error;
  const double steps = static_cast<double>(p.width);
  const double of_y = steps * (u * size * second_order + underflow);
  error.sums = of_y;
  if (p.act == activation::none) return error;
  const double s = 1 / (1 + std::exp(-y)), r = std::fabs(y * s), rest = 1 / (1 + std::exp(y));
  error.sums = of_y * s * (1 + std::fabs(y) * rest) + of_y * of_y / 4;
  const double exponential = std::fabs(y) * judging::argument_rounding + kernels::exp2_soft_error;
  error.silu = r * (rest * exponential + 2 * u) * second_order + underflow;
  if (y < -exponent_leaves_fp32) error.silu += r;
  return error;
}

verdict judge_filtered(const filter_shape& p, const filter_truth& truth, std::span<const double> computed,
                       const std::function<std::string(std::int64_t element)>& name) {
  if (computed.size() != truth.out.size())
    throw bad_argument("out",
                       counted(truth.out.size(), "element") + ", not " + std::to_string(computed.size()));
  const row_name named = [&](std::size_t, std::int64_t element) {
    return name ? name(element) : "element " + std::to_string(element);
  };
  verdict v = judged(p, truth, computed, named);
  if (v.result != outcome::pass) return v;
  bool finite = false;
  for (std::size_t i = 0; i < truth.out.size(); ++i)
    finite = finite || (truth.compared[i] != 0 && std::isfinite(truth.out[i]));
  conclude(v, !finite, "no finite value to judge: the truth is nowhere a finite number");
  const std::vector<double> zeros(computed.size(), 0.0);
  if (v.result == outcome::pass && judged(p, truth, zeros, named).result != outcome::fail)
    conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  return v;
}

}  // namespace plumbline::conv1d
