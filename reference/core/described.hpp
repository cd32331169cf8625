// A problem and its line of text from one description.
//
// describe(way, problem) names every field once, in the order in which it is read, with the value it has when
// the line leaves it out; that value may follow from fields named before.  `writing` prints the fields that
// differ from it, `reading` fills them in, so the two cannot drift apart.  Numbers are bounded before
// anything is sized by them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

class writing {
 public:
  void number(std::string_view key, std::int64_t& x, std::int64_t usual, std::int64_t = 0) {
    text_.put(key, x, usual);
  }
  void real(std::string_view key, double& x, double usual) { text_.put(key, x, usual); }
  void flag(std::string_view key, bool& x, bool usual) { text_.put_flag(key, x, usual); }
  void type(std::string_view key, dtype& x, dtype usual) { text_.put_word(key, name_of(x), name_of(usual)); }
  void list(std::string_view key, std::vector<std::int64_t>& x) { text_.put_list(key, x); }
  /// An enumeration whose words are `names`, in the order of its values.
  template <class Enum, std::size_t N>
  void word(std::string_view key, Enum& x, Enum usual, const std::string_view (&names)[N]) {
    text_.put_word(key, names[static_cast<std::size_t>(x)], names[static_cast<std::size_t>(usual)]);
  }
  /// Text that the problem itself writes and reads; usual: none.
  void line(std::string_view key, std::string& x) { text_.put_word(key, x, ""); }
  std::string str() const { return text_.str(); }

 private:
  keyed_text text_;
};

class reading {
 public:
  explicit reading(const keyed_text& text) : text_(text) {}
  void number(std::string_view key, std::int64_t& x, std::int64_t usual, std::int64_t least = 0) {
    x = text_.integer(key, usual);
    if (text_.has(key)) bound(key, x, least);
  }
  void real(std::string_view key, double& x, double usual) { x = text_.real(key, usual); }
  void flag(std::string_view key, bool& x, bool usual) { x = text_.flag(key, usual); }
  void type(std::string_view key, dtype& x, dtype usual) {
    const std::string word = text_.word(key, name_of(usual));
    const auto found = dtype_from(word);
    if (!found)
      throw bad_argument(std::string(key), "expected a number format such as bf16, got \"" + word + "\"");
    x = *found;
  }
  void list(std::string_view key, std::vector<std::int64_t>& x) {
    x = text_.list(key, {});
    for (std::int64_t n : x) bound(key, n, 0);
  }
  template <class Enum, std::size_t N>
  void word(std::string_view key, Enum& x, Enum usual, const std::string_view (&names)[N]) {
    const std::string given = text_.word(key, names[static_cast<std::size_t>(usual)]);
    const auto found = std::find(std::begin(names), std::end(names), given);
    if (found == std::end(names)) {
      std::string all;
      for (std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
      throw bad_argument(std::string(key), "expected one of " + all + ", got \"" + given + "\"");
    }
    x = static_cast<Enum>(found - std::begin(names));
  }
  void line(std::string_view key, std::string& x) { x = text_.word(key, ""); }

 private:
  static void bound(std::string_view key, std::int64_t x, std::int64_t least) {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    if (x < least || x > most)
      throw bad_argument(std::string(key), "expected " + std::to_string(least) + ".." + std::to_string(most) +
                                               ", got " + std::to_string(x));
  }
  const keyed_text& text_;
};

template <class Way>
void describe_batch(Way& way, std::int64_t& b) {
  constexpr std::int64_t most = 1 << 20;
  way.number("b", b, 1);
  if (b < 0 || b > most)
    throw bad_argument("b", "expected 0.." + std::to_string(most) + " sequences, got " + std::to_string(b));
}

/// One value for all stands for a list of equal ones; in a list that is always there, nothing for `usual`.
inline void collapse(std::vector<std::int64_t>& list) {
  if (!list.empty() && std::adjacent_find(list.begin(), list.end(), std::not_equal_to<>()) == list.end())
    list.resize(1);
}
inline void collapse(std::vector<std::int64_t>& list, std::int64_t usual) {
  collapse(list);
  if (list.size() == 1 && list[0] == usual) list.clear();
}
inline void expand(std::vector<std::int64_t>& list, std::int64_t count) {
  constexpr std::int64_t most = 1 << 20;  // more is a typing error
  if (list.size() == 1 && count >= 0 && count <= most) list.assign(static_cast<std::size_t>(count), list[0]);
}
inline void expand(std::vector<std::int64_t>& list, std::int64_t count, std::int64_t usual) {
  if (list.empty()) list.assign(1, usual);
  expand(list, count);
}

/// A line as a problem: read by its description, lists expanded by `finish`, checked.
template <class Problem, class Finish>
Problem parsed(const keyed_text& text, Finish finish) {
  Problem p;
  reading way(text);
  describe(way, p);
  text.require_all_read();
  finish(p);
  check(p);
  return p;
}
template <class Problem>
Problem parsed(const keyed_text& text) {
  return parsed<Problem>(text, [](Problem&) {});
}

/// The line of a problem whose lists are collapsed.
template <class Problem>
std::string line_of(Problem p) {
  writing way;
  describe(way, p);
  return way.str();
}

}  // namespace plumbline
