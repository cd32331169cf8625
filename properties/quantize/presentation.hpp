// Matrices between unused memory.
#pragma once

#include <cstdint>

#include "properties/generate/presentation.hpp"

namespace plumbline::generate {

/// A matrix whose gaps and guard zones hold 0xff, NaN in every float format.  For inputs that are not updated
/// in place: an executor compares them with themselves afterwards.
tensor matrix_between_nan(dtype type, std::int64_t rows, std::int64_t columns, std::int64_t gap);
/// The elements of a matrix with another gap behind its rows, and `fill` in gaps and guard zones.
tensor regapped(const tensor& matrix, std::int64_t gap, std::byte fill);

}  // namespace plumbline::generate
