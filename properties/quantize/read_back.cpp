#include "properties/quantize/read_back.hpp"

#include <cmath>

namespace plumbline::laws {

using namespace quantize;

bool within_a_step(const policy& rule, double element, double scale, std::uint8_t code) {
  if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(element)) return true;
  const bool int8 = rule.code == dtype::i8;
  const double limit = limit_of(rule.code), quotient = element / scale, size = std::fabs(quotient);
  const double overflow = int8 ? 127.5 : 464;
  if (size * (1 + 0x1p-20) > overflow && rule.overflow != beyond::saturate) return true;
  // The reciprocal of a scale below 2^-128 is infinite.
  if (rule.ratio != quantize::quotient::divide && scale < 0x1p-126) return true;
  const double read = int8 ? static_cast<std::int8_t>(code) : decode(rule.code, code);
  const double nearest = std::fmin(size, int8 && quotient < 0 ? limit + 1 : limit);
  const double step = int8 ? 1 : ulp(rule.code, nearest);
  double error = rule.quotient_error + 0x1p-23;
  if (rule.ratio == quantize::quotient::limit_over_amax) error += rule.scale_error + 0x1p-22;
  const double allowed =
      (rule.round == rounding::toward_zero ? step : step / 2) + error * size + 0x1p-149 / scale;
  const bool sign_kept = read == 0 || (read < 0) == (element < 0);
  return sign_kept && std::fabs(std::fabs(read) - nearest) <= allowed;
}

}  // namespace plumbline::laws
