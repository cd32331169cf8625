#include "properties/judge/combine_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/judge/amplitude.hpp"
#include "properties/judge/classes.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/element_bound.hpp"
#include "properties/judge/judged_row.hpp"
#include "properties/judge/lse.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {
namespace {

using judging::judged_element;
using judging::judged_row;

/// What the rounded arguments of the weights may do to an element, the normaliser's share included.
double argument_error(const combine_truth& t, std::size_t element, std::int64_t row) {
  return t.distant[element] + std::fabs(t.out[element]) * t.spread[static_cast<std::size_t>(row)];
}

/// Noise of one merged row: independent roundings of the terms, and a bounded part for sum and normaliser.
void judge_merged_row(const combine_truth& t, const contract& promised, std::int64_t row,
                      std::span<const double> computed, judged_row& out) {
  out.row = row;
  out.columns = static_cast<double>(t.dv);
  out.lambda = 1;
  out.noise = {};
  out.noise.V0 = judging::combine_sum_variance * t.weights2[static_cast<std::size_t>(row)];
  out.elements.clear();
  double along = 0, size2 = 0;
  for (std::int64_t c = 0; c < t.dv; ++c) {
    const auto at = static_cast<std::size_t>(row * t.dv + c);
    judged_element one;
    one.column = c;
    one.r = t.out[at];
    one.x = computed[at];
    if (!std::isfinite(one.r) || !std::isfinite(one.x)) continue;
    const double step = ulp(promised.out_type, one.r), size = std::fabs(one.r);
    one.S1 = t.S1[at];
    one.h = 0.5 * std::max(step, ulp(promised.out_type, one.x)) * (1 + judging::half_ulp_slack);
    one.s2 = judging::combine_sigma * judging::combine_sigma * t.squares[at] +
             judging::combine_sum_variance * t.sums2[at];
    one.s1 = out.noise.V0 * size * size;
    one.beta = judging::combine_drift * (one.S1 + size) + argument_error(t, at, row);
    one.e = one.x - one.r;
    const double rounded = round_to(promised.out_type, one.r);
    one.rounding = std::isfinite(rounded) ? rounded - one.r : 0;
    one.tau0_2 = one.s2 + step * step / 12;
    along += (judging::combine_drift * one.S1 + argument_error(t, at, row)) * size / one.tau0_2;
    size2 += size * size / one.tau0_2;
    out.elements.push_back(one);
  }
  // The weights are shared by all columns, so all of the bounded error may point along r.
  out.noise.groups = 1;
  out.noise.c_dr = size2 > 0 ? judging::combine_drift + along / size2 : 0;
}

double lse_tolerance(const combine_truth& t, std::size_t row) {
  return judging::lse_ulp_error * (2 + std::fabs(t.lse[row]) + std::fabs(t.largest[row])) +
         judging::combine_lse_term * static_cast<double>(t.used[row]);
}

verdict judge_merged(const combine_truth& t, const contract& promised, std::span<const double> out,
                     std::span<const double> lse, const row_name& name) {
  const double rows = static_cast<double>(t.rows);
  judging::class_test out_class, lse_class;
  judging::element_bound hard("H"), element("E");
  judging::amplitude_test amplitude(rows);
  judging::lse_test lse_rows(rows);
  const double K = judging::element_threshold.at(rows * static_cast<double>(t.dv));
  verdict v;
  judged_row row;
  double max_ulp = 0, squares = 0, finite = 0;
  for (std::int64_t i = 0; i < t.rows; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double terms = static_cast<double>(t.used[at]) + 4;
    for (std::int64_t c = 0; c < t.dv; ++c) {
      const auto k = static_cast<std::size_t>(i * t.dv + c);
      out_class.add({0, i, c}, t.out[k], out[k], promised.out_type,
                    judging::combine_drift * terms * t.S1[k] + argument_error(t, k, i));
    }
    judge_merged_row(t, promised, i, out, row);
    for (const judged_element& one : row.elements) {
      // Worst case: every weight, product and partial sum off by one fp32 rounding, all the same way.
      const double h_used =
          hard.add(i, one,
                   {{"output rounding", one.h},
                    {"merge (worst case)",
                     judging::combine_drift * terms * one.S1 +
                         argument_error(t, static_cast<std::size_t>(i * t.dv + one.column), i)}});
      const double sigma = std::sqrt(one.s2 + one.s1) + judging::exact_lane_floor * one.S1;
      const double e_used =
          element.add(i, one,
                      {{"output rounding", one.h},
                       {"normaliser and merge", one.beta},
                       {"rounding of terms (" + judging::in_words(K, 3) + " sigma)", K * sigma}});
      const double share = std::max(h_used, e_used) * 20;
      ++v.used_histogram[share < used_bins - 1 ? static_cast<std::size_t>(share) : used_bins - 1];
      max_ulp = std::max(max_ulp, std::fabs(one.e) / ulp(promised.out_type, one.r));
      squares += one.e * one.e / one.tau0_2, finite += 1;
    }
    if (!row.elements.empty()) amplitude.add(row);
    if (lse.empty()) continue;
    lse_class.add({0, i, -1}, t.lse[at], lse[at], dtype::f64, 0);
    if (std::isfinite(t.lse[at]) && std::isfinite(lse[at]))
      lse_rows.add({0, i, -1}, t.lse[at], lse[at], lse_tolerance(t, at));
  }
  v.elements = out_class.compared();
  v.findings.push_back(out_class.finish("out", name));
  if (!lse.empty()) v.findings.push_back(lse_class.finish("lse", name));
  v.findings.push_back(hard.finish(name));
  v.findings.push_back(element.finish(name));
  v.findings.push_back(amplitude.finish(name));
  if (!lse.empty()) v.findings.push_back(lse_rows.finish(name));
  for (const finding& one : v.findings)
    if (one.test != "class") v.metrics[one.test] = one.used;
  v.metrics["max_ulp"] = max_ulp;
  if (finite > 0) v.metrics["rms"] = std::sqrt(squares / finite);  // of the declared noise
  v.metrics["bias"] = amplitude.tensor().a;
  const bool all_zero = std::all_of(t.out.begin(), t.out.end(), [](double r) { return r == 0; });
  conclude(v, all_zero, "the truth is all zero");
  return v;
}

}  // namespace

