// Cases from elsewhere, judged: outputs like a kernel's, `expected_*` held against our reference.
//
// Somebody's truth is allowed what its own precision allows: two evaluations in double differ by the slack of
// laws/double_precision.hpp, in float by as much in units of 2^-24, and a result that was then rounded to a
// narrow type by one unit of that type.  What is reported is the largest disagreement in those units.
#include <algorithm>
#include <cmath>

#include "kernels/flash_decode/flash_decode.hpp"
#include "properties/flash_decode_contract.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/judge/admissible_judge.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/laws/append_agreement.hpp"
#include "properties/laws/attend_agreement.hpp"
#include "properties/laws/combine_agreement.hpp"
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

const tensor* either(const recorded_case& c, std::string_view a, std::string_view b) {
  const tensor* t = c.tensors.find(a);
  return t ? t : c.tensors.find(b);
}

std::string group_of(const recorded_case& c) { return c.function + "/" + c.name; }

external_judgement unsupported(const recorded_case& c, const std::string& why) {
  return {group_of(c), "unsupported", outcome::skipped, 0, why};
}

// Largest disagreement so far, and where.
class disagreement {
 public:
  void look(double expected, double ours, double allowed, const std::string& where) {
    ++compared_;
    const bool same_class = std::isnan(expected) == std::isnan(ours) &&
                            std::isinf(expected) == std::isinf(ours) &&
                            (!std::isinf(expected) || expected == ours);
    double used = std::fabs(expected - ours) / allowed;
    if (!same_class) used = INFINITY;
    if (same_class && (std::isnan(expected) || std::isinf(expected) || expected == ours)) used = 0;
    if (used <= used_) return;
    used_ = used;
    message_ = where + ": expected " + std::to_string(expected) + ", our reference " + std::to_string(ours) +
               ", difference " + std::to_string(used) + " of what the recorded precision allows";
  }
  void look(const verdict& v) {
    compared_ += v.elements;
    if (v.result != outcome::fail) return;
    used_ = INFINITY;
    message_ = v.message;
  }
  external_judgement conclude(const recorded_case& c) const {
    const outcome result = compared_ == 0 ? outcome::mistrusted : used_ <= 1 ? outcome::pass : outcome::fail;
    return {group_of(c), "expected", result, used_,
            compared_ == 0            ? "nothing to compare"
            : result == outcome::pass ? ""
                                      : message_};
  }

 private:
  double used_ = 0;
  std::int64_t compared_ = 0;
  std::string message_;
};

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
  for (const auto& [name, t] : {std::pair{"out", out}, std::pair{"lse", lse}})
    if (t && !std::equal(t->shape().begin(), t->shape().end(), shapes.at(name).shape().begin(),
                         shapes.at(name).shape().end()))
      throw bad_argument(std::string("expected_") + name, "has another shape than the call's result");
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

external_judgement as_outputs(const recorded_case& c, const verdict& v) {
  return {group_of(c), "outputs", v.result, v.budget_used(), v.message};
}

external_judgement worst(const external_judgement& a, const external_judgement& b) {
  const auto rank = [](const external_judgement& j) {
    return j.result == outcome::fail         ? 3
           : j.kind == "unsupported"         ? 2
           : j.result == outcome::mistrusted ? 1
                                             : 0;
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b) ? a : b;
  return a.used >= b.used ? a : b;
}

bool has_expected(const recorded_case& c) {
  return std::any_of(c.tensors.begin(), c.tensors.end(),
                     [](const auto& e) { return e.name.rfind("expected_", 0) == 0; });
}

// What the appended rows must be: bytes where copied, the admissible set where rotated.
void hold_append(const recorded_case& c, const recorded_append& r, const append_truth& truth,
                 disagreement& d) {
  const auto magnitudes = laws::rotation_magnitudes(r.problem, r.inputs);
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
  for (const auto& [name, t] : outputs)
    if (!std::equal(t.shape().begin(), t.shape().end(), shapes.at(name).shape().begin(),
                    shapes.at(name).shape().end()))
      throw bad_argument(name, "has another shape than the call's result");
  if (out->type() != promised->out_type)
    throw bad_argument("out", "expected dtype " + std::string(name_of(promised->out_type)) +
                                  " of the contract, got " + std::string(name_of(out->type())));
  const auto truth = laws::attend_truth(call.problem, call.inputs, *promised);
  const auto judged = as_outputs(c, laws::judge_attend(call.problem, truth, *promised, outputs));
  return has_expected(c) ? worst(result, judged) : judged;
}

// A case that cannot be read is unsupported, by name.
template <class Judge>
external_judgement guarded(const recorded_case& c, Judge judge) {
  try {
    return judge();
  } catch (const bad_argument& why) {
    return unsupported(c, why.what());
  }
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

external_judgement judge_recorded_combine(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    recorded_options options(c);
    const recorded_combine r = read_combine(c, options);
    check(r.problem, r.inputs);
    constexpr std::string_view known[] = {"out_partial",  "lse_partial",         "out",
                                          "lse",          "softmax_lse",         "expected_out",
                                          "expected_lse", "expected_softmax_lse"};
    const std::string names = options.unsupported(known);
    if (!names.empty()) return unsupported(c, names);
    const auto truth = laws::combine_truth_of(r.problem, r.inputs);
    external_judgement result{group_of(c), "unsupported", outcome::skipped, 0,
                              "holds neither outputs nor expected_*"};
    if (has_expected(c)) {
      disagreement d;
      // merging S partials: S products and sums, one exp and one log each
      const double relative = 8 * 0x1p-53 * static_cast<double>(r.problem.num_splits + 8);
      const tensor* out = c.tensors.find("expected_out");
      const tensor* lse = either(c, "expected_lse", "expected_softmax_lse");
      const auto outs = out ? out->values() : std::vector<double>{};
      const auto lses = lse ? lse->values() : std::vector<double>{};
      for (std::int64_t row = 0; row < truth.rows; ++row) {
        const double l = truth.lse[static_cast<std::size_t>(row)];
        if (lse)
          d.look(lses[static_cast<std::size_t>(row)], l, relative * (1 + std::fabs(l)),
                 "lse of row " + std::to_string(row));
        for (std::int64_t col = 0; out && col < truth.dv; ++col) {
          const std::size_t e = static_cast<std::size_t>(row * truth.dv + col);
          const double reach = 1 + std::fabs(std::isfinite(l) ? l : 0);
          d.look(outs[e], truth.out[e],
                 relative * reach * (truth.S1[e] + std::fabs(truth.out[e])) + 0x1p-1000,
                 "row " + std::to_string(row) + ", column " + std::to_string(col));
        }
      }
      result = d.conclude(c);
    }
    const tensor* out = c.tensors.find("out");
    if (out == nullptr) return result;
    const auto promised = contract_of(c, contract_name, dtype::f32, out->type());
    if (!promised)
      return unsupported(c, "outputs without a contract: name one with --contract or the option contract");
    contract used = *promised;
    used.out_type = out->type();
    tensor_set outputs;
    outputs.set("out", *out);
    if (const tensor* lse = either(c, "lse", "softmax_lse")) outputs.set("lse", *lse);
    const auto judged = as_outputs(c, laws::judge_combined(r.problem, truth, used, outputs));
    return has_expected(c) ? worst(result, judged) : judged;
  });
}

}  // namespace plumbline::flash_decode
