#include "properties/judge/words.hpp"

#include <cmath>
#include <cstdio>

namespace plumbline::judging {

std::string in_words(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string as_percent(double share, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%+.*g %%", digits, share * 100);
  return text;
}

std::string in_words(const place& where, const row_name& name) {
  if (where.row < 0) return "tensor";
  std::string text = name ? name(where.unit, where.row)
                          : "unit " + std::to_string(where.unit) + ", row " + std::to_string(where.row);
  if (where.column >= 0) text += ", column " + std::to_string(where.column);
  return text;
}

finding finding_of(std::string_view test, std::string_view output) {
  finding out;
  out.test = std::string(test);
  out.output = std::string(output);
  return out;
}

double sum_of(std::span<const budget_part> parts) {
  double sum = 0;
  for (const budget_part& part : parts) sum += part.value;
  return sum;
}

std::string in_words(std::span<const budget_part> parts) {
  const double sum = sum_of(parts);
  std::string text = in_words(sum, 2);
  const char* join = " = ";
  for (const budget_part& part : parts)
    if (part.value * 1000 >= sum && part.value > 0) {
      text += join + part.name + " " + in_words(part.value, 2);
      join = " + ";
    }
  return text;
}

std::string error_message(double used, std::string_view where, double computed, double truth,
                          std::span<const budget_part> parts) {
  if (std::isnan(sum_of(parts)))
    return std::string(where) +
           (truth == 0 ? " sees no key: " : " has no budget, a bound of it is no number: ") + "computed " +
           in_words(computed) + ", must be " + in_words(truth);
  // Enough digits to show the difference.
  const double difference = std::fabs(computed - truth), size = std::fabs(truth);
  int digits = 4;
  if (difference > 0 && size > 0)
    digits = std::min(17, std::max(4, 3 + static_cast<int>(std::ceil(std::log10(size / difference)))));
  return "error " + in_words(used, 3) + "x budget at " + std::string(where) + ": computed " +
         in_words(computed, digits) + ", true " + in_words(truth, digits) + "; budget " + in_words(parts);
}

}  // namespace plumbline::judging
