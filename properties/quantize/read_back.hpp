// What every quantizer owes whatever its arithmetic: a code read back lies within one rounding of the
// element.
//
// Knows no encoder: half a step of the code's format at the quotient (a whole one where codes are cut toward
// zero), plus the declared error of the quotient.  What no code can be near (NaN, infinity, a scale of zero,
// a quotient beyond the range where the policy keeps no promise) is let pass.
#pragma once

#include <cstdint>

#include "reference/core/quantize_policy.hpp"

namespace plumbline::laws {

bool within_a_step(const quantize::policy&, double element, double scale, std::uint8_t code);

}  // namespace plumbline::laws
