// Between float and the 16- and 8-bit formats, to nearest even, the same bits on both sides.
//
// NaN becomes the format's canonical NaN (0x7fff, 0x7f).  e4m3 saturates, as the GPU's only instruction for
// it does.  Where the GPU's own conversion gives these bits it is used; the host takes integer arithmetic,
// and F16C for half precision.  Held against reference/core/formats.hpp over all codes by the tests.
#pragma once

#include "kernels/core/side.hpp"
#if !PLUMBLINE_ON_GPU && defined(__F16C__)
#include <immintrin.h>
#endif

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

__device__ __forceinline__ std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
__device__ __forceinline__ float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// The unsigned integer that holds a code of a format.
template <dtype Type>
struct code_of;
template <>
struct code_of<dtype::bf16> {
  using type = std::uint16_t;
};
template <>
struct code_of<dtype::f16> {
  using type = std::uint16_t;
};
template <>
struct code_of<dtype::e4m3> {
  using type = std::uint8_t;
};
template <>
struct code_of<dtype::f32> {
  using type = float;
};
/// Storage of one element: uint16_t, uint8_t, or float itself.
template <dtype Type>
using stored = typename code_of<Type>::type;

__device__ __forceinline__ std::uint32_t bf16_code(float x) {
  const std::uint32_t bits = bits_of(x);
  const std::uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return x != x ? 0x7fffu : rounded;
}

__device__ __forceinline__ std::uint32_t f16_code(float x) {
#if PLUMBLINE_ON_GPU && defined(__CUDA_ARCH__)
  std::uint16_t code;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(code) : "f"(x));
  return code;
#elif !PLUMBLINE_ON_GPU && defined(__F16C__)
  return x != x ? 0x7fffu : static_cast<std::uint32_t>(_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT));
#else
  return x != x ? 0x7fffu : encode(dtype::f16, static_cast<double>(x));
#endif
}

__device__ __forceinline__ float f16_value(std::uint32_t code) {
#if PLUMBLINE_ON_GPU && defined(__CUDA_ARCH__)
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(static_cast<std::uint16_t>(code)));
  return x;
#elif !PLUMBLINE_ON_GPU && defined(__F16C__)
  return _cvtsh_ss(static_cast<std::uint16_t>(code));
#else
  return static_cast<float>(decode(dtype::f16, code & 0xffffu));
#endif
}

/// Saturating: magnitudes above 448, infinity too, give 448.
__device__ __forceinline__ std::uint32_t e4m3_code(float x) {
  const std::uint32_t sign = bits_of(x) >> 24 & 0x80u, magnitude = bits_of(x) & 0x7fffffffu;
  const std::uint32_t normal = ((magnitude + 0x7ffffu + (magnitude >> 20 & 1u)) >> 20) - (120u << 3);
  // below 2^-6 the step is 2^-9: adding 2^14 leaves the rounded count of steps in the low bits
  const std::uint32_t subnormal = bits_of(float_of(magnitude) + 0x1p14f) - 0x46800000u;
  const std::uint32_t code = magnitude < 0x3c800000u ? subnormal : normal;
  const std::uint32_t finite = magnitude >= 0x43e00000u ? 0x7eu : code;
  return x != x ? 0x7fu : sign | finite;
}

/// Two e4m3 codes (the low 16 bits) as two f16 codes, exactly.
__device__ __forceinline__ std::uint32_t widen_e4m3x2(std::uint32_t codes) {
#if PLUMBLINE_ON_GPU && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
  std::uint32_t wide;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(wide) : "h"(static_cast<std::uint16_t>(codes)));
  return wide;
#else
  std::uint32_t wide = 0;
  for (int i = 0; i < 2; ++i) {
    const std::uint32_t code = codes >> (8 * i) & 0xffu, magnitude = code & 0x7fu;
    // shifted into a float's place the code is 2^-120 of its value; a half is that float rebiased, no table
    // needed
    const std::uint32_t single = bits_of(float_of(magnitude << 20) * 0x1p120f);
    std::uint32_t half = magnitude == 0 ? 0u : (single - (112u << 23)) >> 13;
    half = magnitude == 0x7fu ? 0x7fffu : half | (code & 0x80u) << 8;
    wide |= half << (16 * i);
  }
  return wide;
#endif
}

/// `x` rounded to a format.
template <dtype Type>
__device__ __forceinline__ stored<Type> store_as(float x) {
  if constexpr (Type == dtype::f32)
    return x;
  else if constexpr (Type == dtype::bf16)
    return static_cast<std::uint16_t>(bf16_code(x));
  else if constexpr (Type == dtype::f16)
    return static_cast<std::uint16_t>(f16_code(x));
  else
    return static_cast<std::uint8_t>(e4m3_code(x));
}

/// The value of a code, exactly.
template <dtype Type>
__device__ __forceinline__ float load_as(stored<Type> code) {
  if constexpr (Type == dtype::f32)
    return code;
  else if constexpr (Type == dtype::bf16)
    return float_of(static_cast<std::uint32_t>(code) << 16);
  else if constexpr (Type == dtype::f16)
    return f16_value(code);
  else
    return f16_value(widen_e4m3x2(code) & 0xffffu);
}

/// Two floats rounded to bf16 or f16, `low` in the lower half.
template <dtype Type>
__device__ __forceinline__ std::uint32_t pack2(float low, float high) {
  static_assert(Type == dtype::bf16 || Type == dtype::f16);
#if PLUMBLINE_ON_GPU && defined(__CUDA_ARCH__)
  std::uint32_t packed;
  if constexpr (Type == dtype::bf16)
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  else
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
#else
  return static_cast<std::uint32_t>(store_as<Type>(low)) | static_cast<std::uint32_t>(store_as<Type>(high))
                                                               << 16;
#endif
}

/// Two floats.
struct float_pair {
  float low, high;
};

/// The two elements of a packed register, exactly.
template <dtype Type>
__device__ __forceinline__ float_pair unpack2(std::uint32_t packed) {
  static_assert(Type == dtype::bf16 || Type == dtype::f16);
  return {load_as<Type>(static_cast<std::uint16_t>(packed)),
          load_as<Type>(static_cast<std::uint16_t>(packed >> 16))};
}

/// Two floats rounded to e4m3, `low` in the lower byte.
__device__ __forceinline__ std::uint32_t pack2_e4m3(float low, float high) {
#if PLUMBLINE_ON_GPU && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
  std::uint16_t packed;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(packed) : "f"(high), "f"(low));
  return packed;
#else
  return e4m3_code(low) | e4m3_code(high) << 8;
#endif
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
