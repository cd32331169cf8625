// Cases from elsewhere, judged: outputs like a kernel's, `expected_*` held against our reference.
//
// Somebody's truth is allowed what its own precision allows: two evaluations in double differ by the slack of
// laws/double_precision.hpp, in float by as much in units of 2^-24, and a result that was then rounded to a
// narrow type by one unit of that type.  What is reported is the largest disagreement in those units.
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/flash_decode_contract.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/laws/append_agreement.hpp"
#include "properties/laws/attend_agreement.hpp"
#include "properties/laws/double_precision.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::string_view call_tensors[] = {"q",
                                             "qv",
                                             "k_cache",
                                             "v_cache",
                                             "cache_seqlens",
                                             "cache_batch_idx",
                                             "page_table",
                                             "cache_leftpad",
                                             "cu_seqlens_q",
                                             "q_descale",
                                             "k_descale",
                                             "v_descale",
                                             "learnable_sink",
                                             "k_new",
                                             "v_new",
                                             "cu_seqlens_k_new",
                                             "rotary_cos",
                                             "rotary_sin",
                                             "rotary_seqlens",
                                             "out",
                                             "lse",
                                             "softmax_lse",
                                             "expected_out",
                                             "expected_lse",
                                             "expected_softmax_lse",
                                             "expected_k_cache",
                                             "expected_v_cache",
                                             "out_k_cache",
                                             "out_v_cache",
                                             "out_q_rotated",
                                             "expected_q_rotated",
                                             "q_rotated"};

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
  const tensor* lse = either(c, "expected_lse", "expected_softmax_lse");
  if (out == nullptr && lse == nullptr) return;
  const tensor_set shapes = make_outputs(p);
  require_shape("expected_out", out, shapes.at("out").shape());
  require_shape("expected_lse", lse, shapes.at("lse").shape());
  const contract exact;  // companions of some contract: S1 is the same for all
  const auto units = attend_units(p, inputs);
  const auto truth = laws::attend_truth(p, inputs, exact);
  const auto out_values = out ? out->values() : std::vector<double>{};
  const auto lse_values = lse ? lse->values() : std::vector<double>{};
  for (std::size_t u = 0; u < units.size(); ++u) {
    const auto slack = laws::slack_of(units[u], roundoff_of(c, out ? *out : *lse));
    for (std::int64_t row = 0; row < truth[u].rows; ++row) {
      const row_place place = place_of(p, u, row);
      if (lse) {
        const double ours = truth[u].lse[static_cast<std::size_t>(row)];
        const double theirs = lse_values[static_cast<std::size_t>(place.lse)];
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

external_judgement judge_call(const recorded_case& c, std::string_view contract_name) {
  recorded_options options(c);
  attend_call call;
  disagreement d;
  if (c.tensors.has("k_new")) {
    const recorded_append r = read_append(c, options);
    check(r.problem, r.inputs);
    const append_truth truth = append(r.problem, r.inputs);
    hold_append(c, r, truth, d);
    // The attention is judged on the rotated rows as the recorded call left them, where it says.
    const tensor* k = c.tensors.find("expected_k_cache");
    const tensor* q = c.tensors.find("expected_q_rotated");
    call = attend_after(r.problem, r.attend, r.inputs, k ? *k : truth.k_cache, truth.v_cache,
                        r.problem.rotary_dim == 0 ? nullptr
                        : q                       ? q
                                                  : &truth.q_rotated);
  } else {
    recorded_attend r = read_attend(c, options);
    call = {std::move(r.problem), std::move(r.inputs)};
  }
  check(call.problem, call.inputs);
  if (const std::string names = options.unsupported(call_tensors); !names.empty())
    return unsupported(c, names);
  external_judgement result{group_of(c), "unsupported", outcome::skipped, 0,
                            "holds neither outputs nor expected_*"};
  if (has_expected(c)) {
    hold_attention(c, call.problem, call.inputs, d);
    result = d.conclude(c);
  }
  const tensor* out = c.tensors.find("out");
  if (out == nullptr) return result;
  const auto promised = contract_of(c, contract_name, call.problem.type, out->type());
  if (!promised)
    return unsupported(c, "outputs without a contract: name one with --contract or the option contract");
  tensor_set outputs;
  outputs.set("out", *out);
  if (const tensor* lse = either(c, "lse", "softmax_lse")) outputs.set("lse", *lse);
  const tensor_set shapes = make_outputs(call.problem);
  for (const auto& e : outputs) require_shape(e.name, &e.value, shapes.at(e.name).shape());
  if (out->type() != promised->out_type)
    throw bad_argument("out", "expected dtype " + std::string(name_of(promised->out_type)) +
                                  " of the contract, got " + std::string(name_of(out->type())));
  const auto truth = laws::attend_truth(call.problem, call.inputs, *promised);
  const auto judged = as_outputs(c, laws::judge_attend(call.problem, truth, *promised, outputs));
  return has_expected(c) ? worst(result, judged) : judged;
}

}  // namespace

external_judgement judge_recorded_attend(const recorded_case& c, std::string_view contract_name) {
  return guarded(
      c, [&] { return is_table(c.function) ? judge_recorded_table(c) : judge_call(c, contract_name); });
}

external_judgement judge_recorded_append(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    if (c.function == "rotary") return judge_recorded_rotary(c);
    recorded_options options(c);
    const recorded_append r = read_append(c, options);
    check(r.problem, r.inputs);
    if (c.tensors.has("expected_out")) return judge_call(c, contract_name);
    if (const std::string names = options.unsupported(call_tensors); !names.empty())
      return unsupported(c, names);
    const append_truth truth = append(r.problem, r.inputs);
    if (c.tensors.has("out_k_cache") && c.tensors.has("out_v_cache")) {
      require_append_shapes(c, "out_", truth);
      tensor_set outputs;
      for (const char* name : {"k_cache", "v_cache", "q_rotated"})
        if (const tensor* t = c.tensors.find(std::string("out_") + name)) outputs.set(name, *t);
      const auto judged = as_outputs(c, laws::judge_append(r.problem, r.inputs, outputs));
      if (!has_expected(c)) return judged;
      disagreement d;
      hold_append(c, r, truth, d);
      return worst(d.conclude(c), judged);
    }
    disagreement d;
    hold_append(c, r, truth, d);
    return d.conclude(c);
  });
}

}  // namespace plumbline::flash_decode
