// All rows pass through the tests once, row by row, so memory stays flat in the size of the tensor.
//
// Where many P round alike the contract predicts a shift of the output and the judge subtracts it.  A kernel
// may keep P more accurately than it promised; then there is no shift.  So if the first look fails and any
// row had a shift to subtract, a second look subtracts nothing, and the better of the two counts.
#include "properties/judge/attention/tests.hpp"

#include <algorithm>
#include <cmath>

#include "properties/judge/amplitude.hpp"
#include "properties/judge/attention/hard.hpp"
#include "properties/judge/attention/noise.hpp"
#include "properties/judge/attention/repeats.hpp"
#include "properties/judge/classes.hpp"
#include "properties/judge/element.hpp"
#include "properties/judge/lse.hpp"
#include "properties/judge/rows.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::judging {
namespace {

void expect_size(const std::string& what, std::size_t unit, std::size_t expected, std::size_t given) {
  if (given != expected)
    throw bad_argument(what + " of unit " + std::to_string(unit),
                       counted(expected, "element") + ", not " + std::to_string(given));
}

void check(std::span<const attention_truth> truth, std::size_t which,
           std::span<const attention_output> computed, const contract& promised) {
  if (truth.size() != computed.size())
    throw bad_argument("computed",
                       std::to_string(truth.size()) + " units, not " + std::to_string(computed.size()));
  if (unit_roundoff(promised.attention().part_type) > unit_roundoff(dtype::f32))
    throw bad_argument("contract.part_type", "f32: narrower partials need declared split boundaries");
  for (std::size_t u = 0; u < truth.size(); ++u) {
    if (which >= truth[u].contracts.size())
      throw bad_argument("which", "an index below " + std::to_string(truth[u].contracts.size()));
    expect_size("computed.out", u, truth[u].out.size(), computed[u].out.size());
    if (!computed[u].lse.empty()) expect_size("computed.lse", u, truth[u].lse.size(), computed[u].lse.size());
  }
}

struct look {
  verdict result;
  bool had_shift = false;
};

/// How far elements may be from the truth before the output is rounded; asked only near an overflow.
std::vector<double> reach_of_row(const attention_truth& t, std::size_t which, const contract& promised,
                                 std::int64_t row) {
  const auto dv = static_cast<std::size_t>(t.dv);
  const auto truth_row = std::span<const double>(t.out).subspan(static_cast<std::size_t>(row) * dv, dv);
  std::vector<double> reach(dv, 0);
  if (promised.out_type == dtype::f64) return reach;
  const format f = format_of(promised.out_type);
  const double half_of_largest = decode(promised.out_type, f.max_code) / 2;
  if (std::none_of(truth_row.begin(), truth_row.end(),
                   [&](double r) { return std::fabs(r) > half_of_largest; }))
    return reach;
  judged_row facts;
  judge_row(t, which, promised, row, truth_row, true, facts);
  for (const judged_element& one : facts.elements)
    reach[static_cast<std::size_t>(one.column)] =
        sum_of(hard_budget(facts, one, promised.attention(), static_cast<double>(t.dk), t.softcap)) - one.h;
  return reach;
}

void test_classes(std::size_t u, const attention_truth& t, const attention_output& x, std::size_t which,
                  const contract& promised, class_test& out, class_test& lse) {
  for (std::int64_t row = 0; row < t.rows; ++row) {
    const std::vector<double> reach = reach_of_row(t, which, promised, row);
    for (std::int64_t c = 0; c < t.dv; ++c) {
      const auto at = static_cast<std::size_t>(row * t.dv + c);
      out.add({u, row, c}, t.out[at], x.out[at], promised.out_type, reach[static_cast<std::size_t>(c)]);
    }
    const auto i = static_cast<std::size_t>(row);
    if (!x.lse.empty()) lse.add({u, row, -1}, t.lse[i], x.lse[i], dtype::f64, 0);
  }
}

void count_used(const std::vector<double>& used, verdict& v) {
  for (double share : used) {
    const double bin = share * 20;
    const int k = bin < used_bins - 1 ? static_cast<int>(bin) : used_bins - 1;
    ++v.used_histogram[static_cast<std::size_t>(k)];
  }
}

look look_at(std::span<const attention_truth> truth, std::size_t which, const contract& promised,
             std::span<const attention_output> computed, const row_name& name, bool centred) {
  double rows = 0, elements = 0;
  bool any_lse = false;
  for (std::size_t u = 0; u < truth.size(); ++u) {
    rows += static_cast<double>(truth[u].rows);
    elements += static_cast<double>(truth[u].rows) * static_cast<double>(truth[u].dv);
    any_lse = any_lse || !computed[u].lse.empty();
  }
  const bool statistics = has_statistics(promised.attention());
  class_test out_class, lse_class;
  hard_test hard(promised.attention());
  element_test element(elements);
  rms_test rms(rows);
  amplitude_test amplitude(rows);
  lse_test lse(rows);
  look out;
  verdict& v = out.result;
  double max_ulp = 0;
  bool equal = true;
  judged_row row;
  std::vector<double> used;
  for (std::size_t u = 0; u < truth.size(); ++u) {
    const attention_truth& t = truth[u];
    const attention_output& x = computed[u];
    test_classes(u, t, x, which, promised, out_class, lse_class);
    row.repeats = statistics ? repeats_of(t, which, unit_roundoff(promised.out_type)) : 1;
    for (std::int64_t i = 0; i < t.rows; ++i) {
      const auto dv = static_cast<std::size_t>(t.dv), at = static_cast<std::size_t>(i);
      row.unit = u;
      judge_row(t, which, promised, i, std::span<const double>(x.out).subspan(at * dv, dv), centred, row);
      out.had_shift = out.had_shift || row.noise.c0 != 0 || row.noise.c1 != 0;
      if (!x.lse.empty() && std::isfinite(t.lse[at]) && std::isfinite(x.lse[at]))
        lse.add({u, i, -1}, t.lse[at], x.lse[at], row.noise.tol_lse);
      if (row.elements.empty()) continue;
      hard.add(row, static_cast<double>(t.dk), t.softcap, used);
      if (statistics) {
        element.add(row, used);
        rms.add(row);
        amplitude.add(row);
      }
      count_used(used, v);
      for (const judged_element& one : row.elements) {
        max_ulp = std::max(max_ulp, std::fabs(one.x - one.r) / ulp(promised.out_type, one.r));
        equal = equal && one.x == round_to(promised.out_type, one.r);
      }
    }
  }
  v.elements = out_class.compared();
  v.findings.push_back(out_class.finish("out", name));
  if (any_lse) v.findings.push_back(lse_class.finish("lse", name));
  v.findings.push_back(hard.finish(name));
  if (statistics) {
    v.findings.push_back(element.finish(name));
    v.findings.push_back(rms.finish(name));
    v.findings.push_back(amplitude.finish(name));
    v.metrics["rms"] = rms.rms();
    v.metrics["bias"] = amplitude.tensor().a;
    v.metrics["E_sigma"] = element.statistic();
    v.metrics["R_row_z"] = std::max(0.0, rms.row_statistic());
    v.metrics["R_tensor_z"] = std::max(0.0, rms.tensor_statistic());
    v.metrics["A_row_z"] = amplitude.row_statistic();
    v.metrics["A_group_z"] = amplitude.group_statistic();
    v.metrics["A_tensor_z"] = amplitude.tensor_statistic();
  }
  if (any_lse) {
    v.findings.push_back(lse.finish(name));
    v.metrics["L_ratio"] = lse.statistic();
  }
  v.metrics["max_ulp"] = max_ulp;
  for (const finding& one : v.findings)
    if (one.test != "class") v.metrics[one.test] = one.used;
  const bool noisy = statistics && rms.count() >= loose_elements && rms.noise_share() > 0.5;
  if (noisy && rms.rms() * rms.rms() < loose_contract)
    v.warnings.push_back("contract probably too loose (rms " + in_words(rms.rms(), 2) +
                         " of the declared noise)");
  if (noisy && equal && unit_roundoff(promised.out_type) <= unit_roundoff(dtype::f32))
    v.warnings.push_back("every element equals the double result: did the reference leak into the output?");
  return out;
}

}  // namespace

verdict apply_attention_tests(std::span<const attention_truth> truth, std::size_t which,
                              const contract& promised, std::span<const attention_output> computed,
                              const row_name& name) {
  check(truth, which, computed, promised);
  bool all_zero = true;
  for (const attention_truth& t : truth)
    all_zero = all_zero && std::all_of(t.out.begin(), t.out.end(), [](double r) { return r == 0; });
  look first = look_at(truth, which, promised, computed, name, true);
  conclude(first.result, all_zero, "the truth is all zero");
  if (first.result.result != outcome::fail || !first.had_shift) return first.result;
  look second = look_at(truth, which, promised, computed, name, false);
  conclude(second.result, all_zero, "the truth is all zero");
  return second.result.budget_used() < first.result.budget_used() ? second.result : first.result;
}

std::vector<attention_output> rounded_truth(std::span<const attention_truth> truth,
                                            const contract& promised) {
  std::vector<attention_output> out(truth.size());
  for (std::size_t u = 0; u < truth.size(); ++u) {
    for (double r : truth[u].out) out[u].out.push_back(round_to(promised.out_type, r));
    for (double r : truth[u].lse) out[u].lse.push_back(round_to(dtype::f32, r));
  }
  return out;
}

}  // namespace plumbline::judging
