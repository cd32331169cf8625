#include "properties/in_double.hpp"

#include <algorithm>
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/laws/subject.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

std::string index_words(std::span<const std::int64_t> shape, std::int64_t element) {
  std::string text;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    text.insert(0, std::to_string(element % shape[axis]) + (text.empty() ? "" : ", "));
    element /= shape[axis];
  }
  return "[" + text + "]";
}

}  // namespace

double_result double_of(std::string name, std::span<const std::int64_t> shape, std::span<const double> values,
                        std::vector<double> slack) {
  double_result one{std::move(name), tensor(dtype::f64, {shape.begin(), shape.end()}), std::move(slack)};
  if (one.value.size() != static_cast<std::int64_t>(values.size()) || one.slack.size() != values.size())
    throw std::logic_error(one.name + ": expected one number and one slack for each element");
  std::copy(values.begin(), values.end(), one.value.as<double>());
  return one;
}

std::vector<double_result> operation::in_double(const recorded_case&) const { return {}; }

bool is_in_double(std::string_view name) {
  return name.rfind("truth_", 0) == 0 || name.rfind("companion_", 0) == 0;
}

bool holds_doubles(const recorded_case& c) {
  return std::any_of(c.tensors.begin(), c.tensors.end(), [](const auto& e) { return is_in_double(e.name); });
}

external_judgement held_in_double(const recorded_case& c, const tensor& stored, const double_result& ours) {
  const auto shape = ours.value.shape();
  if (stored.type() != dtype::f64)
    throw bad_argument(ours.name, "expected dtype f64, got " + std::string(name_of(stored.type())));
  if (!std::equal(shape.begin(), shape.end(), stored.shape().begin(), stored.shape().end()))
    throw bad_argument(ours.name, "expected another shape: this one is not of the case's problem");
  disagreement d;
  const std::vector<double> theirs = stored.values(), mine = ours.value.values();
  for (std::size_t i = 0; i < mine.size(); ++i)
    d.look(theirs[i], mine[i], ours.slack[i], ours.name + index_words(shape, static_cast<std::int64_t>(i)));
  external_judgement e = d.conclude(c);
  if (e.result == outcome::mistrusted && e.used <= 1) e.result = outcome::pass;  // all of it is no number
  e.kind = "in double";
  return e;
}

external_judgement judge_doubles(const operation& op, const recorded_case& c) {
  external_judgement all{group_of(c), "in double", outcome::pass, 0, ""};
  return guarded(c, [&] {
    const std::vector<double_result> ours = op.in_double(c);
    for (const auto& [name, stored] : c.tensors) {
      if (!is_in_double(name)) continue;
      const auto found = std::find_if(ours.begin(), ours.end(),
                                      [&name = name](const double_result& one) { return one.name == name; });
      if (found == ours.end())
        throw bad_argument(name, "expected what the reference has in double of such a case, it has no such");
      all = worst(all, held_in_double(c, stored, *found));
    }
    return all;
  });
}

external_judgement judge_all(const operation& op, const recorded_case& c, std::string_view contract_name) {
  const external_judgement held = op.judge(c, contract_name);
  if (!holds_doubles(c)) return held;
  const external_judgement doubles = judge_doubles(op, c);
  if (held.kind == "unsupported") return doubles;
  if (doubles.result != outcome::pass) return worst(held, doubles);
  return held;
}

}  // namespace plumbline
