#include "properties/case_spec.hpp"

#include <charconv>
#include <vector>

#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

constexpr std::string_view family = "plumbline";

std::vector<std::string_view> split(std::string_view text, char mark, std::size_t most) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < most) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.push_back(text);
  return parts;
}

template <class Integer>
Integer whole(std::string_view name, std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    throw bad_argument(std::string(name), "expected a whole number, got \"" + std::string(text) + "\"");
  return value;
}

bool plain_name(std::string_view name) {
  if (name.empty()) return false;
  for (char c : name)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  return true;
}

// OP[.FUNCTION][/VARIANT]
void read_target(std::string_view text, bool short_form, case_spec& c) {
  const auto slash = split(text, '/', 2);
  const auto dot = split(slash[0], '.', 2);
  c.op = dot[0];
  if (dot.size() == 2) c.function = dot[1];
  if (slash.size() == 2) c.variant = slash[1];
  const bool says_function = dot.size() == 2 || !short_form;
  if (!plain_name(c.op) || (says_function && !plain_name(c.function)) ||
      (slash.size() == 2 && !plain_name(c.variant)))
    throw bad_argument("case",
                       "expected OP.FUNCTION or OP.FUNCTION/VARIANT, got \"" + std::string(text) + "\"");
}

void read_field(std::string_view field, case_spec& c, std::vector<std::string>& seen) {
  const auto parts = split(field, '=', 2);
  const std::string key(parts[0]);
  for (const std::string& earlier : seen)
    if (earlier == key) throw bad_argument(key, "given twice in one case");
  seen.push_back(key);
  if (parts.size() != 2 || parts[1].empty())
    throw bad_argument("case", "expected key=value after ';', got \"" + std::string(field) + "\"");
  if (key == "regime") {
    c.regime = parts[1];
  } else if (key == "seed") {
    c.seed = whole<std::uint64_t>("seed", parts[1]);
  } else if (key == "recorded") {
    c.recorded = parts[1];
  } else if (key == "executor") {
    c.executor = parts[1];
  } else if (key == "schedule") {
    c.schedule = parts[1];
  } else if (key == "os_threads") {
    c.os_threads = whole<int>("os_threads", parts[1]);
  } else {
    throw bad_argument(
        key, "unknown part of a case; expected regime, seed, recorded, executor, schedule or os_threads");
  }
}

// No problem has a key of these names: somebody typed a comma, or nothing, for a semicolon.
void require_no_field(std::string_view problem) {
  for (const std::string_view option : split(problem, ',', problem.size() + 2))
    for (const std::string_view field : {"regime", "seed", "recorded", "executor", "schedule", "os_threads"})
      if (option.size() > field.size() && option.substr(0, field.size()) == field &&
          option[field.size()] == '=')
        throw bad_argument(std::string(field), "expected behind a ';', as in OP:key=value,...;seed=7");
}

}  // namespace

std::string case_spec::str() const {
  std::string text = std::string(family) + std::to_string(version) + ':' + op + '.' + function;
  if (!variant.empty()) text += '/' + variant;
  text += ':' + problem;
  if (!regime.empty()) text += ";regime=" + regime;
  if (recorded.empty()) text += ";seed=" + std::to_string(seed);
  if (!recorded.empty()) text += ";recorded=" + recorded;
  if (executor != "host") text += ";executor=" + executor;
  if (!schedule.empty()) text += ";schedule=" + schedule;
  if (os_threads != 0) text += ";os_threads=" + std::to_string(os_threads);
  return text;
}

case_spec case_spec::parse(std::string_view text) {
  case_spec c;
  const auto head = split(text, ':', 2);
  const bool long_form = head[0].substr(0, family.size()) == family;
  std::string_view body;
  if (long_form) {
    c.version = whole<int>("case version", head[0].substr(family.size()));
    if (c.version != generator_version)
      throw bad_argument("case version", "expected " + std::string(family) +
                                             std::to_string(generator_version) + ", got " +
                                             std::string(head[0]) +
                                             ": this program's generators draw other inputs from that line");
    const auto rest = head.size() == 2 ? split(head[1], ':', 2) : std::vector<std::string_view>{};
    if (rest.size() != 2)
      throw bad_argument("case", "expected plumbline1:OP.FUNCTION[/VARIANT]:key=value,...");
    read_target(rest[0], false, c);
    body = rest[1];
  } else {
    if (head.size() != 2)
      throw bad_argument(
          "case", "expected OP:key=value,... or plumbline1:OP.FUNCTION[/VARIANT]:key=value,..., got \"" +
                      std::string(text) + "\"");
    read_target(head[0], true, c);
    body = head[1];
  }
  const auto parts = split(body, ';', body.size() + 2);
  require_no_field(parts[0]);
  c.problem = parts[0];
  std::vector<std::string> seen;
  for (std::size_t i = 1; i < parts.size(); ++i) read_field(parts[i], c, seen);
  return c;
}

}  // namespace plumbline
