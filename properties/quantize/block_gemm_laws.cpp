// A row of the product depends on its own row of a alone, and scales go through it.
//
// So any rows may be multiplied, in any order, together with any others; and scales of a times a power of two
// give the same digits, where the result neither leaves its type nor reaches its subnormals.
#include "properties/quantize/block_gemm_laws.hpp"

#include <cmath>

#include "properties/quantize/presentation.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::laws {

using quantize::block_gemm_problem;

namespace {

std::string concerns_rows(const block_gemm_subject& s) {
  return s.problem.m > 1 ? "" : "one row has one position";
}

tensor chosen_rows(const tensor& from, const std::vector<std::int64_t>& rows) {
  tensor to(from.type(), {static_cast<std::int64_t>(rows.size()), from.dim(1)});
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::int64_t c = 0; c < from.dim(1); ++c)
      to.set_code(static_cast<std::int64_t>(r) * from.dim(1) + c, from.code(rows[r] * from.dim(1) + c));
  return to;
}

std::string broken_rows(const block_gemm_subject& s) {
  random_stream choice(s.seed, "rows");
  auto rows = generate::another_order(s.problem.m, choice);
  if (choice.chance(0.5)) rows.resize(static_cast<std::size_t>(choice.integer(1, s.problem.m)));
  block_gemm_problem p = s.problem;
  p.m = static_cast<std::int64_t>(rows.size());
  tensor_set inputs = s.inputs;
  for (const char* name : {"a", "a_scale"}) inputs.set(name, chosen_rows(s.inputs.at(name), rows));
  const std::string what = std::to_string(p.m) + " of the rows in another order";
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  tensor_set expected;
  expected.set("out", chosen_rows(s.outputs.at("out"), rows));
  return difference(expected, other.outputs, what);
}

double least_of(const tensor& scales) {
  double least = INFINITY;
  for (const double x : scales.values())
    if (x != 0 && std::fabs(x) < least) least = std::fabs(x);
  return least;
}
// Where a single product could be subnormal, a sum on its way may have lost bits that twice of it keeps.
std::string concerns_power(const block_gemm_subject& s) {
  const double least_product = s.problem.code == dtype::e4m3 ? 0x1p-18 : 1;
  return least_product * least_of(s.inputs.at("a_scale")) * least_of(s.inputs.at("b_scale")) >= 0x1p-126
             ? ""
             : "a part of a sum may be subnormal";
}

// Scales stay normal, and so do results that were: any other is left out.
std::string broken_power(const block_gemm_subject& s) {
  random_stream choice(s.seed, "power of two");
  const int k = static_cast<int>(choice.integer(1, 3));
  tensor_set inputs = s.inputs;
  tensor& scale = inputs.at("a_scale");
  for (std::int64_t i = 0; i < scale.size(); ++i) scale.set_value(i, std::ldexp(scale.value(i), k));
  const std::string what = "a_scale times 2^" + std::to_string(k);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const tensor &out = s.outputs.at("out"), &scaled = other.outputs.at("out");
  const double least = ulp(out.type(), 0) / unit_roundoff(out.type());  // twice the least normal number
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const double once = out.value(i), expected = std::ldexp(once, k);
    if (!(std::fabs(once) >= least) || !std::isfinite(round_to(out.type(), expected))) continue;
    if (scaled.value(i) == expected) continue;
    return what + ": row " + std::to_string(i / s.problem.n) + ", column " + std::to_string(i % s.problem.n) +
           " is " + shown(scaled.value(i)) + ", expected 2^" + std::to_string(k) + " times " + shown(once);
  }
  return "";
}

constexpr law<block_gemm_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<block_gemm_problem>,
     broken_run_to_run<block_gemm_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_rows, broken_rows},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<block_gemm_problem>,
     broken_schedule<block_gemm_problem>, failing_schedule<block_gemm_problem>},
    {"powers_of_two_go_through", claim::none, concerns_power, broken_power},
    {"bad_arguments_refused", claim::none, concerns_all<block_gemm_problem>, broken_block_gemm_refusals},
};

}  // namespace

std::span<const law<block_gemm_problem>> block_gemm_laws() { return all; }

}  // namespace plumbline::laws
