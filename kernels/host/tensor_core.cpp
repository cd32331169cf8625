#include "kernels/host/tensor_core.hpp"

#include <cstring>

#include "kernels/host/tensor_core_sum.hpp"
#if defined(__F16C__) && defined(__AVX2__)
#include <immintrin.h>
#endif

namespace plumbline::simt {

namespace {

/// Operands of a whole warp as codes.
struct mma_codes {
  alignas(32) std::uint16_t a[16][16];
  alignas(32) std::uint16_t b[16][8];
};

void gather(void* const* lanes, mma_codes& codes, mma_tile& tile) {
  for (int lane = 0; lane < 32; ++lane) {
    const mma_lane& m = *static_cast<const mma_lane*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4 * 2;
    std::memcpy(&codes.a[g][t], m.a, 4);
    std::memcpy(&codes.a[g + 8][t], m.a + 1, 4);
    std::memcpy(&codes.a[g][t + 8], m.a + 2, 4);
    std::memcpy(&codes.a[g + 8][t + 8], m.a + 3, 4);
    for (int i = 0; i < 2; ++i) {
      codes.b[t + 8 * i][g] = static_cast<std::uint16_t>(m.b[i]);
      codes.b[t + 8 * i + 1][g] = static_cast<std::uint16_t>(m.b[i] >> 16);
    }
    std::memcpy(&tile.d[g][t], m.d, 8);
    std::memcpy(&tile.d[g + 8][t], m.d + 2, 8);
  }
}

void scatter(void* const* lanes, const mma_tile& tile) {
  for (int lane = 0; lane < 32; ++lane) {
    const mma_lane& m = *static_cast<const mma_lane*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    std::memcpy(m.d, &tile.d[g][2 * t], 8);
    std::memcpy(m.d + 2, &tile.d[g + 8][2 * t], 8);
  }
}

/// Eight codes as floats.
template <dtype Type>
void widen(const std::uint16_t* codes, float* values) {
#if defined(__F16C__) && defined(__AVX2__)
  const __m128i eight = _mm_load_si128(reinterpret_cast<const __m128i*>(codes));
  _mm256_store_ps(values, Type == dtype::f16
                              ? _mm256_cvtph_ps(eight)
                              : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(eight), 16)));
#else
  for (int i = 0; i < 8; ++i) values[i] = static_cast<float>(decode(Type, codes[i]));
#endif
}

}  // namespace

template <int Matrices, bool Transposed>
void load_matrices(void* const* lanes, std::uint32_t) {
  for (int j = 0; j < Matrices; ++j) {
    std::uint16_t element[8][8];
    for (int i = 0; i < 8; ++i) {
      const void* const row = static_cast<const matrix_lane*>(lanes[8 * j + i])->row;
      if (!Transposed) {
        std::memcpy(element[i], row, 16);
        continue;
      }
      std::uint16_t column[8];
      std::memcpy(column, row, 16);
      for (int k = 0; k < 8; ++k) element[k][i] = column[k];
    }
    for (int lane = 0; lane < 32; ++lane)
      std::memcpy(&static_cast<const matrix_lane*>(lanes[lane])->r[j], &element[lane / 4][lane % 4 * 2], 4);
  }
}

template void load_matrices<2, false>(void* const*, std::uint32_t);
template void load_matrices<2, true>(void* const*, std::uint32_t);
template void load_matrices<4, false>(void* const*, std::uint32_t);
template void load_matrices<4, true>(void* const*, std::uint32_t);

template <dtype Type>
void multiply_warp(void* const* lanes, std::uint32_t) {
  mma_tile tile;
  mma_codes codes;
  gather(lanes, codes, tile);
  for (int i = 0; i < 16; ++i) {
    widen<Type>(codes.a[i], tile.a[i]);
    widen<Type>(codes.a[i] + 8, tile.a[i] + 8);
    widen<Type>(codes.b[i], tile.b[i]);
  }
  multiply_add(tile, Type == dtype::f16 ? 0x1p-14f : 0x1p-126f);
  scatter(lanes, tile);
}

template void multiply_warp<dtype::bf16>(void* const*, std::uint32_t);
template void multiply_warp<dtype::f16>(void* const*, std::uint32_t);

}  // namespace plumbline::simt