combine_truth merge_partials(std::int64_t splits, std::int64_t rows, std::int64_t dv,
                             std::span<const double> out_partial, std::span<const double> lse_partial) {
  const auto elements = static_cast<std::size_t>(rows * dv), count = static_cast<std::size_t>(rows);
  if (out_partial.size() != elements * static_cast<std::size_t>(splits))
    throw bad_argument("out_partial", counted(splits * rows * dv, "element"));
  if (lse_partial.size() != count * static_cast<std::size_t>(splits))
    throw bad_argument("lse_partial", counted(splits * rows, "element"));
  combine_truth t;
  t.rows = rows;
  t.dv = dv;
  t.out.assign(elements, 0);
  t.S1.assign(elements, 0);
  t.squares.assign(elements, 0);
  t.sums2.assign(elements, 0);
  t.distant.assign(elements, 0);
  t.spread.assign(count, 0);
  t.weights2.assign(count, 0);
  t.lse.assign(count, -std::numeric_limits<double>::infinity());
  t.largest = t.lse;
  t.used.assign(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto partial = [&](std::int64_t s) { return lse_partial[static_cast<std::size_t>(s) * count + i]; };
    double sum = 0;
    for (std::int64_t s = 0; s < splits; ++s) t.largest[i] = std::fmax(t.largest[i], partial(s));
    for (std::int64_t s = 0; s < splits; ++s)
      if (!(partial(s) == -std::numeric_limits<double>::infinity())) {
        sum += std::exp(partial(s) - t.largest[i]);
        ++t.used[i];
      }
    if (t.used[i] == 0) continue;
    t.lse[i] = t.largest[i] + std::log(sum);
    bool first = true;
    double weights = 0;
    for (std::int64_t s = 0; s < splits; ++s) {
      if (partial(s) == -std::numeric_limits<double>::infinity()) continue;
      const double p = std::exp(partial(s) - t.largest[i]), w = p / sum;
      const double doubt = p < std::numeric_limits<float>::min()
                               ? 1
                               : judging::argument_rounding * (t.largest[i] - partial(s));
      t.spread[i] += w * doubt;
      const std::size_t from = static_cast<std::size_t>(s) * elements + i * static_cast<std::size_t>(dv);
      for (std::size_t c = 0; c < static_cast<std::size_t>(dv); ++c) {
        const double term = w * out_partial[from + c];
        const std::size_t at = i * static_cast<std::size_t>(dv) + c;
        t.out[at] += term;
        t.S1[at] += std::fabs(term);
        t.squares[at] += term * term;
        t.distant[at] += std::fabs(term) * doubt;
        if (!first) t.sums2[at] += t.out[at] * t.out[at];
      }
      weights += w;
      if (!first) t.weights2[i] += weights * weights;
      first = false;
    }
  }
  return t;
}

verdict judge_combine(const combine_truth& truth, const contract& promised, std::span<const double> out,
                      std::span<const double> lse, const std::function<std::string(std::int64_t row)>& name) {
  if (out.size() != truth.out.size())
    throw bad_argument("out", counted(truth.out.size(), "element") + ", not " + std::to_string(out.size()));
  if (!lse.empty() && lse.size() != truth.lse.size())
    throw bad_argument("lse", counted(truth.lse.size(), "element") + ", not " + std::to_string(lse.size()));
  const row_name named = [&](std::size_t, std::int64_t row) {
    return name ? name(row) : "row " + std::to_string(row);
  };
  verdict v = judge_merged(truth, promised, out, lse, named);
  if (v.result == outcome::pass &&
      std::none_of(truth.out.begin(), truth.out.end(), [](double r) { return std::isfinite(r); }))
    conclude(v, true, "no finite value to judge: the truth is nowhere a finite number");
  const std::vector<double> zeros(out.size(), 0.0);
  if (v.result == outcome::pass && judge_merged(truth, promised, zeros, lse, named).result != outcome::fail)
    conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  return v;
}

}  // namespace plumbline
