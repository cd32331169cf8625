#include "properties/mla/attention_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "properties/judge/attention/outputs.hpp"
#include "properties/judge/attention/vacuity.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/words.hpp"
#include "reference/mla.hpp"

namespace plumbline::mla {

namespace {

template <class Problem>
auto places_of(const Problem& p) {
  return [&p](std::size_t unit, std::int64_t row) { return place_of(p, unit, row); };
}

template <class Problem>
verdict judged(const Problem& p, std::span<const attention_truth> truth, const contract& promised,
               const tensor_set& outputs) {
  const auto computed = outputs_by_unit(truth, p.dv, outputs.at("out"), outputs.find("lse"), places_of(p));
  return judge_attention(truth, 0, promised, computed,
                         [&](std::size_t unit, std::int64_t row) { return name_of(place_of(p, unit, row)); });
}

double norm(const std::vector<double>& x, std::int64_t first, std::int64_t count) {
  double sum = 0;
  for (std::int64_t c = 0; c < count; ++c) {
    const double e = x[static_cast<std::size_t>(first + c)];
    sum += e * e;
  }
  return std::sqrt(sum);
}

// The largest logit of a row, computed by a product whose error the contract bounds: one score's noise at the
// largest key, what a truncating sum drifts towards zero, and the roundings of the scale.
finding judge_max_logits(const prefill_indices_problem& p, const prefill_indices_truth& truth,
                         const contract& promised, const tensor_set& inputs, const tensor& held) {
  constexpr double sigmas = 7.5;
  const std::vector<double> computed = held.values();
  const std::vector<attention_unit> units = units_of(p, inputs);
  finding worst = judging::finding_of("logit", "max_logits");
  for (std::size_t u = 0; u < units.size(); ++u) {
    const attention_unit& unit = units[u];
    const double drifts =
        judging::temperature_error(promised.attention().acc_qk, static_cast<double>(unit.dk));
    std::vector<double> q(static_cast<std::size_t>(unit.rows * unit.dk)),
        keys(static_cast<std::size_t>(unit.keys * unit.dk));
    unit.load_q(0, unit.rows, q.data());
    if (unit.keys > 0) unit.load_k(0, unit.keys, keys.data());
    double longest = 0;
    for (std::int64_t j = 0; j < unit.keys; ++j)
      longest = std::max(longest, norm(keys, j * unit.dk, unit.dk));
    for (std::int64_t row = 0; row < unit.rows; ++row) {
      const row_place at = place_of(p, u, row);
      const double x = computed[static_cast<std::size_t>(at.lse)],
                   r = truth.max_logits[static_cast<std::size_t>(at.lse)];
      const double noise = sigmas * score_noise(promised.attention().acc_qk, static_cast<double>(unit.dk)) *
                           std::fabs(unit.score_scale) * norm(q, row * unit.dk, unit.dk) * longest;
      const double drift = drifts * std::fabs(r), rounding = 0x1p-22 * std::fabs(r);
      const bool same = x == r || (std::isnan(x) && std::isnan(r));
      const double used = same ? 0 : std::fabs(x - r) / (noise + drift + rounding);
      if (used <= worst.used) continue;
      worst.used = used;
      worst.where = name_of(at);
      worst.computed = x, worst.truth = r;
      worst.budget = {{"score noise", noise}, {"drift of the score", drift}, {"rounding", rounding}};
      worst.message = "max_logits " + judging::error_message(used, worst.where, x, r, worst.budget);
      if (std::isnan(used)) return worst;
    }
  }
  return worst;
}

}  // namespace

std::vector<attention_truth> attention_truth_of(const prefill_problem& p, const tensor_set& inputs,
                                                const contract& promised) {
  return prefill(p, inputs, std::span(&promised, 1));
}
std::vector<attention_truth> attention_truth_of(const decode_problem& p, const tensor_set& inputs,
                                                const contract& promised) {
  return decode(p, inputs, std::span(&promised, 1));
}
std::vector<attention_truth> attention_truth_of(const decode_indices_problem& p, const tensor_set& inputs,
                                                const contract& promised) {
  return decode_indices(p, inputs, std::span(&promised, 1));
}
std::vector<attention_truth> attention_truth_of(const prefill_indices_problem& p, const tensor_set& inputs,
                                                const contract& promised) {
  return prefill_indices(p, inputs, std::span(&promised, 1)).units;
}

verdict judge_against(const prefill_problem& p, std::span<const attention_truth> truth,
                      const contract& promised, const tensor_set&, const tensor_set& outputs) {
  return judged(p, truth, promised, outputs);
}
verdict judge_against(const decode_problem& p, std::span<const attention_truth> truth,
                      const contract& promised, const tensor_set&, const tensor_set& outputs) {
  return judged(p, truth, promised, outputs);
}
verdict judge_against(const decode_indices_problem& p, std::span<const attention_truth> truth,
                      const contract& promised, const tensor_set&, const tensor_set& outputs) {
  return judged(p, truth, promised, outputs);
}
verdict judge_against(const prefill_indices_problem& p, std::span<const attention_truth> truth,
                      const contract& promised, const tensor_set& inputs, const tensor_set& outputs) {
  verdict v = judged(p, truth, promised, outputs);
  const tensor* held = outputs.find("max_logits");
  if (held == nullptr) return v;
  const finding one = judge_max_logits(p, prefill_indices(p, inputs, {}), promised, inputs, *held);
  v.findings.push_back(one);
  if (!one.passed() && v.result != outcome::fail) v.result = outcome::fail, v.message = one.message;
  return v;
}

template <class Problem>
verdict judge_outputs(const Problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs) {
  const std::vector<attention_truth> truth = attention_truth_of(p, inputs, promised);
  verdict v = judge_against(p, truth, promised, inputs, outputs);
  if (v.result == outcome::pass) add_vacuity(v, probe_vacuity(truth, 0, promised));
  return v;
}
template <class Problem>
std::vector<stage_verdict> attention_stages(const Problem& p, const tensor_set& inputs,
                                            const contract& promised, const tap_record& taps,
                                            const tensor_set& outputs) {
  constexpr bool listed =
      std::is_same_v<Problem, decode_indices_problem> || std::is_same_v<Problem, prefill_indices_problem>;
  const std::vector<attention_unit> units = units_of(p, inputs);
  return stages_by_unit(units, p.dv, promised, taps, outputs.at("out"), outputs.find("lse"), places_of(p),
                        listed);
}
template std::vector<stage_verdict> attention_stages(const prefill_problem&, const tensor_set&,
                                                     const contract&, const tap_record&, const tensor_set&);
template std::vector<stage_verdict> attention_stages(const decode_problem&, const tensor_set&,
                                                     const contract&, const tap_record&, const tensor_set&);
template std::vector<stage_verdict> attention_stages(const decode_indices_problem&, const tensor_set&,
                                                     const contract&, const tap_record&, const tensor_set&);
template std::vector<stage_verdict> attention_stages(const prefill_indices_problem&, const tensor_set&,
                                                     const contract&, const tap_record&, const tensor_set&);

template verdict judge_outputs(const prefill_problem&, const contract&, const tensor_set&, const tensor_set&);
template verdict judge_outputs(const decode_problem&, const contract&, const tensor_set&, const tensor_set&);
template verdict judge_outputs(const decode_indices_problem&, const contract&, const tensor_set&,
                               const tensor_set&);
template verdict judge_outputs(const prefill_indices_problem&, const contract&, const tensor_set&,
                               const tensor_set&);

}  // namespace plumbline::mla
