#include "kernels/host/tensor_core.hpp"

#include <cmath>
#include <cstring>
#if defined(__F16C__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace plumbline::simt {

namespace {

/// Operands of a whole warp as codes; b transposed, so that a register is one word of either.
struct mma_codes {
  alignas(32) std::uint32_t a[16][8];
  std::uint32_t b[8][8];
};

mma_codes gather(void* const* lanes, mma_tile& tile) {
  mma_codes codes;
  for (int lane = 0; lane < 32; ++lane) {
    const mma_lane& m = *static_cast<const mma_lane*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    codes.a[g][t] = m.a[0];
    codes.a[g + 8][t] = m.a[1];
    codes.a[g][t + 4] = m.a[2];
    codes.a[g + 8][t + 4] = m.a[3];
    codes.b[t][g] = m.b[0];
    codes.b[t + 4][g] = m.b[1];
    std::memcpy(&tile.d[g][2 * t], m.d, 8);
    std::memcpy(&tile.d[g + 8][2 * t], m.d + 2, 8);
  }
  return codes;
}

void scatter(void* const* lanes, const mma_tile& tile) {
  for (int lane = 0; lane < 32; ++lane) {
    const mma_lane& m = *static_cast<const mma_lane*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    std::memcpy(m.d, &tile.d[g][2 * t], 8);
    std::memcpy(m.d + 2, &tile.d[g + 8][2 * t], 8);
  }
}

float bf16_value(std::uint32_t code) {
  const std::uint32_t bits = code << 16;
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}

float f16_value(std::uint32_t code) {
#if defined(__F16C__) && defined(__FMA__)
  return _cvtsh_ss(static_cast<std::uint16_t>(code));
#else
  return static_cast<float>(decode(dtype::f16, code));
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
  const mma_codes codes = gather(lanes, tile);
  const auto value = [](std::uint32_t code) {
    return Type == dtype::bf16 ? bf16_value(code) : f16_value(code);
  };
  for (int i = 0; i < 16; ++i)
    for (int pair = 0; pair < 8; ++pair) {
      tile.a[i][2 * pair] = value(codes.a[i][pair] & 0xffffu);
      tile.a[i][2 * pair + 1] = value(codes.a[i][pair] >> 16);
    }
  for (int pair = 0; pair < 8; ++pair)
    for (int n = 0; n < 8; ++n) {
      tile.b[2 * pair][n] = value(codes.b[pair][n] & 0xffffu);
      tile.b[2 * pair + 1][n] = value(codes.b[pair][n] >> 16);
    }
  multiply_add(tile);
  scatter(lanes, tile);
}

template void multiply_warp<dtype::bf16>(void* const*, std::uint32_t);
template void multiply_warp<dtype::f16>(void* const*, std::uint32_t);

void multiply_add(mma_tile& tile) {
#if defined(__F16C__) && defined(__FMA__)
  for (int i = 0; i < 16; i += 8) {
    __m256 sum[8];
    for (int r = 0; r < 8; ++r) sum[r] = _mm256_load_ps(tile.d[i + r]);
    for (int k = 0; k < 16; ++k) {
      const __m256 b = _mm256_load_ps(tile.b[k]);
      for (int r = 0; r < 8; ++r) sum[r] = _mm256_fmadd_ps(_mm256_broadcast_ss(&tile.a[i + r][k]), b, sum[r]);
    }
    for (int r = 0; r < 8; ++r) _mm256_store_ps(tile.d[i + r], sum[r]);
  }
#else
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n)
      for (int k = 0; k < 16; ++k) tile.d[i][n] = std::fmaf(tile.a[i][k], tile.b[k][n], tile.d[i][n]);
#endif
}

}  // namespace plumbline::simt
