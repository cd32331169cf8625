// Rows and caches as the kernels of quantize find them.
#pragma once

#include "kernels/core/rows.hpp"
#include "kernels/quantize/writer.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

/// A cache with what follows from its shape, so that no kernel divides 64 bits for it.
struct cache_geometry : cache_shape {
  std::int64_t tile_count = 0, slot_scales = 0, slot_rope = 0, page_bytes = 0;  // the last three in bytes
};
inline cache_geometry geometry_of(const cache_shape& shape) {
  cache_geometry g;
  static_cast<cache_shape&>(g) = shape;
  g.tile_count = tiles(shape), g.slot_scales = scale_bytes(shape);
  g.slot_rope = rope_bytes(shape), g.page_bytes = page_stride(shape);
  return g;
}

/// Where a slot's parts begin, as place_of has it.  A slot and a page size fit 32 bits, where a division is
/// no call; what they are multiplied by does not.
__device__ __forceinline__ slot_place place_in(const cache_geometry& p, std::int64_t slot) {
  if (p.layout == cache_layout::split) {
    const std::int64_t codes = slot * (p.dv + p.slot_scales);
    return {codes, codes + p.dv, slot * p.slot_rope};
  }
  const auto number = static_cast<std::uint32_t>(slot), size = static_cast<std::uint32_t>(p.page_size);
  const std::int64_t page = static_cast<std::int64_t>(number / size) * p.page_bytes, at = number % size;
  const bool apart = p.layout == cache_layout::pages;
  const std::int64_t unscaled = p.dv + p.slot_rope;
  const std::int64_t codes = page + at * (apart ? unscaled : unscaled + p.slot_scales);
  return {codes, apart ? page + p.page_size * unscaled + at * p.slot_scales : codes + p.dv,
          codes + p.dv + (apart ? 0 : p.slot_scales)};
}

/// Tile of a column; both fit 32 bits.
__device__ __forceinline__ std::int64_t tile_of(const cache_shape& shape, std::int64_t column) {
  return static_cast<std::uint32_t>(column) / static_cast<std::uint32_t>(shape.tile);
}

/// Element `at` of a row of bf16, f16 or f32.
__device__ __forceinline__ float element(dtype type, const void* row, std::int64_t at) {
  if (type == dtype::f32) return static_cast<const float*>(row)[at];
  const std::uint16_t code = static_cast<const std::uint16_t*>(row)[at];
  return type == dtype::bf16 ? load_as<dtype::bf16>(code) : load_as<dtype::f16>(code);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
