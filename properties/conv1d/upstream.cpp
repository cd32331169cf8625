#include "properties/conv1d/upstream.hpp"

#include <algorithm>
#include <string>

#include "properties/conv1d/agreement.hpp"
#include "properties/conv1d/filter_judge.hpp"
#include "properties/conv1d/recorded.hpp"
#include "properties/external_case.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/upstream_source.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::conv1d {

namespace {

constexpr std::string_view prefill_groups[] = {"causal_conv1d", "causal_conv1d_varlen"};
constexpr std::string_view update_groups[] = {"causal_conv1d_update"};
constexpr std::string_view speculative_groups[] = {"causal_conv1d_update_speculative"};
constexpr std::string_view states_groups[] = {"causal_conv1d_varlen_states"};
constexpr struct {
  std::string_view function;
  std::span<const std::string_view> groups;
} claims[] = {{"prefill", prefill_groups},
              {"update", update_groups},
              {"update_speculative", speculative_groups},
              {"varlen_states", states_groups}};

/// A call of ours, and where its results lie in the case: what is exact by our name, tokens in our order.
struct translated {
  recorded_case call;
  std::vector<std::pair<const char*, const tensor*>> exact;
  std::vector<double> out;
  std::vector<std::uint8_t> compared;  // as the case says; empty: all
  bool in_double = false;
};

int_list whole(const tensor& t) {
  int_list values;
  for (const double x : t.values()) values.push_back(static_cast<std::int64_t>(x));
  return values;
}
int_list lengths(const int_list& starts) {
  int_list lens;
  for (std::size_t i = 1; i < starts.size(); ++i) lens.push_back(starts[i] - starts[i - 1]);
  return lens;
}

filter_shape filter_of(upstream_source& from, const tensor& x, std::int64_t dim) {
  const tensor& weight = from.at("weight", 2);
  filter_shape p;
  p.type = x.type();
  p.dim = dim;
  p.width = weight.dim(1);
  const std::string activation_said = from.word("activation");
  if (activation_said != "silu" && activation_said != "swish" && activation_said != "none")
    throw bad_argument("activation", "expected silu, swish or none, got \"" + activation_said + "\"");
  p.act = activation_said == "none" ? activation::none : activation::silu;
  p.has_bias = from.has("bias");
  return p;
}

void pool_of(const tensor& states, upstream_source& from, state_pool& p) {
  p.slots = states.dim(0);
  p.state_len = states.dim(2);
  if (from.says("pad_slot_id")) p.pad_slot_id = from.integer("pad_slot_id");
}

// (batch, dim, tokens) as (dim, batch * tokens).
std::int64_t packed_place(const tensor& x, std::int64_t i) {
  const std::int64_t tokens = x.dim(2), n = i / tokens / x.dim(1), c = i / tokens % x.dim(1), t = i % tokens;
  return (c * x.dim(0) + n) * tokens + t;
}
tensor packed(const tensor& x) {
  tensor to(x.type(), {x.dim(1), x.dim(0) * x.dim(2)});
  for (std::int64_t i = 0; i < x.size(); ++i) to.set_code(packed_place(x, i), x.code(i));
  return to;
}

template <class Problem>
recorded_case call_of(upstream_source& from, const char* function, const Problem& p) {
  recorded_case call = from.call(function, to_text(p));
  for (const auto& [name, value] : empty_inputs(p))
    if (value.type() == dtype::i32 || value.type() == dtype::u8) call.tensors.set(name, value);
  for (const char* name : {"weight", "bias"})
    if (from.has(name)) call.tensors.set(name, from.at(name));
  return call;
}

translated equal_lengths(upstream_source& from) {
  const tensor &x = from.at("x", 3), &out = from.at("expected_out", 3);
  prefill_problem p;
  static_cast<filter_shape&>(p) = filter_of(from, x, x.dim(1));
  p.lens.assign(static_cast<std::size_t>(x.dim(0)), x.dim(2));
  p.slots = x.dim(0);
  p.state_len = p.width - 1;
  const bool initial = from.has("initial_states");
  p.initial.assign(p.lens.size(), initial ? 1 : 0);
  translated t{call_of(from, "prefill", p), {}, {}, {}, false};
  t.call.tensors.set("x", packed(x));
  t.call.tensors.set("conv_states", initial ? from.at("initial_states", 3)
                                            : tensor(x.type(), {p.slots, p.dim, p.state_len}));
  t.exact.emplace_back("conv_states", &from.at("expected_final_states", 3));
  const std::vector<double> theirs = out.values();
  t.out.resize(theirs.size());
  for (std::size_t i = 0; i < theirs.size(); ++i)
    t.out[static_cast<std::size_t>(packed_place(x, static_cast<std::int64_t>(i)))] = theirs[i];
  return t;
}

translated varlen(upstream_source& from) {
  const tensor &x = from.at("x", 2), &states = from.at("conv_states", 3);
  prefill_problem p;
  static_cast<filter_shape&>(p) = filter_of(from, x, x.dim(0));
  pool_of(states, from, p);
  p.lens = lengths(whole(from.at("query_start_loc")));
  if (from.has("cache_indices")) p.cache_indices = whole(from.at("cache_indices"));
  if (from.has("has_initial_state")) p.initial = whole(from.at("has_initial_state"));
  translated t{call_of(from, "prefill", p), {}, {}, {}, false};
  t.call.tensors.set("x", x);
  t.call.tensors.set("conv_states", states);
  t.exact.emplace_back("conv_states", &from.at("expected_conv_states", 3));
  t.out = from.at("expected_out", 2).values();
  if (from.has("compare_tokens")) {
    const int_list compared = whole(from.at("compare_tokens"));
    for (std::int64_t c = 0; c < p.dim; ++c)
      t.compared.insert(t.compared.end(), compared.begin(), compared.end());
  }
  return t;
}

// What both kinds of update hold.
template <class Problem>
translated updated(upstream_source& from, const char* function, const tensor& x, Problem p) {
  const tensor& state = from.at("conv_state", 3);
  pool_of(state, from, p);
  if (from.has("conv_state_indices")) p.conv_state_indices = whole(from.at("conv_state_indices"));
  translated t{call_of(from, function, p), {}, {}, {}, false};
  t.call.tensors.set("x", x);
  t.call.tensors.set("conv_state", state);
  t.exact.emplace_back("conv_state", &from.at("expected_conv_state", 3));
  t.out = from.at("expected_out").values();
  if (from.has("compare_rows")) {
    const int_list rows = whole(from.at("compare_rows"));
    for (std::int64_t i = 0; i < x.size(); ++i)
      t.compared.push_back(rows[static_cast<std::size_t>(i / (p.dim * p.seqlen))] != 0 ? 1 : 0);
  }
  return t;
}

translated update_call(upstream_source& from) {
  const tensor& given = from.at("x");
  const std::int64_t tokens = given.rank() == 3 ? given.dim(2) : 1;
  const tensor x = reshaped(given, {given.dim(0), given.dim(1), tokens});
  update_problem p;
  static_cast<filter_shape&>(p) = filter_of(from, x, x.dim(1));
  p.batch = x.dim(0), p.seqlen = tokens;
  if (from.has("cache_seqlens")) p.cache_seqlens = whole(from.at("cache_seqlens"));
  return updated(from, "update", x, p);
}

translated speculative_call(upstream_source& from) {
  const tensor& x = from.at("x");
  const bool packed_drafts = from.has("query_start_loc");
  update_speculative_problem p;
  static_cast<filter_shape&>(p) = filter_of(from, x, x.dim(1));
  if (packed_drafts) p.query_lens = lengths(whole(from.at("query_start_loc")));
  p.batch = packed_drafts ? static_cast<std::int64_t>(p.query_lens.size()) : x.dim(0);
  p.seqlen = packed_drafts ? from.integer("max_query_len") : x.dim(2);
  if (from.has("num_accepted_tokens")) p.num_accepted_tokens = whole(from.at("num_accepted_tokens"));
  const bool windows = from.has("intermediate_conv_window");
  if (windows) {
    p.lines = from.at("intermediate_conv_window", 4).dim(0);
    p.intermediate_state_indices = whole(from.at("intermediate_state_indices"));
  }
  p.tree = from.has("retrieve_next_token");
  translated t = updated(from, "update_speculative", x, p);
  if (windows) {
    t.call.tensors.set("intermediate_conv_window", from.at("intermediate_conv_window"));
    t.exact.emplace_back("intermediate_conv_window", &from.at("expected_intermediate_conv_window", 4));
  }
  if (p.tree) {
    for (const char* name : {"retrieve_next_token", "retrieve_next_sibling"})
      t.call.tensors.set(name, from.at(name, 2));
    t.exact.emplace_back("retrieve_parent_token", &from.at("expected_parent_token", 2));
  }
  return t;
}

translated states_call(upstream_source& from) {
  const tensor& x = from.at("x", 2);
  varlen_states_problem p;
  p.type = x.type(), p.dim = x.dim(1), p.state_len = from.integer("state_len");
  p.lens = lengths(whole(from.at("cu_seqlens")));
  translated t{call_of(from, "varlen_states", p), {}, {}, {}, false};
  t.call.tensors.set("x", x);
  t.exact.emplace_back("states", &from.at("expected_states", 3));
  return t;
}

translated translate(upstream_source& from) {
  const std::string& group = from.group();
  translated t = group == "causal_conv1d"                      ? equal_lengths(from)
                 : group == "causal_conv1d_varlen"             ? varlen(from)
                 : group == "causal_conv1d_update"             ? update_call(from)
                 : group == "causal_conv1d_update_speculative" ? speculative_call(from)
                                                               : states_call(from);
  t.in_double = from.has("expected_out") && from.at("expected_out").type() == dtype::f64;
  from.require_all_taken();
  return t;
}

// Weights of another type are refused by name, and by no other.
bool of_two_types(const recorded_case& c) {
  const tensor *x = c.tensors.find("x"), *weight = c.tensors.find("weight");
  return x != nullptr && weight != nullptr && x->type() != weight->type();
}

/// What two evaluations may differ, ours in double: the bound of the filter, in units of the other's
/// roundoff.
double allowed(const filter_shape& p, const filter_truth& truth, std::size_t i, bool in_double) {
  const filter_error error = worst_error(p, truth.y[i], truth.size[i]);
  const double sum = error.sums + error.silu;
  constexpr double of_double = 2 * 0x1p-53 / 0x1p-24;  // both sides err
  return in_double ? of_double * sum : sum + 0.5 * ulp(dtype::f32, truth.out[i]);
}

void compare(const translated& t, const filter_shape& p, const call_truth& truth, disagreement& differ,
             const std::function<std::string(std::int64_t)>& name) {
  const std::vector<std::uint8_t>& ours = truth.filter.compared;
  if (t.out.size() != ours.size())
    throw bad_argument("expected_out", "expected " + counted(ours.size(), "element") + ", got " +
                                           std::to_string(t.out.size()));
  if (!t.compared.empty() && t.compared != ours)
    throw bad_argument("case", "expected what is not compared to be the padding");
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (ours[i] != 0)
      differ.look(t.out[i], truth.filter.out[i], allowed(p, truth.filter, i, t.in_double),
                  name(static_cast<std::int64_t>(i)));
}

template <class Problem, class Truth>
external_judgement held_against(const recorded_case& c, const translated& t, const material<Problem>& m,
                                Truth truth_of) {
  check(m.problem, m.inputs);
  const call_truth truth = truth_of(m.problem, m.inputs);
  disagreement differ;
  compare(t, m.problem, truth, differ, [&](std::int64_t i) { return token_name(m.problem, i); });
  for (const auto& [name, theirs] : t.exact) differ.look(judge_bytes(name, truth.exact.at(name), *theirs));
  return differ.conclude(c);
}

}  // namespace

