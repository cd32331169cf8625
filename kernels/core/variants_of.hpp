// A function's table (core/table.hpp), for whoever runs its rows: variants_of<append_problem>(side::checked).
//
// Which sides a build has is written by CMake into a header of its own that nothing else includes, so the
// kernels of two builds are compiled alike, whatever sides they are linked with.
#pragma once

#include "kernels/core/built_sides.hpp"
#include "kernels/core/table.hpp"

namespace plumbline {

/// The rows of a function, simple to fast: the same ones in the same order on every side, where `run` goes to
/// that side's kernels.  Empty: the side is not part of this build.
template <class Problem>
std::span<const variant<Problem>> variants_of(side where) {
  if (where == side::host) return table_of<Problem, side::host>();
  if constexpr (built_for_checked)
    if (where == side::checked) return table_of<Problem, side::checked>();
  if constexpr (built_for_gpu)
    if (where == side::gpu) return table_of<Problem, side::gpu>();
  return {};
}

}  // namespace plumbline
