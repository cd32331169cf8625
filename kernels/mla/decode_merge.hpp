// Merging the partials of requests that several parts of the schedule share.
#pragma once

#include "kernels/mla/latent_call.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Writes the rows of every request with more than one split from its partials; `out` is of `Type`, bf16 or
/// f16.
template <dtype Type>
void launch_decode_merge(const latent_params&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
