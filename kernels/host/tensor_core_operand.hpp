// Codes of a tensor core's operands as numbers, eight at once.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "reference/core/formats.hpp"
#if defined(__F16C__) && defined(__AVX2__)
#include <immintrin.h>
#endif

namespace plumbline::simt {

/// The unsigned integer that holds one code in a register.
template <dtype Type>
using operand_code = std::conditional_t<size_of(Type) == 1, std::uint8_t,
                                        std::conditional_t<size_of(Type) == 2, std::uint16_t, std::uint32_t>>;

/// Eight codes as floats, exactly.  Of a tf32 operand the 13 low bits count for nothing.
template <dtype Type>
inline void widen(const operand_code<Type>* codes, float* values) {
  if constexpr (Type == dtype::tf32) {
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t kept = codes[i] & 0xffffe000u;
      const bool lost_nan = (codes[i] & 0x7fffffffu) > 0x7f800000u && (kept & 0x7fffffu) == 0;
      values[i] = std::bit_cast<float>(lost_nan ? 0x7fffffffu : kept);
    }
    return;
  }
#if defined(__F16C__) && defined(__AVX2__)
  if constexpr (size_of(Type) == 2) {
    const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
    _mm256_storeu_ps(values, Type == dtype::f16
                                 ? _mm256_cvtph_ps(eight)
                                 : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(eight), 16)));
  } else if constexpr (size_of(Type) == 1) {
    const __m128i eight = _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes)));
    if constexpr (Type == dtype::e5m2) {
      _mm256_storeu_ps(values, _mm256_cvtph_ps(_mm_slli_epi16(eight, 8)));
    } else {  // an e4m3 code moved into a half's place is 2^-8 of its value
      const __m128i magnitude = _mm_and_si128(eight, _mm_set1_epi16(0x7f));
      const __m128i sign = _mm_slli_epi16(_mm_andnot_si128(_mm_set1_epi16(0x7f), eight), 8);
      const __m128i nan =
          _mm_and_si128(_mm_cmpeq_epi16(magnitude, _mm_set1_epi16(0x7f)), _mm_set1_epi16(0x7fff));
      const __m128i half = _mm_or_si128(_mm_or_si128(_mm_slli_epi16(magnitude, 7), sign), nan);
      _mm256_storeu_ps(values, _mm256_mul_ps(_mm256_cvtph_ps(half), _mm256_set1_ps(0x1p8f)));
    }
  }
#else
  for (int i = 0; i < 8; ++i) values[i] = static_cast<float>(decode(Type, codes[i]));
#endif
}

/// Rows of codes as rows of floats; the number of elements is a multiple of eight.
template <dtype Type, int Elements>
inline void widen_all(const operand_code<Type>* codes, float* values) {
  static_assert(Elements % 8 == 0);
  for (int i = 0; i < Elements; i += 8) widen<Type>(codes + i, values + i);
}

/// The f16 code of a number that is one; NaN is 0x7fff.
inline std::uint16_t f16_code_of(float x) {
#if defined(__F16C__)
  return x != x ? 0x7fffu : static_cast<std::uint16_t>(_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT));
#else
  return static_cast<std::uint16_t>(encode(dtype::f16, static_cast<double>(x)));
#endif
}

inline float f16_value_of(std::uint16_t code) {
#if defined(__F16C__)
  return _cvtsh_ss(code);
#else
  return static_cast<float>(decode(dtype::f16, code));
#endif
}

}  // namespace plumbline::simt
