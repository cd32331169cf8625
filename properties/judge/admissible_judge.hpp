// The judge of rotated q and k: membership in a set, no statistics.
//
// A rotated element is x cos - y sin (or x sin + y cos) in fp32, rounded once to the cache's type.  Two
// products and one sum put it within 2.4e-7 (|x| + |y|) of the double result r, so the admissible results are
// the codes between RNE(r - that) and RNE(r + that): nearly always one, two where r is that close to a tie.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "properties/judge/verdict.hpp"
#include "reference/core/formats.hpp"

namespace plumbline {

/// Judges `computed` (decoded exactly) against `exact` (double, before the rounding to `type`).  `magnitude`
/// is |x| + |y| of the pair an element was rotated in; 0: a copy, one admissible value.  `name` says where
/// element i lies.
verdict judge_rotated(std::string_view output, dtype type, std::span<const double> exact,
                      std::span<const double> magnitude, std::span<const double> computed,
                      const std::function<std::string(std::int64_t i)>& name);

}  // namespace plumbline
