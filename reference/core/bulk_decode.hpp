// Whole rows of codes to doubles, exactly and fast: the truth reads every key through here.
//
// The same values as `decode`; a test compares every code.  bf16 is a float's upper half; f16, e4m3 and e5m2
// move their fields into a float without a branch, so that the compiler vectorises.  No path computes with a
// subnormal float, which would cost a hundred cycles each.
#pragma once

#include <cstdint>

#include "reference/core/formats.hpp"

namespace plumbline {

/// Writes the exact values of `count` consecutive codes at `codes` to `out`.  Any dtype; the integers give
/// the integer.
void decode_row(dtype t, const void* codes, std::int64_t count, double* out);

}  // namespace plumbline
