// Cases from elsewhere, judged: outputs like a kernel's, `expected_*` held against our reference.
//
// Somebody's truth is allowed what its own precision allows: two evaluations in double differ by the slack of
// laws/double_precision.hpp, in float by as much in units of 2^-24, and a result that was then rounded to a
// narrow type by one unit of that type.  What is reported is the largest disagreement in those units.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "kernels/core/variants_of.hpp"
#include "properties/external_case.hpp"
#include "properties/flash_decode/append_agreement.hpp"
#include "properties/flash_decode/attend_agreement.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/laws/double_precision.hpp"
#include "properties/recorded_contract.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::flash_decode {

namespace {

bool asks_for_attention(const recorded_case& c) {
  return std::any_of(std::begin(attend_results), std::end(attend_results),
                     [&](std::string_view name) { return c.tensors.has(name); });
}

double roundoff_of(const recorded_case& c, const tensor& expected) {
  const auto said = c.options.find("computed_in");
  const bool in_float = said != c.options.end() && (said->second == "float32" || said->second == "f32");
  return in_float || expected.type() == dtype::f32 ? 0x1p-24 : 0x1p-53;
}

double rounding(const tensor& t, double x) {
  return t.type() == dtype::f64 || !std::isfinite(x) ? 0 : ulp(t.type(), x);
}

void hold_attention(const recorded_case& c, const attend_problem& p, const tensor_set& inputs,
                    disagreement& d) {
  const tensor* out = c.tensors.find("expected_out");
  std::vector<std::pair<const tensor*, std::vector<double>>> lses;
  const tensor_set shapes = make_outputs(p);
  require_shape("expected_out", out, shapes.at("out").shape());
  for (const char* name : {"expected_lse", "expected_softmax_lse"})
    if (const tensor* lse = c.tensors.find(name)) {
      require_shape(name, lse, shapes.at("lse").shape());
      lses.emplace_back(lse, lse->values());
    }
  if (out == nullptr && lses.empty()) return;
  const contract exact = plain_attention;  // companions of some contract: S1 is the same for all
  const auto units = attend_units(p, inputs);
  const auto truth = laws::attend_truth(p, inputs, exact);
  const auto out_values = out ? out->values() : std::vector<double>{};
  for (std::size_t u = 0; u < units.size(); ++u) {
    const auto slack = laws::slack_of(units[u], roundoff_of(c, out ? *out : *lses.front().first));
    for (std::int64_t row = 0; row < truth[u].rows; ++row) {
      const row_place place = place_of(p, u, row);
      for (const auto& [lse, values] : lses) {
        const double ours = truth[u].lse[static_cast<std::size_t>(row)];
        const double theirs = values[static_cast<std::size_t>(place.lse)];
        d.look(theirs, ours, slack.lse(ours) + rounding(*lse, theirs), name_of(place) + ", lse");
      }
      for (std::int64_t col = 0; out && col < p.dv; ++col) {
        const std::size_t e = static_cast<std::size_t>(row * p.dv + col);
        const double ours = truth[u].out[e],
                     theirs = out_values[static_cast<std::size_t>(place.out_row * p.dv + col)];
        d.look(theirs, ours, slack.out(truth[u].S1[e], ours) + rounding(*out, theirs),
               name_of(place) + ", column " + std::to_string(col));
      }
    }
  }
}

// Tensors of an append's results, by prefix, where the case has them.
void require_append_shapes(const recorded_case& c, const std::string& prefix, const append_truth& truth) {
  for (const auto& [name, right] :
       {std::pair{"k_cache", &truth.k_cache}, std::pair{"v_cache", &truth.v_cache},
        std::pair{"q_rotated", &truth.q_rotated}}) {
    const tensor* t = c.tensors.find(prefix + name);
    if (t == nullptr || right->rank() == 0) continue;
    require_shape(prefix + name, t, right->shape());
    if (t->type() != right->type())
      throw bad_argument(prefix + name, "expected dtype " + std::string(name_of(right->type())) + ", got " +
                                            std::string(name_of(t->type())));
  }
}

// What the appended rows must be: bytes where copied, the admissible set where rotated.
void hold_append(const recorded_case& c, const recorded_append& r, const append_truth& truth,
                 disagreement& d) {
  const auto magnitudes = laws::rotation_magnitudes(r.problem, r.inputs);
  require_append_shapes(c, "expected_", truth);
  if (const tensor* k = c.tensors.find("expected_k_cache"))
    d.look(laws::judge_key_cache(r.problem, truth, magnitudes, *k));
  if (const tensor* v = c.tensors.find("expected_v_cache"))
    d.look(judge_bytes("expected_v_cache", truth.v_cache, *v));
  if (const tensor* q = c.tensors.find("expected_q_rotated"))
    if (r.problem.rotary_dim > 0) d.look(laws::judge_rotated_q(r.problem, truth, magnitudes, *q));
}

// Outputs of the append itself: each that is there, like a kernel's.
external_judgement judge_appended(const recorded_case& c, const recorded_append& r,
                                  const append_truth& truth) {
  require_append_shapes(c, "out_", truth);
  const auto magnitudes = laws::rotation_magnitudes(r.problem, r.inputs);
  verdict v;
  if (const tensor* t = c.tensors.find("out_v_cache")) v = judge_bytes("v_cache", truth.v_cache, *t);
  if (const tensor* t = c.tensors.find("out_k_cache"))
    v = joined(std::move(v), laws::judge_key_cache(r.problem, truth, magnitudes, *t));
  if (const tensor* t = c.tensors.find("out_q_rotated"))
    v = joined(std::move(v), laws::judge_rotated_q(r.problem, truth, magnitudes, *t));
  return as_outputs(c, v);
}

// `lse` alone has a budget of its own: it is judged beside an `out` that is right.
tensor right_out(const attend_problem& p, std::span<const attention_truth> truth, dtype type) {
  const tensor_set shapes = make_outputs(p);
  const auto shape = shapes.at("out").shape();
  tensor out(type, {shape.begin(), shape.end()});
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (std::int64_t row = 0; row < truth[u].rows; ++row)
      for (std::int64_t col = 0; col < p.dv; ++col)
        out.set_value(place_of(p, u, row).out_row * p.dv + col,
                      truth[u].out[static_cast<std::size_t>(row * p.dv + col)]);
  return out;
}

void judge_attention_outputs(const recorded_case& c, const attend_call& call, std::string_view contract_name,
                             std::vector<external_judgement>& found) {
  const tensor* out = c.tensors.find("out");
  std::vector<const tensor*> lses;
  const tensor_set shapes = make_outputs(call.problem);
  require_shape("out", out, shapes.at("out").shape());
  for (const char* name : {"lse", "softmax_lse"})
    if (const tensor* lse = c.tensors.find(name)) {
      require_shape(name, lse, shapes.at("lse").shape());
      lses.push_back(lse);
    }
  if (out == nullptr && lses.empty()) return;
  const auto promised = contract_of(c, contract_name, contracts_of(variants_of<attend_problem>(side::host)),
                                    call.problem.type, out ? out->type() : call.problem.out_type);
  if (!promised)
    throw bad_argument("contract", "expected outputs with the option contract, or --contract, got neither");
  if (promised->in != call.problem.type)
    throw bad_argument("contract", std::string(promised->name) + " takes " +
                                       std::string(name_of(promised->in)) + ", the case holds " +
                                       std::string(name_of(call.problem.type)));
  if (out != nullptr && out->type() != promised->out_type)
    throw bad_argument("out", "expected dtype " + std::string(name_of(promised->out_type)) +
                                  " of the contract, got " + std::string(name_of(out->type())));
  const auto truth = laws::attend_truth(call.problem, call.inputs, *promised);
  const auto judge = [&](const tensor& o, const tensor* lse) {
    tensor_set outputs;
    outputs.set("out", o);
    if (lse != nullptr) outputs.set("lse", *lse);
    return mistrusted_without_budget(laws::judge_attend(call.problem, truth, *promised, outputs),
                                     call.inputs);
  };
  std::size_t beside = 0;  // the first lse is judged with out, as a kernel's
  if (out != nullptr) found.push_back(as_outputs(c, judge(*out, lses.empty() ? nullptr : lses[beside++])));
  for (; beside < lses.size(); ++beside)
    found.push_back(as_outputs(
        c, of_output(judge(right_out(call.problem, truth, promised->out_type), lses[beside]), "lse")));
}

external_judgement judge_call(const recorded_case& c, std::string_view contract_name) {
  recorded_options options(c);
  const bool appends = c.tensors.has("k_new");
  std::vector<external_judgement> found;
  disagreement d;
  attend_call call;
  if (appends) {
    const recorded_append r = read_append(c, options);
    check(r.problem, r.inputs);
    if (!asks_for_attention(c))
      require_contract_for(c, contract_name, contracts_of(variants_of<append_problem>(side::host)),
                           r.problem.type);
    const append_truth truth = append(r.problem, r.inputs);
    if (r.problem.rotary_dim == 0)
      for (const char* name : {"out_q_rotated", "expected_q_rotated"})
        if (c.tensors.has(name)) throw bad_argument(name, "nothing is rotated in this case");
    hold_append(c, r, truth, d);
    if (c.tensors.has("out_k_cache") || c.tensors.has("out_v_cache") || c.tensors.has("out_q_rotated"))
      found.push_back(judge_appended(c, r, truth));
    if (asks_for_attention(c)) {
      // The attention is judged on the rotated rows as the recorded call left them, where it says.
      const tensor* k = c.tensors.find("expected_k_cache");
      const tensor* q = c.tensors.find("expected_q_rotated");
      call = attend_after(r.problem, r.attend, r.inputs, k ? *k : truth.k_cache, truth.v_cache,
                          r.problem.rotary_dim == 0 ? nullptr
                          : q                       ? q
                                                    : &truth.q_rotated);
    }
  } else {
    recorded_attend r = read_attend(c, options);
    call = {std::move(r.problem), std::move(r.inputs)};
  }
  if (asks_for_attention(c)) {
    check(call.problem, call.inputs);
    hold_attention(c, call.problem, call.inputs, d);
    judge_attention_outputs(c, call, contract_name, found);
  }
  if (has_expected(c)) found.push_back(d.conclude(c));
  return worst(c, found);
}

}  // namespace

external_judgement judge_recorded_attend(const recorded_case& c, std::string_view contract_name) {
  return guarded(
      c, [&] { return is_table(c.function) ? judge_recorded_table(c) : judge_call(c, contract_name); });
}

external_judgement judge_recorded_append(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    if (c.function == "rotary") return judge_recorded_rotary(c);
    needed(c, "k_new");
    return judge_call(c, contract_name);
  });
}

}  // namespace plumbline::flash_decode
