// What a call showed, as tensors of a file of cases: `tap_scores` f64 (n) and where each number belongs,
// `tap_scores_at` i32 (n, 3): row, split, position (reference/core/taps.hpp).
#pragma once

#include <string_view>

#include "reference/core/taps.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

/// Whether a tensor of a case in a file is a tap.
inline bool is_tap(std::string_view tensor) { return tensor.substr(0, 4) == "tap_"; }

/// None when the record is empty or overflowed, or a row is beyond int32.
tensor_set tensors_of(const tap_record&);
/// Throws bad_argument naming a tensor that is no tap, or none of that shape, or
/// holds more numbers than a record keeps.
void read_taps(const tensor_set&, tap_record& to);

}  // namespace plumbline
