// What each side offers: every vector through one instruction, an otherwise empty tile each.
#pragma once

#include "kernels/core/side.hpp"
#include "kernels/core/variant.hpp"
#include "kernels/probe/vectors.hpp"

namespace plumbline::probe {
inline namespace PLUMBLINE_SIDE_NAME {

/// Inputs a, b (vectors x k) and c, output d, all of 32-bit codes.  Vector i stands at a row and a column
/// that change with i; all else is zero.
void run_vectors(const instruction&, const kernel_arguments&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::probe
