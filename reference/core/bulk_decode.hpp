// Whole rows of codes to doubles, exactly and fast: the truth reads every key through here.
//
// The same values as `decode`, one code at a time; a test compares every code.  bf16 is a float's upper half;
// f16 moves its fields into a float, its subnormals are integers times 2^-24; one-byte formats are a table of
// 256.  No path goes through a float subnormal, which would cost a hundred cycles each.
#pragma once

#include <cstdint>

#include "reference/core/formats.hpp"

namespace plumbline {

/// Writes the exact values of `count` consecutive codes at `codes` to `out`.  Any dtype; i32 and u8 give the
/// integer.
void decode_row(dtype t, const void* codes, std::int64_t count, double* out);

}  // namespace plumbline
