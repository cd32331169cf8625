#include "properties/judge/product_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "properties/judge/amplitude.hpp"
#include "properties/judge/classes.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/element_bound.hpp"
#include "properties/judge/judged_row.hpp"
#include "properties/judge/rows.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {
namespace {

using judging::judged_element;
using judging::judged_row;

/// What the accumulator of a contract does to a sum of that many products.
struct sum_noise {
  double random, drift, coherent, worst;
};

sum_noise noise_of_sum(accumulation a, double terms) {
  if (judging::noise_of(a).promoted)
    return {judging::product_f13_random / std::sqrt(std::max(1.0, std::ceil(terms / 128))),
            judging::product_f13_drift, judging::product_f13_coherent, judging::product_f13_worst};
  const double drift = judging::product_drift * std::max(4.0, terms / 16);
  return {score_noise(a, std::max(terms, 16.0)), drift, drift,
          a == accumulation::f32 ? 2 * unit_roundoff(dtype::f32) * terms
                                 : judging::noise_of(a).c_hard * std::max(1.0, std::ceil(terms / 16))};
}

double at_or_zero(const std::vector<double>& of, std::size_t at) { return of.empty() ? 0 : of[at]; }

/// Bounded error of an element but for the accumulator's drift: scaled sums are rounded, and so is each time
/// they are added, to a relative error or to a multiple of the smallest subnormal.
double scaling_of(const product_truth& t, std::size_t at) {
  if (t.scalings == 0) return 0;
  return static_cast<double>(t.scalings + 1) *
         (unit_roundoff(dtype::f32) * at_or_zero(t.scaled, at) + ulp(dtype::f32, 0) / 2);
}

void judge_product_row(const product_truth& t, const contract& promised, const sum_noise& noise,
                       std::int64_t row, std::span<const double> computed, judged_row& out) {
  out.row = row;
  out.columns = static_cast<double>(t.columns);
  out.noise = {};
  out.noise.n4 = std::numeric_limits<double>::infinity();  // no two columns share a sum
  out.elements.clear();
  double along = 0, size2 = 0;
  for (std::int64_t c = 0; c < t.columns; ++c) {
    const auto at = static_cast<std::size_t>(row * t.columns + c);
    judged_element one;
    one.column = c;
    one.r = t.out[at];
    one.x = computed[at];
    if (!std::isfinite(one.r) || !std::isfinite(one.x)) continue;
    const double step = ulp(promised.out_type, one.r), size = std::fabs(one.r);
    const double drift = std::max(noise.drift * t.SB[at], at_or_zero(t.lost, at));
    one.S1 = t.S1[at];
    one.SB = t.SB[at];
    one.h = 0.5 * std::max(step, ulp(promised.out_type, one.x)) * (1 + judging::half_ulp_slack);
    one.s2 = std::max(noise.random * one.S1 * (noise.random * one.S1), at_or_zero(t.lost2, at) / 3);
    one.beta = drift + scaling_of(t, at);
    one.e = one.x - one.r;
    const double rounded = round_to(promised.out_type, one.r);
    one.rounding = std::isfinite(rounded) ? rounded - one.r : 0;
    one.dither = step * step / 12;
    one.tau0_2 = one.s2 + one.dither;
    one.tau2 = one.tau0_2 + one.beta * one.beta / 3;
    // SB where blocks cancel has no direction of its own; what drifts along r is a share of r.
    const double coherent = std::max(noise.coherent * std::min(one.SB, size), at_or_zero(t.lost, at));
    along += (coherent + scaling_of(t, at)) * size / one.tau0_2;
    size2 += size * size / one.tau0_2;
    out.elements.push_back(one);
  }
  out.noise.groups = 1;
  out.noise.c_dr = size2 > 0 ? along / size2 : 0;
  if (!out.elements.empty()) judging::count_freedom(out.columns, unit_roundoff(promised.out_type), out);
}

/// How many rows have the result of row i, for every i: rows of equal inputs err alike.
std::vector<double> copies_of_rows(const product_truth& t) {
  std::map<std::vector<double>, std::vector<std::size_t>> alike;
  std::vector<double> copies(static_cast<std::size_t>(t.rows), 1);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const auto first = t.out.begin() + static_cast<std::ptrdiff_t>(i) * t.columns;
    std::vector<double> row(first, first + t.columns);
    for (double& r : row) r = std::isnan(r) ? 0 : std::fabs(r);
    alike[std::move(row)].push_back(i);
  }
  for (const auto& [row, which] : alike)
    for (const std::size_t i : which) copies[i] = static_cast<double>(which.size());
  return copies;
}

