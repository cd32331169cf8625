// mma.sync m16n8k16: a warp multiplies a 16x16 by a 16x8 matrix of 16-bit elements and adds in fp32.
//
// Registers of lane l, with g = l/4 and t = l%4 (PTX ISA, "matrix fragments for mma.m16n8k16"):
//   a[0] = A[g][2t,2t+1]   a[1] = A[g+8][2t,2t+1]   a[2] = A[g][2t+8,2t+9]   a[3] = A[g+8][2t+8,2t+9]
//   b[0] = B[2t,2t+1][g]   b[1] = B[2t+8,2t+9][g]
//   d[0,1] = D[g][2t,2t+1] d[2,3] = D[g+8][2t,2t+1]
// The lower half of a register is the first of its two elements.
#pragma once

#include "kernels/core/memory.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

#if PLUMBLINE_ON_GPU

/// d += a b.
template <dtype Type>
__device__ __forceinline__ void mma_m16n8k16(float d[4], const std::uint32_t a[4], const std::uint32_t b[2]) {
  static_assert(Type == dtype::bf16 || Type == dtype::f16);
  if constexpr (Type == dtype::bf16)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#else

/// d += a b.
template <dtype Type>
inline void mma_m16n8k16(float d[4], const std::uint32_t a[4], const std::uint32_t b[2],
                         int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  static_assert(Type == dtype::bf16 || Type == dtype::f16);
  simt::multiply<Type>(d, a, b, {file, line});
}

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
