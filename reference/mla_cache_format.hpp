// How the rows of mla's quantized caches lie: FlashMLA's two formats in the terms of quantize.
#pragma once

#include "reference/mla_problem.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::mla {

/// The layout of k_cache, or of extra_k_cache.  Requires a format other than `plain`.
quantize::cache_shape stored_cache(const decode_indices_problem&, bool extra = false);

}  // namespace plumbline::mla
