#include "properties/judge/attention/noise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/formats.hpp"

namespace plumbline::judging {
namespace {

static_assert(theta_count == coherent_shifts);

struct grid {
  double low, high;
  double middle() const { return (low + high) / 2; }
  double width() const { return high - low; }
  double largest() const { return std::max(std::fabs(low), std::fabs(high)); }
};

grid range_of(const std::array<double, coherent_shifts>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

double lse_tolerance(const attention_truth& truth, const attention_promise& promised, std::int64_t row,
                     const contract_companions::row& facts) {
  const auto i = static_cast<std::size_t>(row);
  const double s_max = std::fabs(truth.row_facts[i].s_max),
               n = static_cast<double>(truth.row_facts[i].visible);
  const bool f13 = promised.acc_qk == accumulation::f13;
  double tol = lse_sum_error * std::sqrt(n) + lse_ulp_error * (2 + 2 * s_max + std::fabs(truth.lse[i])) +
               lse_score_sigmas * facts.eps_l + promised.e_exp + promised.e_tanh * truth.softcap +
               (f13 ? lse_f13_slope * s_max + lse_f13_offset
                    : temperature_error(promised.acc_qk, static_cast<double>(truth.dk)) * s_max);
  if (promised.l_from_rounded) {
    double largest = 0;
    for (double d : facts.delta) largest = std::max(largest, std::fabs(d));
    tol += std::min(unit_roundoff(promised.p_type), lse_rounded_sigmas * std::sqrt(facts.V0)) + largest;
  }
  return tol;
}

}  // namespace

bool has_statistics(const attention_promise& promised) { return promised.shift != p_shift::any; }

row_noise noise_of_row(const attention_truth& truth, std::size_t which, const attention_promise& promised,
                       std::int64_t row, bool centred) {
  const auto i = static_cast<std::size_t>(row);
  const contract_companions::row& facts = truth.contracts[which].rows[i];
  row_noise out;
  out.keys = static_cast<double>(truth.row_facts[i].visible);
  out.fs = truth.row_facts[i].sink_factor;
  out.groups = drift_groups(promised.acc_pv, out.keys);
  out.c_dr = noise_of(promised.acc_pv).c_dr;
  out.n4 = facts.n4;
  out.T1 = facts.T1;
  out.eps_bar = facts.eps_bar;
  out.eps_l = facts.eps_l;
  out.tol_lse = lse_tolerance(truth, promised, row, facts);

  // Taken from the rounded P, the row sum follows the common mode; only the sink's share does not.
  const double common = promised.l_from_rounded ? 1 - out.fs : 1;
  out.V0 = facts.V0 * common * common;
  // Where Vs^2 underflows the temperature mode is not a number, and C is too small to matter.
  out.Vb = facts.Vs * facts.Vs >= std::numeric_limits<double>::min()
               ? std::min(facts.Vb, temperature_cap * temperature_cap)
               : 0;
  for (int t = 0; t < theta_count; ++t) {
    out.delta[static_cast<std::size_t>(t)] = facts.delta[t] * common;
    out.slope[static_cast<std::size_t>(t)] = facts.b[t];
  }
  const grid shift = range_of(out.delta), slope = range_of(out.slope);
  if (std::fabs(shift.middle()) > coherent_sigmas * std::sqrt(out.V0)) {
    out.c0 = centred ? shift.middle() : 0;
    for (double& d : out.delta) d -= shift.middle();
    out.D0 = shift.width() + centred_share * std::fabs(shift.middle());
  } else {
    out.D0 = shift.largest();
  }
  if (std::fabs(slope.middle()) > coherent_sigmas * std::sqrt(out.Vb)) {
    out.c1 = centred ? slope.middle() : 0;
    for (double& b : out.slope) b -= slope.middle();
    out.D1 = slope.width() + centred_share * std::fabs(slope.middle());
  } else {
    out.D1 = temperature_reserve * slope.largest();
  }
  out.D1 = std::min(out.D1, temperature_cap);
  out.D0_sink = (1 - out.fs) * out.tol_lse;
  out.D1_score = temperature_error(promised.acc_qk, static_cast<double>(truth.dk)) +
                 (facts.Vs > 0 ? promised.e_exp / std::sqrt(facts.Vs) : 0);
  out.D0 += out.D0_sink;
  out.D1 += out.D1_score;
  return out;
}

void judge_row(const attention_truth& truth, std::size_t which, const contract& promised, std::int64_t row,
               std::span<const double> computed_row, bool centred, judged_row& out) {
  const auto i = static_cast<std::size_t>(row);
  const auto dv = static_cast<std::size_t>(truth.dv);
  const contract_companions& companions = truth.contracts[which];
  out.row = row;
  out.columns = static_cast<double>(dv);
  out.duplicates = static_cast<double>(truth.duplicate_rows);
  out.noise = noise_of_row(truth, which, promised.attention(), row, centred);
  out.elements.clear();
  const row_noise& n = out.noise;
  const double sum_noise = noise_of(promised.attention().acc_pv).c_sum;
  const double sink = n.fs < 1 ? sink_error * (1 + std::fabs(truth.lse[i])) : 0;
  const double tanh_error = truth.softcap > 0 ? promised.attention().e_tanh * truth.softcap : 0;
  for (std::size_t c = 0; c < dv; ++c) {
    const std::size_t at = i * dv + c;
    judged_element one;
    one.column = static_cast<std::int64_t>(c);
    one.r = truth.out[at];
    one.x = computed_row[c];
    if (!std::isfinite(one.r) || !std::isfinite(one.x)) continue;
    one.S1 = truth.S1[at];
    one.SB = truth.SB[at];
    one.C = truth.C[at];
    one.max_abs_v = truth.max_abs_v[at];
    one.flushed = companions.flushed[at];
    const double size = std::fabs(one.r);
    const double step = ulp(promised.out_type, one.r);
    one.h = 0.5 * std::max(step, ulp(promised.out_type, one.x)) * (1 + half_ulp_slack);
    const double wide = sum_noise * one.S1;
    one.s2 = companions.A2[at] + wide * wide / std::max(1.0, n.keys / 128);
    one.s1 = n.V0 * size * size;
    one.beta = n.c_dr * n.groups * one.SB + (normaliser_error + tanh_error) * (one.S1 + size) + sink * size +
               one.flushed + underflow_weight * n.keys * one.max_abs_v;
    const double moved = one.r * (1 + n.c0 + n.delta[0]) + (n.c1 + n.slope[0]) * one.C;
    const double rounded = round_to(promised.out_type, one.r),
                 moved_rounded = round_to(promised.out_type, moved);
    one.rounding = std::isfinite(rounded) ? rounded - one.r : 0;
    one.shifted = std::isfinite(moved_rounded) ? moved_rounded - moved : 0;
    one.e = one.x - one.r - n.c0 * one.r - n.c1 * one.C;
    one.dither = step * step / 12;
    one.tau0_2 = one.s2 + one.dither;
    const double shift = n.D0 * size, bend = n.D1 * one.C;
    one.tau2 = one.tau0_2 + one.s1 + 0.5 * shift * shift + 0.5 * bend * bend + one.beta * one.beta / 3;
    out.elements.push_back(one);
  }
  if (!out.elements.empty()) count_freedom(truth.effective_columns, unit_roundoff(promised.out_type), out);
}

}  // namespace plumbline::judging
