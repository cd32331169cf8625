#include "properties/judge/attention/hard.hpp"

#include <cmath>

#include "reference/core/formats.hpp"

namespace plumbline::judging {
namespace {

struct hard_terms {
  double p, flush, sums, scores, temperature, sink, underflow;
  double total() const { return p + flush + sums + scores + temperature + sink + underflow; }
};

hard_terms terms_of(const judged_row& row, const judged_element& one, const attention_promise& promised,
                    double head_dim, double softcap) {
  const accumulation_noise pv = noise_of(promised.acc_pv);
  const double twice = promised.l_from_rounded ? 2 : 1;
  // The kernel's own maximum may round up to the next integer, so keys twice as large may flush to zero.
  const double flush_range = promised.shift == p_shift::integer ? 2 : 1;
  const double tanh_error = softcap > 0 ? promised.e_tanh * softcap : 0;
  return {twice * hard_p_slack * unit_roundoff(promised.p_type) * one.S1,
          twice * flush_range * row.noise.T1 * one.max_abs_v,
          (pv.c_hard * row.noise.groups + unit_roundoff(promised.part_type)) * one.S1,
          (hard_score_sigmas * (row.noise.eps_bar + row.noise.eps_l) +
           hard_norm_sigmas * score_noise(promised.acc_qk, head_dim) + 2 * (promised.e_exp + tanh_error)) *
              one.S1,
          2 * temperature_error(promised.acc_qk, head_dim) * std::fabs(one.C),
          row.noise.D0_sink * one.S1,
          underflow_weight * row.noise.keys * one.max_abs_v};
}

}  // namespace

std::vector<budget_part> hard_budget(const judged_row& row, const judged_element& one,
                                     const attention_promise& promised, double head_dim, double softcap) {
  const hard_terms t = terms_of(row, one, promised, head_dim, softcap);
  return {{"output rounding", one.h},
          {"P rounding (worst case)", t.p},
          {"P flushed to zero", t.flush},
          {"accumulation (worst case)", t.sums},
          {"scores and exp", t.scores},
          {"temperature", t.temperature},
          {"sink", t.sink},
          {"underflow", t.underflow}};
}

void hard_test::add(const judged_row& row, double head_dim, double softcap, std::vector<double>& used) {
  used.resize(row.elements.size());
  for (std::size_t k = 0; k < row.elements.size(); ++k) {
    const judged_element& one = row.elements[k];
    const double error = std::fabs(one.x - one.r);
    const double bound = one.h + terms_of(row, one, promised_, head_dim, softcap).total();
    used[k] = share(error, bound);
    if (!worse(used[k], used_)) continue;
    used_ = used[k];
    where_ = {row.unit, row.row, one.column};
    computed_ = one.x;
    truth_ = one.r;
    budget_ = hard_budget(row, one, promised_, head_dim, softcap);
  }
}

finding hard_test::finish(const row_name& name) const {
  finding out = finding_of("H", "out");
  out.used = used_;
  if (budget_.empty()) return out;
  out.where = in_words(where_, name);
  out.computed = computed_;
  out.truth = truth_;
  out.budget = budget_;
  out.message = error_message(used_, out.where, computed_, truth_, budget_);
  return out;
}

}  // namespace plumbline::judging
