// Combine is a weighted sum over the partials of a request: requests do not see each other, empty partials do
// not count, order does not matter beyond rounding, and a power of two on the partials moves through to the
// output bit for bit.
#include <cmath>

#include "properties/laws/presented.hpp"
#include "properties/mla/split_agreement.hpp"
#include "properties/mla/split_inputs.hpp"
#include "properties/mla/split_laws.hpp"

namespace plumbline::laws {

using mla::combine_problem;
using subject_of_combine = mla_combine_subject;

namespace {

/// Partials in another order: rows[to] = from; `p` says whose they then are.
tensor_set with_partials(const subject_of_combine& s, const combine_problem& p,
                         const std::vector<std::int64_t>& rows) {
  tensor_set inputs = s.inputs;
  for (const char* name : {"out_partial", "lse_partial"})
    inputs.set(name, generate::reordered(s.inputs.at(name), rows));
  inputs.set("num_splits", empty_inputs(p).at("num_splits"));
  return inputs;
}

std::vector<std::int64_t> first_partials(const combine_problem& p) {
  std::vector<std::int64_t> first(1, 0);
  for (const std::int64_t n : p.splits) first.push_back(first.back() + n);
  return first;
}

std::string concerns_requests(const subject_of_combine& s) {
  return s.problem.b > 1 ? "" : "one request has one position";
}

std::string broken_requests(const subject_of_combine& s) {
  random_stream choice(s.seed, "request order");
  const auto order = generate::another_order(s.problem.b, choice);
  const auto first = first_partials(s.problem);
  combine_problem p = s.problem;
  std::vector<std::int64_t> rows;
  for (std::size_t to = 0; to < order.size(); ++to) {
    const auto from = static_cast<std::size_t>(order[to]);
    p.splits[to] = s.problem.splits[from];
    for (std::int64_t n = first[from]; n < first[from + 1]; ++n) rows.push_back(n);
  }
  const attempt other = s.run(p, with_partials(s, p, rows));
  if (other.why_not) return describe(*other.why_not, "the requests in another order");
  tensor_set expected;
  for (const auto& [name, value] : s.outputs) expected.set(name, generate::reordered(value, order));
  return difference(expected, other.outputs, "the requests in another order");
}

std::string concerns_splits(const subject_of_combine& s) {
  for (const std::int64_t n : s.problem.splits)
    if (n > 1) return "";
  return "one split has one order";
}

std::string broken_split_order(const subject_of_combine& s) {
  random_stream choice(s.seed, "split order");
  const auto first = first_partials(s.problem);
  std::vector<std::int64_t> rows;
  for (std::size_t r = 0; r + 1 < first.size(); ++r)
    for (const std::int64_t n : generate::another_order(first[r + 1] - first[r], choice))
      rows.push_back(first[r] + n);
  const tensor_set inputs = with_partials(s, s.problem, rows);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, "splits in another order");
  const verdict v = judge_outputs(s.problem, inputs, other.outputs);
  return v.result == outcome::fail ? "splits in another order: " + v.message : "";
}

std::string broken_empty(const subject_of_combine& s) {
  const bool was_nan = generate::empty_holds_nan(s.seed);
  combine_problem p = s.problem;
  p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  if (!s.outside(p).empty()) p.gap = s.problem.gap;
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, value] : inputs)
    value = generate::relaid(s.inputs.at(name), std::move(value), std::byte{0x7b});
  generate::fill_empty(p, !was_nan, s.seed + 1, inputs);
  const std::string what = was_nan ? "stale values in unused memory" : "NaN in unused memory";
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

std::string broken_scale(const subject_of_combine& s) {
  const int power = static_cast<int>(random_stream(s.seed, "scale").integer(1, 6)) * (s.seed & 2 ? 1 : -1);
  const double factor = std::ldexp(1.0, power);
  tensor_set inputs = s.inputs;
  tensor& out = inputs.at("out_partial");
  for (std::int64_t row = 0; row < out.size() / s.problem.dv; ++row)
    for (std::int64_t c = 0; c < s.problem.dv; ++c) {
      const std::int64_t at = row * (s.problem.dv + s.problem.gap) + c;
      const double x = out.value(at);
      if (std::isfinite(x)) out.set_value(at, x * factor);
    }
  const std::string what = "partials times 2^" + std::to_string(power);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const auto before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  const format f = format_of(s.problem.out_type);
  const double least = std::ldexp(1.0, 1 - f.bias), most = decode(s.problem.out_type, f.max_code);
  const auto normal = [&](double x) { return std::fabs(x) > least && std::fabs(x) <= most; };
  for (std::size_t i = 0; i < before.size(); ++i)
    if (normal(before[i]) && normal(before[i] * factor) && !(after[i] == before[i] * factor))
      return what + ": element " + std::to_string(i) + " of out is " + shown(after[i]) + ", expected " +
             shown(before[i] * factor);
  return "";
}

constexpr law<combine_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<combine_problem>,
     broken_run_to_run<combine_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_requests, broken_requests},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<combine_problem>,
     broken_schedule<combine_problem>, failing_schedule<combine_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<combine_problem>, broken_empty},
    {"permuted_splits_agree", claim::none, concerns_splits, broken_split_order},
    {"scaled_partials_scale_the_output", claim::none, concerns_all<combine_problem>, broken_scale},
    {"bad_arguments_refused", claim::none, concerns_all<combine_problem>, broken_combine_refusals},
};

}  // namespace

std::span<const law<combine_problem>> mla_combine_laws() { return all; }

}  // namespace plumbline::laws
