// mma.sync: a warp multiplies a 16 x k by a k x 8 matrix and adds.
//
// Registers of lane l, with g = l/4 and t = l%4 (PTX ISA, "matrix fragments for mma.m16n8k*"); w is how many
// elements a register holds (4 of fp8, 2 of bf16 and f16, 1 of tf32), the lowest bits first:
//   a[0] = A[g][w t ...]     a[2] = A[g][w (t+4) ...]      b[0] = B[w t ...][g]
//   a[1] = A[g+8][w t ...]   a[3] = A[g+8][w (t+4) ...]    b[1] = B[w (t+4) ...][g]
//   fp32 sums: d[0,1] = D[g][2t,2t+1], d[2,3] = D[g+8][2t,2t+1]; f16 sums: the same pairs packed in d[0],
//   d[1]
// A shape of half the inner dimension has the first half of the registers.
//
// fp8 needs sm_89.  On sm_90a the compiler makes two fp16 operations and additions of it.
#pragma once

#include <type_traits>

#include "kernels/core/memory.hpp"
#include "kernels/core/mma_shape.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// What a register of sums holds: a float, or two f16.
template <auto Shape>
using sum_register = std::conditional_t<Shape.sum == dtype::f16, std::uint32_t, float>;

#if PLUMBLINE_ON_GPU

// PTX wants the formats inside one literal, so they are spelled by macros.
#define PLUMBLINE_MMA_4_4_2(TEXT)                                                                \
  asm volatile("mma.sync.aligned." TEXT " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                  \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#define PLUMBLINE_MMA_4_2_1(TEXT)                                                       \
  asm volatile("mma.sync.aligned." TEXT " {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};" \
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                         \
               : "r"(a[0]), "r"(a[1]), "r"(b[0]))
#define PLUMBLINE_MMA_2_4_2(TEXT)                                                    \
  asm volatile("mma.sync.aligned." TEXT " {%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%0,%1};" \
               : "+r"(d[0]), "+r"(d[1])                                              \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#define PLUMBLINE_MMA_2_2_1(TEXT)                                           \
  asm volatile("mma.sync.aligned." TEXT " {%0,%1}, {%2,%3}, {%4}, {%0,%1};" \
               : "+r"(d[0]), "+r"(d[1])                                     \
               : "r"(a[0]), "r"(a[1]), "r"(b[0]))
#define PLUMBLINE_MMA_FP8(A, B)                                  \
  if constexpr (Shape.sum == dtype::f32)                         \
    PLUMBLINE_MMA_4_4_2("m16n8k32.row.col.f32." A "." B ".f32"); \
  else                                                           \
    PLUMBLINE_MMA_2_4_2("m16n8k32.row.col.f16." A "." B ".f16")

/// d += a b.
template <mma_shape Shape>
__device__ __forceinline__ void mma_sync(sum_register<Shape>* d, const std::uint32_t* a,
                                         const std::uint32_t* b) {
  static_assert(exists(Shape));
  if constexpr (is_fp8(Shape.a)) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
    if constexpr (Shape.a == dtype::e4m3 && Shape.b == dtype::e4m3) {
      PLUMBLINE_MMA_FP8("e4m3", "e4m3");
    } else if constexpr (Shape.a == dtype::e4m3) {
      PLUMBLINE_MMA_FP8("e4m3", "e5m2");
    } else if constexpr (Shape.b == dtype::e4m3) {
      PLUMBLINE_MMA_FP8("e5m2", "e4m3");
    } else {
      PLUMBLINE_MMA_FP8("e5m2", "e5m2");
    }
#else
    kernel_assert(false, "fp8 mma.sync needs sm_89");
#endif
  } else if constexpr (Shape.a == dtype::tf32) {
    if constexpr (Shape.k == 8)
      PLUMBLINE_MMA_4_4_2("m16n8k8.row.col.f32.tf32.tf32.f32");
    else
      PLUMBLINE_MMA_4_2_1("m16n8k4.row.col.f32.tf32.tf32.f32");
  } else if constexpr (Shape.a == dtype::bf16) {
    if constexpr (Shape.k == 16)
      PLUMBLINE_MMA_4_4_2("m16n8k16.row.col.f32.bf16.bf16.f32");
    else
      PLUMBLINE_MMA_4_2_1("m16n8k8.row.col.f32.bf16.bf16.f32");
  } else if constexpr (Shape.sum == dtype::f32) {
    if constexpr (Shape.k == 16)
      PLUMBLINE_MMA_4_4_2("m16n8k16.row.col.f32.f16.f16.f32");
    else
      PLUMBLINE_MMA_4_2_1("m16n8k8.row.col.f32.f16.f16.f32");
  } else {
    if constexpr (Shape.k == 16)
      PLUMBLINE_MMA_2_4_2("m16n8k16.row.col.f16.f16.f16.f16");
    else
      PLUMBLINE_MMA_2_2_1("m16n8k8.row.col.f16.f16.f16.f16");
  }
}

#undef PLUMBLINE_MMA_FP8
#undef PLUMBLINE_MMA_2_2_1
#undef PLUMBLINE_MMA_2_4_2
#undef PLUMBLINE_MMA_4_2_1
#undef PLUMBLINE_MMA_4_4_2

/// d += a b of bf16 or f16 with fp32 sums.
template <dtype Type>
__device__ __forceinline__ void mma_m16n8k16(float d[4], const std::uint32_t a[4], const std::uint32_t b[2]) {
  mma_sync<mma_shape{Type, Type, dtype::f32, 16}>(d, a, b);
}

#else

/// d += a b.
template <mma_shape Shape>
inline void mma_sync(sum_register<Shape>* d, const std::uint32_t* a, const std::uint32_t* b,
                     int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  static_assert(exists(Shape));
  simt::multiply<Shape>(d, a, b, {file, line});
}

/// d += a b of bf16 or f16 with fp32 sums.
template <dtype Type>
inline void mma_m16n8k16(float d[4], const std::uint32_t a[4], const std::uint32_t b[2],
                         int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  simt::multiply<mma_shape{Type, Type, dtype::f32, 16}>(d, a, b, {file, line});
}

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
