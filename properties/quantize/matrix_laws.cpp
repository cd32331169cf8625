// Laws of weight_dequant and scatter: a result depends on its own element, block or row alone.
#include <cmath>

#include "properties/quantize/groups_laws.hpp"
#include "properties/quantize/presentation.hpp"

namespace plumbline::laws {

using quantize::scatter_problem;
using quantize::weight_dequant_problem;

namespace {

std::string concerns_transpose(const weight_subject& s) {
  return s.problem.m > 0 && s.problem.n > 0 ? "" : "no elements";
}

tensor transposed(const tensor& from) {
  tensor to(from.type(), {from.dim(1), from.dim(0)});
  for (std::int64_t r = 0; r < from.dim(0); ++r)
    for (std::int64_t c = 0; c < from.dim(1); ++c)
      to.set_code(c * from.dim(0) + r, from.code(r * from.strides()[0] + c));
  return to;
}

// Blocks are square, so the transposed weight under the transposed scales is the transposed result.
std::string broken_transpose(const weight_subject& s) {
  weight_dequant_problem p = s.problem;
  p.m = s.problem.n, p.n = s.problem.m;
  tensor_set inputs;
  inputs.set("weight", transposed(s.inputs.at("weight")));
  inputs.set("scale", transposed(s.inputs.at("scale")));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the transposed weight");
  tensor_set back;
  back.set("out", transposed(other.outputs.at("out")));
  return difference(s.outputs, back, "the transposed weight, transposed back");
}

std::string concerns_order(const scatter_subject& s) {
  return s.problem.tokens > 1 ? "" : "one token has one position";
}

std::string broken_order(const scatter_subject& s) {
  random_stream choice(s.seed, "token order");
  const auto order = generate::another_order(s.problem.tokens, choice);
  tensor_set inputs = s.inputs;
  for (const char* name : {"nope", "rope", "loc"})
    inputs.set(name, generate::reordered(s.inputs.at(name), order));
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, "the tokens in another order");
  return difference(s.outputs, other.outputs, "the tokens in another order");
}

std::string broken_unused(const scatter_subject& s) {
  random_stream choice(s.seed, "unused memory");
  scatter_problem p = s.problem;
  p.gap = s.problem.gap + 8 * choice.integer(0, 2);
  if (!s.outside(p).empty()) p.gap = s.problem.gap;
  tensor_set inputs = s.inputs;
  for (const char* name : {"nope", "rope"})
    inputs.set(name, generate::regapped(s.inputs.at(name), p.gap, std::byte{0x7b}));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other bytes in unused memory");
  return difference(s.outputs, other.outputs, "other bytes in unused memory");
}

std::string broken_rows_outside(const scatter_subject& s) {
  const scatter_problem& p = s.problem;
  const std::int64_t width = p.nope_width + p.rope_width;
  tensor_set expected;
  tensor buffer = s.inputs.at("buffer");
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const auto loc = static_cast<std::int64_t>(s.inputs.at("loc").value(token));
    if (loc % p.world != p.rank) continue;
    for (std::int64_t c = 0; c < width; ++c)
      buffer.set_code(loc / p.world * width + c, s.outputs.at("buffer").code(loc / p.world * width + c));
  }
  expected.set("buffer", std::move(buffer));
  return difference(expected, s.outputs, "a buffer in which the tokens' rows alone changed");
}

constexpr law<weight_dequant_problem> weight_rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<weight_dequant_problem>,
     broken_run_to_run<weight_dequant_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<weight_dequant_problem>,
     broken_schedule<weight_dequant_problem>, failing_schedule<weight_dequant_problem>},
    {"transpose_goes_through", claim::none, concerns_transpose, broken_transpose},
    {"bad_arguments_refused", claim::none, concerns_all<weight_dequant_problem>, broken_weight_refusals},
};

constexpr law<scatter_problem> scatter_rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<scatter_problem>,
     broken_run_to_run<scatter_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<scatter_problem>,
     broken_schedule<scatter_problem>, failing_schedule<scatter_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<scatter_problem>, broken_unused},
    {"rows_outside_keep_their_bytes", claim::none, concerns_all<scatter_problem>, broken_rows_outside},
    {"bad_arguments_refused", claim::none, concerns_all<scatter_problem>, broken_scatter_refusals},
};

}  // namespace

std::span<const law<weight_dequant_problem>> weight_dequant_laws() { return weight_rows; }
std::span<const law<scatter_problem>> scatter_laws() { return scatter_rows; }

}  // namespace plumbline::laws