std::span<const std::string_view> upstream_groups(std::string_view function) {
  for (const auto& one : claims)
    if (one.function == function) return one.groups;
  return {};
}

bool is_upstream(const recorded_case& c) {
  return std::any_of(std::begin(claims), std::end(claims), [&](const auto& one) {
    return std::find(one.groups.begin(), one.groups.end(), c.function) != one.groups.end();
  });
}

std::vector<recorded_case> calls_of(const recorded_case& c) {
  if (of_two_types(c)) return {};
  upstream_source from(c, "conv1d");
  return {translate(from).call};
}

external_judgement judge_upstream(const recorded_case& c, std::string_view) {
  return guarded(c, [&]() -> external_judgement {
    upstream_source from(c, "conv1d");
    const translated t = translate(from);
    if (of_two_types(c)) {
      try {
        read<prefill_problem>(t.call);
      } catch (const bad_argument& why) {
        if (why.argument() == "weight")
          return {group_of(c), "expected", outcome::pass, 0,
                  std::string("refused, as it must be: ") + why.what()};
      }
      return {group_of(c), "expected", outcome::fail, 0, "expected a refusal that names the weight"};
    }
    if (t.call.function == "prefill") return held_against(c, t, read<prefill_problem>(t.call), prefill);
    if (t.call.function == "update") return held_against(c, t, read<update_problem>(t.call), update);
    if (t.call.function == "update_speculative")
      return held_against(c, t, read<update_speculative_problem>(t.call), update_speculative);
    const material<varlen_states_problem> m = read<varlen_states_problem>(t.call);
    check(m.problem, m.inputs);
    disagreement differ;
    differ.look(judge_bytes("states", varlen_states(m.problem, m.inputs), *t.exact.front().second));
    return differ.conclude(c);
  });
}

}  // namespace plumbline::conv1d
