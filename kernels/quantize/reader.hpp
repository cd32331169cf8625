// Readers: a code times its scale, rounded to fp32 and then to the output's type.  Any fp32 scale is taken.
#pragma once

#include "kernels/core/promises.hpp"
#include "kernels/quantize/place.hpp"
#include "kernels/quantize/quantize.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows of a cache on their way to rows of `Out`.
struct read_params {
  const unsigned char* cache;
  const unsigned char* rope_part;  // null: the rotary dims lie in `cache`
  const std::int32_t* indices;     // null: row i is slot i
  void* out;
  std::int64_t out_row;  // stride in elements
  cache_geometry shape;
  std::int64_t tokens, extra;
};

read_params read_params_of(const dequantize_problem&, const kernel_arguments&);

/// `x` in the output's type.  NaN is canonical, fp32 too, so that its bits do not depend on the machine.
template <dtype Out>
__device__ __forceinline__ stored<Out> written(float x) {
  if constexpr (Out == dtype::f32) return x == x ? x : float_of(0x7fffffffu);
  return store_as<Out>(x);
}

/// Value of a code of e4m3.
__device__ __forceinline__ float value_of_e4m3(std::uint32_t code) {
  return load_as<dtype::e4m3>(static_cast<std::uint8_t>(code));
}

/// The scale of a tile; `scales`: the slot's first.
__device__ __forceinline__ float scale_of_tile(const cache_shape& shape, const unsigned char* scales,
                                               std::int64_t tile) {
  if (shape.scale_type == dtype::f32) return reinterpret_cast<const float*>(scales)[tile];
  const std::uint32_t code = scales[tile];
  return code == 0xffu ? float_of(0x7fffffffu) : float_of(code == 0 ? 0x00400000u : code << 23);
}

inline constexpr contract read_contracts[] = {movement("bf16/read", dtype::bf16, dtype::bf16),
                                              movement("f16/read", dtype::f16, dtype::f16),
                                              movement("f32/read", dtype::f32, dtype::f32)};
std::string read_domain(const dequantize_problem&);

variant<dequantize_problem> dequantize();
variant<dequantize_problem> gather_dequantize();

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
