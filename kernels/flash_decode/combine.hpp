// Partial results of split keys, and the merge that both `split` and the stand-alone `combine` end with.
#pragma once

#include <cstdint>

#include "kernels/core/launch.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

/// Partials (splits, b, tokens, heads, dv) and (splits, b, tokens, heads), any strides; rows of dv
/// contiguous.
struct combine_params {
  const float* partial;
  std::int64_t partial_split, partial_batch, partial_token, partial_head;
  const float* partial_lse;
  std::int64_t lse_split, lse_batch, lse_token, lse_head;
  void* out;
  std::int64_t out_batch, out_token, out_head;
  float* lse;
  std::int64_t to_batch, to_token, to_head;
  std::int64_t splits, b, tokens, heads, dv;
};

/// Merges all rows; `out` is f32, f16 or bf16.  At most 256 splits.
void launch_combine(dtype out, const combine_params&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
