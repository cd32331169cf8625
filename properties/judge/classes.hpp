// Classes: NaN, +infinity and -infinity stand exactly where the truth has them.
//
// The first question, because no distance means anything at such a place; afterwards these elements are left
// out of every sum.  NaN is compared by class, never by payload or sign.  The truth of an element is rounded
// to the output type first, so an overflow of the type is an expected infinity; where the budget reaches
// across the overflow threshold, both are right.
#pragma once

#include <string_view>

#include "properties/judge/judged_row.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {

enum class number_class : std::uint8_t { finite, nan, plus_infinity, minus_infinity };
number_class class_of(double x);

class class_test {
 public:
  /// `reach` bounds |computed - truth| before the rounding to `type` (0 for an exact comparison).
  void add(const place& where, double truth, double computed, dtype type, double reach);
  std::int64_t compared() const { return compared_; }
  finding finish(std::string_view output, const row_name& name) const;

 private:
  std::int64_t compared_ = 0, wrong_ = 0;
  place first_;
  double computed_ = 0, truth_ = 0;
};

}  // namespace plumbline::judging
