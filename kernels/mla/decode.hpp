// The entry of decode's `absorb`, apart from its kernel, whose instances are compiled one dtype a source.
#pragma once

#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Attention of `Type`, bf16 or f16, to a paged latent cache.  d <= 576, dv <= 512.
template <dtype Type>
void launch_decode(const decode_problem&, const kernel_arguments&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
