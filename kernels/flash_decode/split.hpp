// The entry of `split`, apart from its kernel, whose instances are compiled one dtype a source.
#pragma once

#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

/// Keys of a tile of `split` and `split_fp8`.
inline constexpr int split_keys = 64;

/// Runs attention on inputs of `Type` and outputs of `Out` in tiles of `Keys` keys, then the merge of the
/// splits if there are several.  `name` is the kernel's in reports.  A head dim whose tiles exceed shared
/// memory is a launch error: the row's domain declines it.
template <dtype Type, dtype Out, int Keys>
void launch_split(const char* name, const attend_problem&, const kernel_arguments&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
