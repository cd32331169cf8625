// The stages behind the scores: what a softmax over the kernel's own numbers must give.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "properties/judge/attention/noise.hpp"
#include "properties/judge/attention/stages.hpp"
#include "properties/judge/lse.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

using table = std::shared_ptr<const std::vector<double>>;

/// One row that attends to numbers: scores of keys, and their values, `rows_of_values[j]` of `values`.
attention_unit attends_to(std::vector<double> scores, const table& values,
                          std::vector<std::int64_t> rows_of_values, std::int64_t dv) {
  attention_unit u;
  u.rows = 1, u.keys = static_cast<std::int64_t>(scores.size()), u.dk = 1, u.dv = dv;
  u.begin = {0}, u.end = {u.keys};
  u.load_q = [](std::int64_t, std::int64_t, double* out) { *out = 1; };
  u.load_k = [scores = std::move(scores)](std::int64_t first, std::int64_t count, double* out) {
    for (std::int64_t j = 0; j < count; ++j) out[j] = scores[static_cast<std::size_t>(first + j)];
  };
  u.load_v = [values, rows = std::move(rows_of_values), dv](std::int64_t first, std::int64_t count,
                                                            double* out) {
    for (std::int64_t j = 0; j < count; ++j)
      for (std::int64_t c = 0; c < dv; ++c)
        out[j * dv + c] =
            (*values)[static_cast<std::size_t>(rows[static_cast<std::size_t>(first + j)] * dv + c)];
  };
  return u;
}

/// Scores are given, so nothing of the contract's Q K^T is left.
contract of_given_scores(contract promised, dtype out) {
  promised.out_type = out;
  promised.attention().acc_qk = accumulation::f32;
  return promised;
}

/// Partials meet their weights in fp32.
contract of_merge(contract promised) {
  attention_promise& p = promised.attention();
  p.acc_qk = p.acc_pv = accumulation::f32;
  p.p_type = dtype::f32;
  p.p_scale = 1;
  p.l_from_rounded = false;
  return promised;
}

/// The findings of one output of a judgement, of which that many numbers were compared, as a judgement of its
/// own.
verdict only(const verdict& whole, std::string_view output, std::string_view stage, std::int64_t elements) {
  verdict one;
  one.elements = elements;
  for (finding f : whole.findings)
    if (f.output == output) f.output = stage, one.findings.push_back(std::move(f));
  if (output == "out") one.metrics = whole.metrics, one.used_histogram = whole.used_histogram;
  conclude(one, whole.result == outcome::mistrusted, whole.message);
  return one;
}

stage_verdict never_shown(std::string_view stage, const std::string& where) {
  verdict v;
  v.findings.push_back(exact_finding(stage, where + ": " + std::string(stage) + " was never shown"));
  conclude(v, false, "");
  return {std::string(stage), std::move(v)};
}

}  // namespace

