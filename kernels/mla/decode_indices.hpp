// The entries of decode_indices' variants, apart from their kernels, compiled one dtype a source.
#pragma once

#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Attention of `Type`, bf16 or f16, to the listed rows of plain caches.  d <= 576, dv <= 512.
template <dtype Type>
void launch_listed(const decode_indices_problem&, const kernel_arguments&, launcher&);

/// The same of quantized caches, whose rows have at most 656 bytes.
template <dtype Type>
void launch_quantized(const decode_indices_problem&, const kernel_arguments&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
