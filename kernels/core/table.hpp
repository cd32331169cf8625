// The variants of a function: one table, written once, found on every side.
//
// The type of a function's problem names the function.  Its table is one specialisation of table_of in one
// .cu file of the operator, which is compiled for every side and so defines it once a side, under that side's
// number:
//
//   template <>
//   std::span<const variant<append_problem>> table_of<append_problem, this_side>() { return append_rows; }
//
// Everybody else asks for it through core/variants_of.hpp.  There is no list of functions and nothing is
// registered at start-up: a function without a table does not link.
#pragma once

#include <span>

#include "kernels/core/executor.hpp"
#include "kernels/core/side.hpp"
#include "kernels/core/variant.hpp"

namespace plumbline {

inline namespace PLUMBLINE_SIDE_NAME {
/// The side that this translation unit is compiled for.
inline constexpr side this_side = PLUMBLINE_ON_GPU       ? side::gpu
                                  : PLUMBLINE_ON_CHECKED ? side::checked
                                                         : side::host;
}  // namespace PLUMBLINE_SIDE_NAME

/// The rows of a function as one side was compiled.  Never defined but by specialisation.
template <class Problem, side Where>
std::span<const variant<Problem>> table_of();

}  // namespace plumbline
