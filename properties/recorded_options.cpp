#include "properties/recorded_options.hpp"

#include <algorithm>
#include <vector>

#include "properties/in_double.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline {

namespace {

constexpr std::string_view provenance[] = {
    "seed",      "note",     "computed_in", "compare_note", "case",    "contract", "op",
    "operator",  "columns",  "title",       "description",  "role",    "executor", "changes",
    "generator", "expected", "found_as",    "law",          "message", "row"};
constexpr std::string_view provenance_prefixes[] = {"source_",   "licence", "license", "recorded_",
                                                    "contract_", "recipe",  "origin"};

bool is_provenance(std::string_view name) {
  for (std::string_view one : provenance)
    if (one == name) return true;
  for (std::string_view prefix : provenance_prefixes)
    if (name.substr(0, prefix.size()) == prefix) return true;
  return false;
}

std::int64_t parse_integer(const std::string& name, const std::string& text) {
  try {
    return keyed_text("x=" + text).integer("x", 0);
  } catch (const bad_argument&) {
    throw bad_argument(name, "expected a whole number, got \"" + text + "\"");
  }
}

}  // namespace

std::int64_t recorded_options::integer(const std::string& name, std::int64_t fallback) {
  read_[name] = true;
  const auto found = from_.options.find(name);
  return found == from_.options.end() ? fallback : parse_integer(name, found->second);
}

bool recorded_options::flag(const std::string& name, bool fallback) {
  const std::int64_t x = integer(name, fallback ? 1 : 0);
  if (x != 0 && x != 1) throw bad_argument(name, "expected 0 or 1, got " + std::to_string(x));
  return x == 1;
}

double recorded_options::real(const std::string& name, double fallback) {
  read_[name] = true;
  const auto found = from_.options.find(name);
  if (found == from_.options.end()) return fallback;
  try {
    return keyed_text("x=" + found->second).real("x", fallback);
  } catch (const bad_argument&) {
    throw bad_argument(name, "expected a number, got \"" + found->second + "\"");
  }
}

std::string recorded_options::word(const std::string& name, const std::string& fallback) {
  read_[name] = true;
  const auto found = from_.options.find(name);
  return found == from_.options.end() ? fallback : found->second;
}

void recorded_options::neutral(const std::string& name, const std::string& value) {
  const auto found = from_.options.find(name);
  if (found != from_.options.end() && found->second == value) read_[name] = true;
}

void recorded_options::only_said(std::initializer_list<const char*> names) {
  for (const char* name : names) read_[name] = true;
}

void recorded_options::require_known(std::span<const std::string_view> known_tensors) const {
  std::vector<std::string> options;
  for (const auto& [name, read] : read_) options.push_back(name);
  const std::vector<std::string> tensors(known_tensors.begin(), known_tensors.end());
  std::string names;
  const auto add = [&](const std::string& got, const std::string& name,
                       const std::vector<std::string>& known) {
    names += (names.empty() ? "" : ", ") + got + guess(name, known);
  };
  for (const auto& [name, value] : from_.options)
    if (read_.count(name) == 0 && !is_provenance(name)) add("option " + name + "=" + value, name, options);
  for (const auto& [name, value] : from_.tensors)
    if (!is_in_double(name) &&  // judge_doubles answers for those
        std::find(tensors.begin(), tensors.end(), name) == tensors.end())
      add("tensor " + name, name, tensors);
  if (!names.empty()) throw bad_argument("case", "expected only what this function takes, got " + names);
}

void recorded_options::require_known(const tensor_set& inputs, const tensor_set& outputs) const {
  std::vector<std::string> names;
  for (const auto& one : inputs) names.push_back(one.name);
  for (const auto& one : outputs)
    for (const char* prefix : {"", "out_", "expected_"}) names.push_back(prefix + one.name);
  require_known(std::vector<std::string_view>(names.begin(), names.end()));
}

std::string real_text(double x) {
  keyed_text text;
  text.put("x", x, x + 1);
  return text.str().substr(2);
}

}  // namespace plumbline
