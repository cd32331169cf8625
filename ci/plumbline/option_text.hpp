// Values of options from their text, each with one clear line when it is not what was expected.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

template <class Integer>
Integer whole_number(const std::string& option, const std::string& text, Integer least, Integer most) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    throw bad_argument(option, "expected a whole number from " + std::to_string(least) + " to " +
                                   std::to_string(most) + ", got '" + text + "'");
  return value;
}

inline double positive(const std::string& option, const std::string& text, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0) || !(value <= most))
    throw bad_argument(option, "expected a number above 0 and at most " +
                                   std::to_string(static_cast<std::int64_t>(most)) + ", got '" + text + "'");
  return value;
}

/// "I/N" with 1 <= I <= N.
inline std::pair<std::int64_t, std::int64_t> shard(const std::string& option, const std::string& text) {
  const std::size_t slash = text.find('/');
  std::int64_t i = 0, n = 0;
  const char* end = text.data() + text.size();
  const bool read = slash != std::string::npos &&
                    std::from_chars(text.data(), text.data() + slash, i).ptr == text.data() + slash &&
                    std::from_chars(text.data() + slash + 1, end, n).ptr == end && slash + 1 < text.size();
  if (!read || i < 1 || n < i || n > 1000000)
    throw bad_argument(option, "expected I/N with 1 <= I <= N, such as 2/8, got '" + text + "'");
  return {i, n};
}

}  // namespace plumbline::program
