#include "properties/judge/norm_judge.hpp"

#include <algorithm>
#include <cmath>

#include "properties/judge/amplitude.hpp"
#include "properties/judge/classes.hpp"
#include "properties/judge/element_bound.hpp"
#include "properties/judge/rows.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {
namespace {

using judging::judged_element;
using judging::judged_row;

judged_row row_of(const norm_truth& t, dtype out_type, std::int64_t row, std::span<const double> computed) {
  judged_row out;
  out.row = row;
  out.columns = static_cast<double>(t.columns);
  out.lambda = 1;
  out.one_over_nu = 1 / out.columns;
  out.noise = {};
  out.noise.groups = 1;
  out.noise.c_dr = judging::norm_drift;
  out.noise.V0 = judging::norm_sigma * judging::norm_sigma;  // of the root, shared by the row
  for (std::int64_t c = 0; c < t.columns; ++c) {
    const auto at = static_cast<std::size_t>(row * t.columns + c);
    judged_element one;
    one.column = c;
    one.r = t.out[at];
    one.x = computed[at];
    if (!std::isfinite(one.r) || !std::isfinite(one.x)) continue;
    const double step = ulp(out_type, one.r);
    one.h = 0.5 * std::max(step, ulp(out_type, one.x)) * (1 + judging::half_ulp_slack);
    one.s1 = out.noise.V0 * one.r * one.r;
    one.beta = judging::norm_drift * std::fabs(one.r);
    one.e = one.x - one.r;
    const double rounded = round_to(out_type, one.r);
    one.rounding = std::isfinite(rounded) ? rounded - one.r : 0;
    one.dither = step * step / 12;
    one.tau0_2 = one.dither;
    one.tau2 = one.tau0_2 + one.s1 + one.beta * one.beta / 3;
    out.elements.push_back(one);
  }
  return out;
}

verdict judged(const norm_truth& t, dtype out_type, std::span<const double> computed, const row_name& name) {
  const double rows = static_cast<double>(t.rows);
  judging::class_test classes;
  judging::element_bound hard("H"), element("E");
  judging::rms_test rms(rows);
  judging::amplitude_test amplitude(rows);
  const double worst = judging::norm_worst(static_cast<double>(t.columns));
  const double K = judging::element_threshold.at(rows * static_cast<double>(t.columns));
  verdict v;
  double max_ulp = 0;
  for (std::int64_t i = 0; i < t.rows; ++i) {
    for (std::int64_t c = 0; c < t.columns; ++c) {
      const auto at = static_cast<std::size_t>(i * t.columns + c);
      classes.add({0, i, c}, t.out[at], computed[at], out_type, worst * std::fabs(t.out[at]));
    }
    const judged_row row = row_of(t, out_type, i, computed);
    for (const judged_element& one : row.elements) {
      const double h_used = hard.add(
          i, one, {{"output rounding", one.h}, {"root and products (worst case)", worst * std::fabs(one.r)}});
      const double e_used =
          element.add(i, one,
                      {{"output rounding", one.h},
                       {"root and products", one.beta},
                       {"their rounding (" + judging::in_words(K, 3) + " sigma)", K * std::sqrt(one.s1)}});
      const double share = std::max(h_used, e_used) * 20;
      ++v.used_histogram[share < used_bins - 1 ? static_cast<std::size_t>(share) : used_bins - 1];
      max_ulp = std::max(max_ulp, std::fabs(one.e) / ulp(out_type, one.r));
    }
    if (row.elements.empty()) continue;
    amplitude.add(row);
    rms.add(row);
  }
  v.elements = classes.compared();
  v.findings = {classes.finish("out", name), hard.finish(name), element.finish(name), rms.finish(name),
                amplitude.finish(name)};
  for (const finding& one : v.findings)
    if (one.test != "class") v.metrics[one.test] = one.used;
  v.metrics["max_ulp"] = max_ulp;
  v.metrics["rms"] = rms.rms();
  v.metrics["bias"] = amplitude.tensor().a;
  conclude(v, std::all_of(t.out.begin(), t.out.end(), [](double r) { return r == 0; }),
           "the truth is all zero");
  return v;
}

}  // namespace

verdict judge_norm(const norm_truth& t, dtype out_type, std::span<const double> computed,
                   const std::function<std::string(std::int64_t row)>& name) {
  if (computed.size() != t.out.size())
    throw bad_argument("out", counted(t.out.size(), "element") + ", not " + std::to_string(computed.size()));
  const row_name named = [&](std::size_t, std::int64_t row) {
    return name ? name(row) : "row " + std::to_string(row);
  };
  verdict v = judged(t, out_type, computed, named);
  if (v.result != outcome::pass) return v;
  if (std::none_of(t.out.begin(), t.out.end(), [](double r) { return std::isfinite(r); }))
    conclude(v, true, "no finite value to judge: the truth is nowhere a finite number");
  const std::vector<double> zeros(computed.size(), 0.0);
  if (v.result == outcome::pass && judged(t, out_type, zeros, named).result != outcome::fail)
    conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  return v;
}

}  // namespace plumbline
