// How numbers and budgets read in a report: "4.1e-4 = output rounding 1.2e-4 + accumulation 2.9e-4".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/judge/verdict.hpp"

namespace plumbline::judging {

/// Where something was found.  A column of -1 means the whole row, a row of -1 the whole output.
struct place {
  std::size_t unit = 0;
  std::int64_t row = -1, column = -1;
};

std::string in_words(const place& where, const row_name& name);
/// At most `digits` significant digits: "0.4127", "4.1e-05", "nan".
std::string in_words(double value, int digits = 4);
/// A share as percent with its sign: "-0.37 %".
std::string as_percent(double share, int digits = 3);

/// An unused finding of a test on an output.
finding finding_of(std::string_view test, std::string_view output);

double sum_of(std::span<const budget_part> parts);
/// "4.1e-4 = a 1.2e-4 + b 2.9e-4"; parts of less than a thousandth of the sum are left out.
std::string in_words(std::span<const budget_part> parts);

/// "error 3.1x budget at P: computed 0.4127, true 0.3981; budget 4.1e-4 = ...".
std::string error_message(double used, std::string_view where, double computed, double truth,
                          std::span<const budget_part> parts);

}  // namespace plumbline::judging
