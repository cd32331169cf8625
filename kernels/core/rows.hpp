// Rows as kernels find and move them: copies as wide as addresses allow.
#pragma once

#include "kernels/core/memory.hpp"
#include "kernels/core/variant.hpp"

namespace plumbline::kernels {
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

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
