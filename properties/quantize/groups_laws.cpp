// A group's codes and scale depend on its elements alone.
//
// So groups of rows may come in any order, rows may have any stride, and scales are the same numbers in any
// layout; and whatever the arithmetic, a code reads back within one rounding of its element.
#include "properties/quantize/groups_laws.hpp"

#include <cmath>

#include "properties/quantize/presentation.hpp"
#include "properties/quantize/read_back.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/quantize.hpp"

namespace plumbline::laws {

using quantize::groups_problem;
using quantize::scale_layout;

namespace {

std::uint8_t code_at(const tensor& codes, std::int64_t row, std::int64_t column) {
  return static_cast<std::uint8_t>(codes.code(row * codes.strides()[0] + column));
}

// Row group `from` of the first call against `to` of another.
std::string compare(const groups_subject& s, std::int64_t from, const groups_problem& p,
                    const tensor_set& outputs, std::int64_t to, const std::string& what) {
  const std::string place = "row group " + std::to_string(from);
  for (std::int64_t r = 0; r < p.group_rows && from * p.group_rows + r < p.rows; ++r)
    for (std::int64_t c = 0; c < p.k; ++c)
      if (code_at(s.outputs.at("codes"), from * p.group_rows + r, c) !=
          code_at(outputs.at("codes"), to * p.group_rows + r, c))
        return place + " gets other codes with " + what;
  if (p.has_static) return "";
  for (std::int64_t c = 0; c < column_groups(p); ++c) {
    const float a = scale_at(s.problem, s.outputs.at("scales"), from, c),
                b = scale_at(p, outputs.at("scales"), to, c);
    if (!(a == b || (std::isnan(a) && std::isnan(b)))) return place + " gets other scales with " + what;
  }
  return "";
}

std::string compare_all(const groups_subject& s, const groups_problem& p, const tensor_set& inputs,
                        const std::string& what) {
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  for (std::int64_t g = 0; g < row_groups(p); ++g)
    if (std::string why = compare(s, g, p, other.outputs, g, what); !why.empty()) return why;
  return "";
}

std::string concerns_order(const groups_subject& s) {
  if (s.problem.rows % s.problem.group_rows != 0) return "the last group of rows is short";
  return row_groups(s.problem) > 1 ? "" : "one group of rows has one position";
}

std::string broken_order(const groups_subject& s) {
  const groups_problem& p = s.problem;
  random_stream choice(s.seed, "row order");
  const auto order = generate::another_order(row_groups(p), choice);
  std::vector<std::int64_t> rows;
  for (const std::int64_t group : order)
    for (std::int64_t r = 0; r < p.group_rows; ++r) rows.push_back(group * p.group_rows + r);
  tensor_set inputs = s.inputs;
  inputs.set("x", generate::reordered(s.inputs.at("x"), rows));
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, "the rows in another order");
  for (std::int64_t to = 0; to < row_groups(p); ++to)
    if (std::string why = compare(s, order[static_cast<std::size_t>(to)], p, moved.outputs, to,
                                  "position " + std::to_string(to));
        !why.empty())
      return why;
  return "";
}

std::string broken_unused(const groups_subject& s) {
  random_stream choice(s.seed, "unused memory");
  groups_problem p = s.problem;
  p.gap = s.problem.gap + 8 * choice.integer(0, 2);
  if (!s.outside(p).empty()) p.gap = s.problem.gap;
  tensor_set inputs = s.inputs;
  inputs.set("x", generate::regapped(s.inputs.at("x"), p.gap, std::byte{0x7b}));
  return compare_all(s, p, inputs, "other bytes in unused memory");
}

std::string concerns_layout(const groups_subject& s) {
  return s.problem.has_static ? "no scales are written" : "";
}

std::string broken_layout(const groups_subject& s) {
  groups_problem p = s.problem;
  p.layout = p.layout == scale_layout::column_major ? scale_layout::row_major : scale_layout::column_major;
  // A packed scale may be a byte that stands for a scale without one; floats have them all.
  if (s.problem.layout == scale_layout::packed) p.layout = scale_layout::packed;
  return compare_all(s, p, s.inputs, "scales in another layout");
}

std::string broken_step(const groups_subject& s) {
  const groups_problem& p = s.problem;
  const tensor &x = s.inputs.at("x"), &codes = s.outputs.at("codes");
  for (std::int64_t r = 0; r < p.rows; ++r)
    for (std::int64_t c = 0; c < p.k; ++c) {
      const double scale = p.has_static ? s.inputs.at("static_scale").value(0)
                                        : scale_at(p, s.outputs.at("scales"), r / p.group_rows, c / p.group);
      const double element = x.value(r * x.strides()[0] + c);
      const std::uint8_t code = code_at(codes, r, c);
      if (within_a_step(p.rule, element, scale, code)) continue;
      return "row " + std::to_string(r) + ", column " + std::to_string(c) + ": " + shown(element) +
             " under scale " + shown(scale) + " has code " + std::to_string(code) +
             ", not within one rounding";
    }
  return "";
}

constexpr law<groups_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<groups_problem>,
     broken_run_to_run<groups_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<groups_problem>,
     broken_schedule<groups_problem>, failing_schedule<groups_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<groups_problem>, broken_unused},
    {"same_scales_in_any_layout", claim::none, concerns_layout, broken_layout},
    {"reads_back_within_a_step", claim::none, concerns_all<groups_problem>, broken_step},
    {"bad_arguments_refused", claim::none, concerns_all<groups_problem>, broken_groups_refusals},
};

}  // namespace

std::span<const law<groups_problem>> groups_laws() { return all; }

}  // namespace plumbline::laws