std::vector<stage_verdict> judge_partials(const tapped_call& call, std::span<const split_of_row> splits) {
  const contract promised = of_given_scores(call.promised, dtype::f32);
  std::vector<attention_unit> units;
  std::vector<attention_output> computed;
  std::vector<const split_of_row*> which;
  std::vector<table> values(call.units.size());
  std::string no_sum, no_out, no_lse;
  for (const split_of_row& one : splits) {
    if (!one.has_finite_scores()) continue;
    const std::string where = name_of(call, one);
    if (!one.row_max.shown || !one.row_sum.shown) no_sum = no_sum.empty() ? where : no_sum;
    if (one.partial_out.empty()) no_out = no_out.empty() ? where : no_out;
    if (!one.partial_lse.shown) no_lse = no_lse.empty() ? where : no_lse;
    const attention_unit& u = call.units[one.unit];
    const bool known = std::all_of(one.keys.begin(), one.keys.end(),
                                   [&](std::int64_t key) { return key >= 0 && key < u.keys; });
    if (!known || one.partial_out.empty() || !one.partial_lse.shown) continue;
    if (!values[one.unit]) {
      std::vector<double> all(static_cast<std::size_t>(u.keys * u.dv));
      u.load_v(0, u.keys, all.data());
      values[one.unit] = std::make_shared<const std::vector<double>>(std::move(all));
    }
    units.push_back(attends_to(one.scores, values[one.unit], one.keys, u.dv));
    units.back().value_scale = u.value_scale;
    computed.push_back({one.partial_out, {one.partial_lse.value}});
    which.push_back(&one);
  }
  const std::vector<attention_truth> truth = attend(units, std::span(&promised, 1));
  const row_name name = [&](std::size_t unit, std::int64_t) { return name_of(call, *which[unit]); };

  lse_test sums(static_cast<double>(which.size()));
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i]->row_max.shown && which[i]->row_sum.shown)
      sums.add({i, 0, -1}, truth[i].lse[0], which[i]->row_max.value + std::log(which[i]->row_sum.value),
               noise_of_row(truth[i], 0, promised.attention(), 0, true).tol_lse);
  verdict row_sum;
  row_sum.elements = static_cast<std::int64_t>(which.size());
  row_sum.findings.push_back(sums.finish(name));
  row_sum.findings.back().output = "row_sum";
  row_sum.metrics["L"] = sums.used();
  conclude(row_sum, false, "");

  const verdict both = judge_attention(truth, 0, promised, computed, name);
  std::vector<stage_verdict> all;
  all.push_back(no_sum.empty() ? stage_verdict{"row_sum", row_sum} : never_shown("row_sum", no_sum));
  all.push_back(no_out.empty() ? stage_verdict{"partial_out", only(both, "out", "partial_out", both.elements)}
                               : never_shown("partial_out", no_out));
  all.push_back(no_lse.empty()
                    ? stage_verdict{"partial_lse", only(both, "lse", "partial_lse", row_sum.elements)}
                    : never_shown("partial_lse", no_lse));
  return all;
}

verdict judge_combined(const tapped_call& call, std::span<const split_of_row> splits) {
  const contract promised = of_merge(call.promised);
  std::vector<attention_unit> units;
  std::vector<attention_output> computed;
  std::vector<const split_of_row*> which;
  for (std::size_t first = 0, last = 0; first < splits.size(); first = last) {
    const split_of_row& one = splits[first];
    const attention_unit& u = call.units[one.unit];
    std::vector<double> scores, partials;
    std::vector<std::int64_t> rows;
    bool judged = true;
    for (; last < splits.size() && splits[last].unit == one.unit && splits[last].row == one.row; ++last) {
      const split_of_row& part = splits[last];
      const bool had_keys = part.partial_lse.shown && part.partial_lse.value != minus_infinity;
      if (part.scores.empty() && !had_keys) continue;
      judged = judged && std::isfinite(part.partial_lse.value) && !part.partial_out.empty();
      for (const double x : part.partial_out) judged = judged && std::isfinite(x), partials.push_back(x);
      rows.push_back(static_cast<std::int64_t>(scores.size()));
      scores.push_back(part.partial_lse.value);
    }
    if (!judged || scores.empty()) continue;
    units.push_back(attends_to(std::move(scores),
                               std::make_shared<const std::vector<double>>(std::move(partials)),
                               std::move(rows), u.dv));
    if (!u.sink.empty()) units.back().sink = {u.sink[static_cast<std::size_t>(one.row)]};
    const attention_output& whole = call.computed[one.unit];
    const auto out = whole.out.begin() + one.row * u.dv;
    attention_output row{{out, out + u.dv}, {}};
    if (!whole.lse.empty()) row.lse = {whole.lse[static_cast<std::size_t>(one.row)]};
    computed.push_back(std::move(row));
    which.push_back(&one);
  }
  const std::vector<attention_truth> truth = attend(units, std::span(&promised, 1));
  verdict v = judge_attention(truth, 0, promised, computed, [&](std::size_t unit, std::int64_t) {
    return call.name(which[unit]->unit, which[unit]->row);
  });
  return v;
}

}  // namespace plumbline::judging
