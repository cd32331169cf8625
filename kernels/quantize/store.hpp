// store: what its variants share.  A token's row comes from one tensor or two, its slot from a list or its
// number; place_in says where the bytes go.
#pragma once

#include "kernels/core/promises.hpp"
#include "kernels/quantize/place.hpp"
#include "kernels/quantize/quantize.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

struct store_params {
  row_view nope, rope;
  const std::int32_t* slots;  // null: token i goes to slot i
  unsigned char* cache;
  unsigned char* rope_part;  // null: the rotary dims lie in `cache`
  cache_geometry shape;
  writer rule;
  std::int64_t tokens;
};

store_params store_params_of(const store_problem&, const kernel_arguments&);

/// The token's slot, or -1.
__device__ __forceinline__ std::int64_t slot_of(const store_params& p, std::int64_t token) {
  return p.slots ? p.slots[token] : token;
}

/// Writes a tile's scale; `scales`: the slot's first.
__device__ __forceinline__ void put_scale(const cache_shape& shape, unsigned char* scales, std::int64_t tile,
                                          float scale) {
  if (shape.scale_type == dtype::e8m0)
    scales[tile] = static_cast<unsigned char>(e8m0_byte(scale));
  else
    reinterpret_cast<float*>(scales)[tile] = scale;
}

inline constexpr contract store_contracts[] = {movement("bf16/codes", dtype::bf16, dtype::e4m3),
                                               movement("f16/codes", dtype::f16, dtype::e4m3),
                                               movement("f32/codes", dtype::f32, dtype::e4m3)};
std::string store_domain(const store_problem&);

variant<store_problem> k_cache_rows();
variant<store_problem> k_cache_tiles();

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
