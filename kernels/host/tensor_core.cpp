#include "kernels/host/tensor_core.hpp"

#include <cstring>

#include "kernels/host/block.hpp"
#include "kernels/host/tensor_core_generation.hpp"
#include "kernels/host/tensor_core_operand.hpp"

namespace plumbline::simt {

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

namespace {

/// Operands of a whole warp as codes.
template <mma_shape Shape>
struct mma_codes {
  alignas(32) operand_code<Shape.a> a[16][Shape.k];
  alignas(32) operand_code<Shape.b> b[Shape.k][8];
};

/// Register r of A holds row g + 8 (r % 2) and, in each block of four registers' width, the columns that
/// follow t; register r of B the same rows k of column g.  Sums lie two to a row.
template <mma_shape Shape>
void gather(void* const* lanes, mma_codes<Shape>& codes, product_tile<Shape.k>& tile) {
  constexpr int in_register = 4 / static_cast<int>(size_of(Shape.a));
  for (int lane = 0; lane < 32; ++lane) {
    const mma_lane& m = *static_cast<const mma_lane*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int r = 0; r < a_registers(Shape); ++r)
      std::memcpy(&codes.a[g + r % 2 * 8][(r / 2 * 4 + t) * in_register], m.a + r, 4);
    for (int r = 0; r < b_registers(Shape); ++r)
      for (int i = 0; i < in_register; ++i)
        codes.b[(4 * r + t) * in_register + i][g] =
            static_cast<operand_code<Shape.b>>(m.b[r] >> (32 / in_register * i));
    for (int half = 0; half < 2; ++half) {
      float* const to = &tile.d[g + 8 * half][2 * t];
      if constexpr (Shape.sum == dtype::f16) {
        std::uint32_t both;
        std::memcpy(&both, static_cast<const std::uint32_t*>(m.d) + half, 4);
        to[0] = f16_value_of(static_cast<std::uint16_t>(both));
        to[1] = f16_value_of(static_cast<std::uint16_t>(both >> 16));
      } else {
        std::memcpy(to, static_cast<const float*>(m.d) + 2 * half, 8);
      }
    }
  }
}

template <mma_shape Shape>
void scatter(void* const* lanes, const product_tile<Shape.k>& tile) {
  for (int lane = 0; lane < 32; ++lane) {
    const mma_lane& m = *static_cast<const mma_lane*>(lanes[lane]);
    for (int half = 0; half < 2; ++half) {
      const float* const from = &tile.d[lane / 4 + 8 * half][lane % 4 * 2];
      if constexpr (Shape.sum == dtype::f16) {
        const std::uint32_t both = f16_code_of(from[0]) | static_cast<std::uint32_t>(f16_code_of(from[1]))
                                                              << 16;
        std::memcpy(static_cast<std::uint32_t*>(m.d) + half, &both, 4);
      } else {
        std::memcpy(static_cast<float*>(m.d) + 2 * half, from, 8);
      }
    }
  }
}

using enum dtype;

}  // namespace

void require_instruction(const mma_shape& shape, site where) {
  const generation g = block_runner::current().tensor_cores();
  if (has(g, shape)) return;
  const std::string what = std::string(name_of(shape)) + " does not exist on " + std::string(name_of(g)) +
                           ", the generation that this executor models";
  raise("unsupported instruction", what.c_str(), where);
}

template <mma_shape Shape>
void multiply_warp(void* const* lanes, std::uint32_t) {
  product_tile<Shape.k> tile;
  mma_codes<Shape> codes;
  gather<Shape>(lanes, codes, tile);
  widen_all<Shape.a, 16 * Shape.k>(codes.a[0], tile.a[0]);
  widen_all<Shape.b, 8 * Shape.k>(codes.b[0], tile.b[0]);
  multiply_as<Shape>(block_runner::current().tensor_cores(), tile);
  scatter<Shape>(lanes, tile);
}

template void multiply_warp<mma_shape{bf16, bf16, f32, 16}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{bf16, bf16, f32, 8}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{f16, f16, f32, 16}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{f16, f16, f32, 8}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{f16, f16, f16, 16}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{f16, f16, f16, 8}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{tf32, tf32, f32, 8}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{tf32, tf32, f32, 4}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e4m3, e4m3, f32, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e4m3, e5m2, f32, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e5m2, e4m3, f32, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e5m2, e5m2, f32, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e4m3, e4m3, f16, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e4m3, e5m2, f16, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e5m2, e4m3, f16, 32}>(void* const*, std::uint32_t);
template void multiply_warp<mma_shape{e5m2, e5m2, f16, 32}>(void* const*, std::uint32_t);

}  // namespace plumbline::simt