verdict judge_sums(const product_truth& t, const contract& promised, std::span<const double> out,
                   const row_name& name) {
  const double rows = static_cast<double>(t.rows);
  const sum_noise noise = noise_of_sum(promised.product().sums, static_cast<double>(t.terms));
  const double K = judging::element_threshold.at(rows * static_cast<double>(t.columns));
  const std::vector<double> copies = copies_of_rows(t);
  judging::class_test classes;
  judging::element_bound hard("H"), element("E");
  judging::rms_test rms(rows);
  judging::amplitude_test amplitude(rows);
  verdict v;
  judged_row row;
  double max_ulp = 0;
  for (std::int64_t i = 0; i < t.rows; ++i) {
    for (std::int64_t c = 0; c < t.columns; ++c) {
      const auto at = static_cast<std::size_t>(i * t.columns + c);
      classes.add({0, i, c}, t.out[at], out[at], promised.out_type,
                  noise.worst * t.S1[at] + scaling_of(t, at));
    }
    judge_product_row(t, promised, noise, i, out, row);
    row.duplicates = row.repeats = copies[static_cast<std::size_t>(i)];
    for (const judged_element& one : row.elements) {
      const auto at = static_cast<std::size_t>(i * t.columns + one.column);
      const double scaling = scaling_of(t, at);
      const double h_used = hard.add(i, one,
                                     {{"output rounding", one.h},
                                      {"accumulation (worst case)", noise.worst * one.S1},
                                      {"scaling", scaling}});
      const double sigma = std::sqrt(one.s2) + judging::exact_lane_floor * one.S1;
      const double e_used =
          element.add(i, one,
                      {{"output rounding", one.h},
                       {"accumulation", one.beta - scaling},
                       {"scaling", scaling},
                       {"noise of sums (" + judging::in_words(K, 3) + " sigma)", K * sigma}});
      const double share = std::max(h_used, e_used) * 20;
      ++v.used_histogram[share < used_bins - 1 ? static_cast<std::size_t>(share) : used_bins - 1];
      max_ulp = std::max(max_ulp, std::fabs(one.e) / ulp(promised.out_type, one.r));
    }
    if (row.elements.empty()) continue;
    rms.add(row);
    amplitude.add(row);
  }
  v.elements = classes.compared();
  v.findings = {classes.finish("out", name), hard.finish(name), element.finish(name), rms.finish(name),
                amplitude.finish(name)};
  for (const finding& one : v.findings)
    if (one.test != "class") v.metrics[one.test] = one.used;
  v.metrics["max_ulp"] = max_ulp;
  v.metrics["rms"] = rms.rms();
  v.metrics["bias"] = amplitude.tensor().a;
  const bool all_zero = std::all_of(t.out.begin(), t.out.end(), [](double r) { return r == 0; });
  conclude(v, all_zero, "the truth is all zero");
  return v;
}

}  // namespace

std::string product_budgets(std::span<const contract> all) {
  using judging::in_words;
  std::string text =
      "  H  |x - r| <= h + c_worst S1 + scaling; h: half an ulp of the output, scaling: 2^-24 (scaled sums + "
      "1) "
      "of their sizes\n"
      "  E  |x - r| <= h + c_drift SB + scaling + K c_random S1, K " +
      in_words(judging::element_threshold.K0) + " up to " + in_words(judging::element_threshold.M0) +
      " elements\n"
      "  R  rms(e / tau) of a row, of the tensor <= chi-square quantile at K " +
      in_words(judging::row_rms_threshold.K0) + ", " + in_words(judging::tensor_rms_threshold.K0) +
      "\n  A  |<r, e> / <r, r>| <= c_coherent + |<r, rounding>| + K sd, K " +
      in_words(judging::row_amplitude_threshold.K0) + " of a row and the tensor, " +
      in_words(judging::group_amplitude_threshold.K0) + " of 64 columns\n";
  for (const contract& c : all) {
    constexpr double terms = 4096;
    const sum_noise n = noise_of_sum(c.product().sums, terms);
    text += "  " + std::string(c.name) + ", K = " + in_words(terms) + ": c_random " + in_words(n.random, 2) +
            ", c_drift " + in_words(n.drift, 2) + ", c_coherent " + in_words(n.coherent, 2) + ", c_worst " +
            in_words(n.worst, 2) + "\n";
  }
  return text;
}

verdict judge_product(const product_truth& truth, const contract& promised, std::span<const double> out,
                      const std::function<std::string(std::int64_t row)>& name) {
  if (out.size() != truth.out.size())
    throw bad_argument("out", counted(truth.out.size(), "element") + ", not " + std::to_string(out.size()));
  const row_name named = [&](std::size_t, std::int64_t row) {
    return name ? name(row) : "row " + std::to_string(row);
  };
  verdict v = judge_sums(truth, promised, out, named);
  if (v.result == outcome::pass &&
      std::none_of(truth.out.begin(), truth.out.end(), [](double r) { return std::isfinite(r); }))
    conclude(v, true, "no finite value to judge: the truth is nowhere a finite number");
  const std::vector<double> zeros(out.size(), 0.0);
  if (v.result == outcome::pass && judge_sums(truth, promised, zeros, named).result != outcome::fail)
    conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  return v;
}

}  // namespace plumbline
