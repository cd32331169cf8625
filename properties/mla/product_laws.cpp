// A projection is linear: a unit vector reads one column of the weight, exactly, and a power of two goes
// through.  Its rows do not see each other, nor rows of the weight that belong to the other product.
#include "properties/mla/product_laws.hpp"

#include <cmath>

#include "properties/laws/presented.hpp"
#include "properties/mla/product_inputs.hpp"
#include "reference/core/counted.hpp"
#include "reference/product.hpp"

namespace plumbline::laws {

using mla::project_problem;
using mla::projection;

namespace {

std::string concerns_order(const project_subject& s) {
  return s.problem.tokens > 1 ? "" : "one token has one position";
}
std::string broken_order(const project_subject& s) {
  return broken_row_order(s, s.problem.tokens, {"x"}, true);
}

// The first tokens alone: tiles of another size may serve them.
std::string broken_alone(const project_subject& s) {
  project_problem p = s.problem;
  p.tokens = random_stream(s.seed, "alone").integer(1, s.problem.tokens - 1);
  tensor_set inputs = empty_inputs(p), expected = make_outputs(p);
  for (auto& [name, value] : inputs)
    if (name != "x") value = s.inputs.at(name);
  const auto first_rows = [&](const tensor& from, tensor& to) {
    std::vector<std::int64_t> index(static_cast<std::size_t>(to.rank()), 0);
    for (std::int64_t i = 0; i < to.size(); ++i) {
      to.set_code(to.offset(index), from.code(from.offset(index)));
      for (std::size_t axis = index.size(); axis-- > 0;) {
        if (++index[axis] < to.shape()[axis]) break;
        index[axis] = 0;
      }
    }
  };
  first_rows(s.inputs.at("x"), inputs.at("x"));
  first_rows(s.outputs.at("out"), expected.at("out"));
  const std::string what = "the first " + counted(p.tokens, "token") + " alone";
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(expected, other.outputs, what);
}

std::string broken_unread(const project_subject& s) {
  project_problem p = s.problem;
  p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  if (!s.outside(p).empty()) p.gap = s.problem.gap;
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, value] : inputs)
    value = generate::relaid(s.inputs.at(name), std::move(value), std::byte{0x7b});
  generate::fill_unread_rows(p, !generate::unread_rows_hold_nan(s.seed), s.seed + 1, inputs);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other bytes in unused memory");
  return difference(s.outputs, other.outputs, "other bytes in unused memory");
}

// Token t is the unit vector of some k: the result is that column of the weight as the kernel reads it.
std::string broken_unit_vector(const project_subject& s) {
  const project_problem& p = s.problem;
  const auto shape = shape_of(p);
  const std::int64_t heads = p.kind == projection::linear ? 1 : p.heads;
  const std::int64_t head_rows = p.kind == projection::linear ? 0 : p.qk_nope_head_dim + p.v_head_dim;
  const std::int64_t first_row = p.kind == projection::absorb_output ? p.qk_nope_head_dim : 0;
  random_stream choice(s.seed, "unit vectors");
  tensor_set inputs = s.inputs;
  tensor& x = inputs.at("x");
  std::vector<std::int64_t> which;
  for (std::int64_t row = 0; row < p.tokens * heads; ++row) {
    which.push_back(choice.integer(0, shape.inner - 1));
    const std::int64_t first = row / heads * x.strides()[0] + (heads > 1 ? row % heads * x.strides()[1] : 0);
    for (std::int64_t k = 0; k < shape.inner; ++k) x.set_value(first + k, k == which.back() ? 1 : 0);
  }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "unit vectors");
  const weight_matrix weight(inputs, "weight", p.type);
  const std::vector<double> out = other.outputs.at("out").values();
  for (std::int64_t row = 0; row < p.tokens * heads; ++row)
    for (std::int64_t n = 0; n < shape.outer; ++n) {
      const std::int64_t k = which[static_cast<std::size_t>(row)];
      const bool down = p.kind == projection::absorb_query;
      double expected = 0;
      weight.load(row % heads * head_rows + first_row + (down ? k : n), down ? n : k, 1, &expected);
      const double found = out[static_cast<std::size_t>(row * shape.outer + n)];
      if (found == expected || (std::isnan(found) && std::isnan(expected))) continue;
      return "row " + std::to_string(row) + ", the unit vector of " + std::to_string(k) + ": result " +
             std::to_string(n) + " is " + shown(found) + ", the weight " + shown(expected);
    }
  return "";
}

std::string broken_scale(const project_subject& s) {
  const int power = s.seed % 2 == 0 ? 3 : -3;
  const double factor = std::ldexp(1.0, power);
  tensor_set inputs = s.inputs;
  tensor& x = inputs.at("x");
  const std::int64_t heads = s.problem.kind == projection::linear ? 1 : s.problem.heads;
  const format f = format_of(s.problem.type);
  const double least = std::ldexp(1.0, 1 - f.bias), most = decode(s.problem.type, f.max_code);
  const auto normal = [&](double value) { return std::fabs(value) > least && std::fabs(value) <= most; };
  for (std::int64_t row = 0; row < s.problem.tokens * heads; ++row)
    for (std::int64_t k = 0; k < shape_of(s.problem).inner; ++k) {
      const std::int64_t at =
          row / heads * x.strides()[0] + (heads > 1 ? row % heads * x.strides()[1] : 0) + k;
      const double before = x.value(at);
      if (before != 0 && !std::isnan(before) && (!normal(before) || !normal(before * factor)))
        throw outside_domain{"an element is too small for a power of two"};
      x.set_value(at, before * factor);
    }
  const std::string what = "x times 2^" + std::to_string(power);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const auto before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  for (std::size_t i = 0; i < before.size(); ++i)
    if (normal(before[i]) && normal(before[i] * factor) && !(after[i] == before[i] * factor))
      return what + ": element " + std::to_string(i) + " of out is " + shown(after[i]) + ", expected " +
             shown(before[i] * factor);
  return "";
}

constexpr law<project_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<project_problem>,
     broken_run_to_run<project_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_alone", claim::same_bits_any_batch_position, concerns_order, broken_alone},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<project_problem>,
     broken_schedule<project_problem>, failing_schedule<project_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<project_problem>, broken_unread},
    {"unit_vector_reads_the_weight", claim::none, concerns_all<project_problem>, broken_unit_vector},
    {"power_of_two_goes_through", claim::none, concerns_all<project_problem>, broken_scale},
    {"bad_arguments_refused", claim::none, concerns_all<project_problem>, broken_project_refusals},
};

}  // namespace

std::span<const law<project_problem>> project_laws() { return all; }

}  // namespace plumbline::laws
