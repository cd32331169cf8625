// How wgmma sees a matrix in shared memory: the 64-bit descriptor, and where each element lies.
//
// Shared memory is read in units of 16 bytes.  One wgmma takes 32 bytes of k from each row, two units.
//   k-major   eight rows by one unit make a core: rows W units apart (W = 1, 2, 4, 8 without a pattern and
//             with the patterns of 32, 64, 128 bytes), the next eight rows `stride` bytes on; the second unit
//             is the neighbour, without a pattern `leading` bytes on
//   mn-major  (16-bit elements) W units of eight rows make a line, lines of consecutive k follow each other;
//             the next W units are `leading` bytes on, the next eight k `stride` bytes on (without a pattern
//             the other way round)
// A pattern then moves units inside each line of 128 bytes: address bits 4.. are XORed with as many bits from
// bit 7 on, so that eight rows meet eight different banks.  It works on the address itself: matrices begin
// at multiples of 8 W units, and a step in k inside a pattern is a plain addition to the descriptor's
// address.
//
// Sources: PTX ISA, "asynchronous warpgroup-level matrix shared memory layout"; CUTLASS's notes on its
// descriptors say the same.  The host side and kernels share this file, so a kernel places its elements by
// the same function that the model reads them with; that a GPU agrees is for a probe to show.
#pragma once

#include "kernels/core/mma_shape.hpp"
#include "kernels/core/side.hpp"

namespace plumbline {

/// Pattern in which units of 16 bytes are moved; the values are the descriptor's.
enum class swizzle : std::uint8_t { none = 0, bytes128 = 1, bytes64 = 2, bytes32 = 3 };

/// What a descriptor says.  All in bytes, multiples of 16 below 2^18.
struct shared_matrix {
  std::uint32_t address;
  std::uint32_t leading, stride;
  swizzle pattern;
};

namespace kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// Units of 16 bytes in a line of a pattern.
__host__ __device__ constexpr std::uint32_t units_of(swizzle s) {
  return s == swizzle::bytes128 ? 8 : s == swizzle::bytes64 ? 4 : s == swizzle::bytes32 ? 2 : 1;
}

/// Where a pattern moves the byte at `address`.
__host__ __device__ constexpr std::uint32_t swizzled(swizzle s, std::uint32_t address) {
  return address ^ ((address >> 7 & (units_of(s) - 1)) << 4);
}

__host__ __device__ constexpr std::uint64_t descriptor_of(const shared_matrix& m) {
  return static_cast<std::uint64_t>(m.address >> 4 & 0x3fff) |
         static_cast<std::uint64_t>(m.leading >> 4 & 0x3fff) << 16 |
         static_cast<std::uint64_t>(m.stride >> 4 & 0x3fff) << 32 |
         static_cast<std::uint64_t>(m.pattern) << 62;
}

/// The descriptor of the same matrix `bytes` further on.
__host__ __device__ constexpr std::uint64_t advanced(std::uint64_t descriptor, std::uint32_t bytes) {
  return descriptor + (bytes >> 4);
}

__host__ __device__ constexpr shared_matrix matrix_of(std::uint64_t descriptor) {
  return {static_cast<std::uint32_t>(descriptor & 0x3fff) << 4,
          static_cast<std::uint32_t>(descriptor >> 16 & 0x3fff) << 4,
          static_cast<std::uint32_t>(descriptor >> 32 & 0x3fff) << 4, static_cast<swizzle>(descriptor >> 62)};
}

/// Address of the element of that row (m of A, n of B) and k.
__host__ __device__ constexpr std::uint32_t element_address(const shared_matrix& m, major along,
                                                            std::uint32_t element_bytes, std::uint32_t row,
                                                            std::uint32_t k) {
  const std::uint32_t units = units_of(m.pattern), in_unit = 16 / element_bytes;
  std::uint32_t at = 0;
  if (along == major::k) {
    const std::uint32_t second = k / in_unit, next = m.pattern == swizzle::none ? m.leading : 16;
    at = row % 8 * units * 16 + row / 8 * m.stride + second * next + k % in_unit * element_bytes;
  } else {
    const std::uint32_t line = units * in_unit, far_rows = row / line, far_k = k / 8;
    const bool plain = m.pattern == swizzle::none;
    at = row % line * element_bytes + k % 8 * units * 16 + far_rows * (plain ? m.stride : m.leading) +
         far_k * (plain ? m.leading : m.stride);
  }
  return swizzled(m.pattern, m.address + at);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace kernels
}  // namespace plumbline
