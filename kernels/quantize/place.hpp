// Rows as kernels find and move them: elements of any of the float types, copies as wide as addresses allow.
#pragma once

#include "kernels/core/memory.hpp"
#include "kernels/core/variant.hpp"
#include "kernels/quantize/writer.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows of contiguous elements; the stride is in elements.
struct row_view {
  const void* data = nullptr;
  std::int64_t stride = 0;
};
inline row_view rows_of(const tensor_view& v, std::int64_t first_column = 0) {
  const auto* bytes = static_cast<const unsigned char*>(v.data);
  return {bytes ? bytes + first_column * static_cast<std::int64_t>(size_of(v.type)) : nullptr, v.stride[0]};
}

__host__ __device__ constexpr std::int64_t blocks_for(std::int64_t count, std::int64_t each) {
  return (count + each - 1) / each;
}

__device__ __forceinline__ bool aligned16(const void* p) {
  return (reinterpret_cast<std::uintptr_t>(p) & 15u) == 0;
}

/// The lanes of a warp copy `bytes` bytes, which are whole elements of `element_bytes` (1, 2 or 4) at
/// addresses that are multiples of it.
__device__ inline void copy_row(unsigned char* to, const unsigned char* from, std::int64_t bytes,
                                std::int64_t element_bytes, int lane) {
  std::int64_t done = 0;
  if (aligned16(to) && aligned16(from)) {
    done = bytes / 16 * 16;
    for (std::int64_t at = 16 * lane; at < done; at += 512) store16(to + at, load16(from + at));
  }
  for (std::int64_t at = done + element_bytes * lane; at < bytes; at += 32 * element_bytes) {
    if (element_bytes == 4)
      *reinterpret_cast<std::uint32_t*>(to + at) = *reinterpret_cast<const std::uint32_t*>(from + at);
    else if (element_bytes == 2)
      *reinterpret_cast<std::uint16_t*>(to + at) = *reinterpret_cast<const std::uint16_t*>(from + at);
    else
      to[at] = from[at];
  }
}

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
