// Taps: where a kernel shows the numbers between its inputs and its outputs.
//
// They belong to the source, not to the program: on a GPU, and under the checker, a tap is no instruction.
// The host executor passes them on when a call is asked what it did (run_options::taps); nothing that a
// kernel computes depends on it.
#pragma once

#include "kernels/core/launch.hpp"
#include "kernels/core/side.hpp"
#include "reference/core/taps.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

#if PLUMBLINE_ON_GPU || PLUMBLINE_ON_CHECKED

/// Whether anybody wants to know; what only a tap needs is computed behind this question.
__device__ __forceinline__ constexpr bool is_tapped() { return false; }
/// Shows one number of a split of a row; see reference/core/taps.hpp for units and positions.
__device__ __forceinline__ void show(tap, std::int64_t, std::int64_t, std::int64_t, double) {}

#else

inline bool is_tapped() { return simt::running->taps != nullptr; }
inline void show(tap which, std::int64_t row, std::int64_t split, std::int64_t at, double value) {
  if (is_tapped())
    simt::running->taps->take(which,
                              {row, static_cast<std::int32_t>(split), static_cast<std::int32_t>(at), value});
}

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
