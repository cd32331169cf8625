// Problems and cases as one line of text: `key=value,key=value`, lists as `a/b/c`.
//
// A problem's defaults are left out when it is printed and filled in when it is read, so the text stays short
// and an old line stays valid when a key is added.  Doubles are printed so that they read back bit for bit.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

/// A bad argument: what() is one line that names the argument and what was expected.
class bad_argument : public std::invalid_argument {
 public:
  bad_argument(std::string argument, const std::string& expected)
      : std::invalid_argument(argument + ": " + expected), argument_(std::move(argument)) {}
  /// Name of the offending argument, in the field's terms ("page_table", "num_splits", ...).
  const std::string& argument() const { return argument_; }

 private:
  std::string argument_;
};

/// Keys and values of one line.  Reading marks a key as known; `require_all_read` refuses the others by name.
class keyed_text {
 public:
  keyed_text() = default;
  /// Parses `key=value,...`; throws bad_argument on a malformed or repeated key.  Empty text has no keys.
  explicit keyed_text(std::string_view text);

  bool has(std::string_view key) const;
  /// The value, or `fallback` when the key is absent; bad_argument when it does not parse.
  std::int64_t integer(std::string_view key, std::int64_t fallback) const;
  /// As `integer`; a value that is written must lie in least..2^31 - 1.
  std::int64_t bounded(std::string_view key, std::int64_t fallback, std::int64_t least = 0) const;
  double real(std::string_view key, double fallback) const;
  bool flag(std::string_view key, bool fallback) const;  // 0 or 1
  std::string word(std::string_view key, std::string_view fallback) const;
  std::vector<std::int64_t> list(std::string_view key, std::vector<std::int64_t> fallback) const;
  /// Throws bad_argument naming the first key that nobody read.
  void require_all_read() const;

  /// Writing: a value equal to `fallback` is left out.  Keys print in the order they were put.
  void put(std::string_view key, std::int64_t value, std::int64_t fallback);
  void put(std::string_view key, double value, double fallback);
  void put_flag(std::string_view key, bool value, bool fallback);
  void put_word(std::string_view key, std::string_view value, std::string_view fallback);
  void put_list(std::string_view key, const std::vector<std::int64_t>& value);  // an empty list is left out
  std::string str() const;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  mutable std::map<std::string, bool, std::less<>> read_;
};

/// The problem that a text was parsed into, once every key was read and the problem checked.
template <class Problem>
Problem checked_problem(const keyed_text& text, const Problem& p) {
  text.require_all_read();
  check(p);
  return p;
}

}  // namespace plumbline
