#include "reference/core/keyed_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace plumbline {

namespace {

std::string_view up_to(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

template <class Number>
Number number_from(std::string_view key, std::string_view text, const char* expected) {
  Number x{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (error != std::errc() || end != text.data() + text.size())
    throw bad_argument(std::string(key), fmt::format("expected {}, got \"{}\"", expected, text));
  return x;
}

bool is_plain(std::string_view text) { return text.find_first_of(",=;\n\r") == std::string_view::npos; }

const std::string* value_in(const std::vector<std::pair<std::string, std::string>>& entries,
                            std::string_view key) {
  for (const auto& [name, value] : entries)
    if (name == key) return &value;
  return nullptr;
}

}  // namespace

keyed_text::keyed_text(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.back() == ',') throw bad_argument(std::string(text), "expected key=value after the last comma");
    std::string_view piece = up_to(rest, ',');
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == piece.size())
      throw bad_argument(std::string(piece), "expected key=value");
    const std::string_view key = piece.substr(0, equals), value = piece.substr(equals + 1);
    if (!is_plain(value))
      throw bad_argument(std::string(key), "expected one value, got \"" + std::string(value) + "\"");
    if (value_in(entries_, key)) throw bad_argument(std::string(key), "expected once, given twice");
    entries_.emplace_back(key, value);
  }
}

bool keyed_text::has(std::string_view key) const {
  read_.insert_or_assign(std::string(key), true);
  return value_in(entries_, key) != nullptr;
}

std::int64_t keyed_text::integer(std::string_view key, std::int64_t fallback) const {
  return has(key) ? number_from<std::int64_t>(key, *value_in(entries_, key), "an integer") : fallback;
}

std::int64_t keyed_text::bounded(std::string_view key, std::int64_t fallback, std::int64_t least) const {
  constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
  const std::int64_t x = integer(key, fallback);
  if (has(key) && (x < least || x > largest))
    throw bad_argument(std::string(key), "expected " + std::to_string(least) + ".." +
                                             std::to_string(largest) + ", got " + std::to_string(x));
  return x;
}

double keyed_text::real(std::string_view key, double fallback) const {
  return has(key) ? number_from<double>(key, *value_in(entries_, key), "a number") : fallback;
}

bool keyed_text::flag(std::string_view key, bool fallback) const {
  if (!has(key)) return fallback;
  const std::string& value = *value_in(entries_, key);
  if (value != "0" && value != "1")
    throw bad_argument(std::string(key), fmt::format("expected 0 or 1, got \"{}\"", value));
  return value == "1";
}

std::string keyed_text::word(std::string_view key, std::string_view fallback) const {
  return has(key) ? *value_in(entries_, key) : std::string(fallback);
}

std::vector<std::int64_t> keyed_text::list(std::string_view key, std::vector<std::int64_t> fallback) const {
  if (!has(key)) return fallback;
  const std::string_view value = *value_in(entries_, key);
  std::vector<std::int64_t> numbers;
  std::string_view rest = value;
  while (!rest.empty())
    numbers.push_back(number_from<std::int64_t>(key, up_to(rest, '/'), "integers separated by /"));
  if (value.back() == '/') throw bad_argument(std::string(key), "expected an integer after the last /");
  return numbers;
}

void keyed_text::require_all_read() const {
  for (const auto& entry : entries_) {
    if (read_.count(entry.first)) continue;
    std::string known;
    for (const auto& [key, was_read] : read_) known += (known.empty() ? "" : ", ") + key;
    throw bad_argument(entry.first, "no such key; expected one of " + known);
  }
}

void keyed_text::put(std::string_view key, std::int64_t value, std::int64_t fallback) {
  if (value != fallback) entries_.emplace_back(key, fmt::format("{}", value));
}

void keyed_text::put(std::string_view key, double value, double fallback) {
  if (std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(fallback))
    entries_.emplace_back(key, fmt::format("{}", value));
}

void keyed_text::put_flag(std::string_view key, bool value, bool fallback) {
  if (value != fallback) entries_.emplace_back(key, value ? "1" : "0");
}

void keyed_text::put_word(std::string_view key, std::string_view value, std::string_view fallback) {
  if (value == fallback) return;
  if (value.empty() || !is_plain(value))
    throw bad_argument(std::string(key), fmt::format("expected a word without , = ; got \"{}\"", value));
  entries_.emplace_back(key, value);
}

void keyed_text::put_list(std::string_view key, const std::vector<std::int64_t>& value) {
  if (!value.empty()) entries_.emplace_back(key, fmt::format("{}", fmt::join(value, "/")));
}

std::string keyed_text::str() const {
  std::string line;
  for (const auto& [key, value] : entries_) {
    if (!line.empty()) line += ',';
    line += key;
    line += '=';
    line += value;
  }
  return line;
}

}  // namespace plumbline
