// The typical problem is drawn, attended to by the reference and given to the judge's own budget functions.
// Nothing below repeats a formula but the text of it.
#include "properties/judge/attention/budgets_table.hpp"

#include <algorithm>
#include <cmath>

#include "properties/judge/amplitude.hpp"
#include "properties/judge/attention/hard.hpp"
#include "properties/judge/attention/noise.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/element.hpp"
#include "properties/judge/rows.hpp"
#include "properties/judge/words.hpp"
#include "reference/attention.hpp"
#include "reference/core/random.hpp"

namespace plumbline {
namespace {

using judging::in_words;

constexpr std::int64_t typical_rows = 8, typical_keys = 4096, typical_dim = 128;

struct typical_problem {
  std::vector<double> q, k, v;
  attention_truth truth;
};

std::vector<double> drawn(std::string_view purpose, std::int64_t count, dtype in) {
  random_stream random(1, purpose);
  std::vector<double> x(static_cast<std::size_t>(count));
  for (double& one : x) one = round_to(in, random.normal());
  return x;
}

attention_truth typical_truth(const contract& promised) {
  const std::vector<double> q = drawn("budgets q", typical_rows * typical_dim, promised.in),
                            k = drawn("budgets k", typical_keys * typical_dim, promised.in),
                            v = drawn("budgets v", typical_keys * typical_dim, promised.in);
  const auto loader = [](const std::vector<double>& from) {
    return [&from](std::int64_t first, std::int64_t count, double* out) {
      std::copy_n(from.begin() + first * typical_dim, count * typical_dim, out);
    };
  };
  attention_unit unit;
  unit.rows = typical_rows;
  unit.keys = typical_keys;
  unit.dk = unit.dv = typical_dim;
  unit.load_q = loader(q);
  unit.load_k = loader(k);
  unit.load_v = loader(v);
  unit.begin.assign(typical_rows, 0);
  unit.end.assign(typical_rows, typical_keys);
  unit.score_scale = 1 / std::sqrt(static_cast<double>(typical_dim));
  return attend({&unit, 1}, {&promised, 1})[0];
}

/// What the budgets of the typical problem come to.
struct typical_budgets {
  double hard_ulp = 0, element_ulp = 0;  // medians over elements, in ulps of the output there
  double row_rms = 0, tensor_rms = 0;    // largest rms error, in units of the declared noise
  double declared_ulp = 0;               // that noise, in ulps
  double row_scale = 0, tensor_scale = 0;
  double lse = 0, lse_ulp = 0;
};

double median(std::vector<double> x) {
  if (x.empty()) return 0;
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

typical_budgets budgets_of(const contract& promised) {
  const attention_truth truth = typical_truth(promised);
  const double K_element = judging::element_threshold.at(static_cast<double>(typical_rows * typical_dim));
  judging::rms_test rms(typical_rows);
  judging::amplitude_test amplitude(typical_rows);
  std::vector<double> hard, element, declared, row_scale, lse, lse_ulp;
  judging::judged_row row;
  for (std::int64_t i = 0; i < typical_rows; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto truth_row =
        std::span<const double>(truth.out).subspan(at * typical_dim, static_cast<std::size_t>(typical_dim));
    judging::judge_row(truth, 0, promised, i, truth_row, true, row);
    for (const judging::judged_element& one : row.elements) {
      const double step = ulp(promised.out_type, one.r);
      const auto hard_parts =
          judging::hard_budget(row, one, promised.attention(), static_cast<double>(truth.dk), truth.softcap);
      hard.push_back(judging::sum_of(hard_parts) / step);
      element.push_back(judging::sum_of(judging::element_budget(row, one, K_element)) / step);
      declared.push_back(std::sqrt(one.tau2) / step);
    }
    rms.add(row);
    amplitude.add(row);
    row_scale.push_back(amplitude.row_limit(row));
    lse.push_back(judging::lse_threshold.at(typical_rows) * row.noise.tol_lse);
    lse_ulp.push_back(lse.back() / ulp(dtype::f32, truth.lse[at]));
  }
  return {median(hard),
          median(element),
          rms.row_limit(),
          rms.tensor_limit(),
          median(declared),
          median(row_scale),
          amplitude.tensor().allowance() + judging::tensor_amplitude_threshold.K0 * amplitude.tensor().sd,
          median(lse),
          median(lse_ulp)};
}

std::string types_of(const contract& c) {
  const attention_promise& how = c.attention();
  const auto name = [](accumulation a) {
    return a == accumulation::f32    ? "f32 chain"
           : a == accumulation::tc25 ? "tensor core 25 bit"
                                     : "wgmma fp8 13 bit";
  };
  return std::string(name_of(c.in)) + " in, P " + std::string(name_of(how.p_type)) +
         (how.p_scale != 1 ? " x " + in_words(how.p_scale) : "") + ", out " +
         std::string(name_of(c.out_type)) + ", " + name(how.acc_qk) +
         (how.acc_pv != how.acc_qk ? std::string(" / ") + name(how.acc_pv) : "") +
         (how.l_from_rounded ? ", l from rounded P" : "");
}

std::string threshold_text(const judging::threshold& t) {
  return "K " + in_words(t.K0) + " up to " + in_words(t.M0);
}

}  // namespace

std::vector<std::string> budgets_legend() {
  return {
      "r true output, x computed, n keys, w softmax weights, S1 = sum w |v|, SB = sum over 64-key pages of "
      "|sum w v|, C = dr / d log temperature",
      "h half an ulp of the output; u_P unit roundoff of P; G groups of 16 keys; s2, s1 variances of the "
      "rounding of P, of scores and exp",
      "D0, D1 width of the coherent rounding of P in scale and temperature; tau2 = s2 + s1 + ulp^2 / 12 + "
      "bounded terms; e = x - r less the predicted shift",
      "K(M) = sqrt(K0^2 + 2 ln(M / M0)) for M draws above the calibrated M0; a result passes when every "
      "line holds",
      "typical: " + std::to_string(typical_rows) + " rows, " + std::to_string(typical_keys) +
          " keys, head dims " + std::to_string(typical_dim) +
          ", q, k, v from N(0, 1); the median element or row, in ulps of the output there"};
}

std::vector<budget_row> budgets_table(std::span<const contract> contracts) {
  std::vector<budget_row> table;
  for (const contract& c : contracts) {
    const attention_promise& how = c.attention();
    const typical_budgets b = budgets_of(c);
    const judging::accumulation_noise pv = judging::noise_of(how.acc_pv);
    const std::string types = types_of(c), name(c.name);
    const double c_temp = judging::temperature_error(how.acc_qk, typical_dim);
    const auto add = [&](std::string test, std::string formula, std::string constants, std::string typical) {
      table.push_back(
          {name, types, std::move(test), std::move(formula), std::move(constants), std::move(typical)});
    };
    const std::string twice = how.l_from_rounded ? "2 x " : "";
    add("H",
        "|x - r| <= h + (" + twice + in_words(judging::hard_p_slack) + " u_P + c_hard G + " +
            in_words(judging::hard_score_sigmas) + " eps + " + in_words(judging::hard_norm_sigmas) +
            " c_acc + 2 e_exp) S1 + 2 c_temp |C|",
        "u_P " + in_words(unit_roundoff(how.p_type), 3) + ", c_hard " + in_words(pv.c_hard, 2) + ", c_acc " +
            in_words(score_noise(how.acc_qk, typical_dim), 2) + ", e_exp " + in_words(how.e_exp, 2) +
            ", c_temp " + in_words(c_temp, 2),
        in_words(b.hard_ulp, 3) + " ulp");
    if (judging::has_statistics(how)) {
      add("E", "|e| <= h + c_dr G SB + c_n (S1 + |r|) + D0 |r| + D1 |C| + K sqrt(s2 + s1)",
          threshold_text(judging::element_threshold) + " elements, c_dr " + in_words(pv.c_dr, 2) + ", c_n " +
              in_words(judging::normaliser_error, 2),
          in_words(b.element_ulp, 3) + " ulp");
      add("R", "rms(e / tau) of a row, of the tensor <= chi-square quantile at K",
          "row " + threshold_text(judging::row_rms_threshold) + " rows, tensor K " +
              in_words(judging::tensor_rms_threshold.K0),
          "rms " + in_words(b.row_rms * b.declared_ulp, 3) + " ulp in a row, " +
              in_words(b.tensor_rms * b.declared_ulp, 3) + " over all");
      add("A", "|<r, e> / <r, r>| <= D0 + D1 |<r, C>| + |<r, rounding>| + c_dr G + K sd",
          "row " + threshold_text(judging::row_amplitude_threshold) + " rows, 64 columns " +
              threshold_text(judging::group_amplitude_threshold) + " groups, tensor K " +
              in_words(judging::tensor_amplitude_threshold.K0),
          "scale " + in_words(100 * b.row_scale, 2) + " % in a row, " + in_words(100 * b.tensor_scale, 2) +
              " % over all");
    }
    const bool f13 = how.acc_qk == accumulation::f13;
    add("L",
        "|lse - true| <= K (" + in_words(judging::lse_sum_error) + " sqrt(n) + " +
            in_words(judging::lse_ulp_error) + " (2 + 2 |s_max| + |lse|) + " +
            in_words(judging::lse_score_sigmas) + " eps_l + e_exp + " +
            (f13 ? in_words(judging::lse_f13_slope) + " |s_max| + " + in_words(judging::lse_f13_offset)
                 : "c_temp |s_max|") +
            (how.l_from_rounded ? " + rounding of P" : "") + ")",
        threshold_text(judging::lse_threshold) + " rows",
        in_words(b.lse, 2) + " (" + in_words(b.lse_ulp, 3) + " ulp of f32)");
  }
  return table;
}

std::string budgets_text(std::span<const contract> contracts) {
  const std::vector<budget_row> table = budgets_table(contracts);
  std::string text;
  for (const std::string& one : budgets_legend()) text += one + "\n";
  text += "\n";
  std::vector<std::string> formulas;
  for (const budget_row& row : table) {
    const std::string line = row.test + "  " + row.formula;
    if (std::find(formulas.begin(), formulas.end(), line) == formulas.end()) formulas.push_back(line);
  }
  std::stable_sort(formulas.begin(), formulas.end(), [](const std::string& a, const std::string& b) {
    constexpr std::string_view order = "HERAL";
    return order.find(a[0]) < order.find(b[0]);
  });
  for (const std::string& line : formulas) text += line + "\n";
  std::size_t width = 0;
  for (const budget_row& row : table) width = std::max(width, row.typical.size());
  const std::string* last = nullptr;
  for (const budget_row& row : table) {
    if (!last || row.contract != *last) text += "\n" + row.contract + ": " + row.types + "\n";
    last = &row.contract;
    text += "  " + row.test + "  " + row.typical + std::string(width + 2 - row.typical.size(), ' ') +
            row.constants + "\n";
  }
  return text;
}

}  // namespace plumbline
