// The laws of dequantize beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::laws {

using dequantize_subject = subject<quantize::dequantize_problem>;

std::span<const law<quantize::dequantize_problem>> dequantize_laws();

std::string broken_dequantize_refusals(const dequantize_subject&);

}  // namespace plumbline::laws
