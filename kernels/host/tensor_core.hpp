// Host twins of ldmatrix and mma.sync: 32 lanes meet once, the last one computes for the warp.
//
// The fragment layouts are PTX's (m16n8k16, row.col), so a kernel that mixes up lanes or registers is wrong
// here in the same way as on a GPU.  What the tensor core does with the sixteen products of one output is a
// model of its own: kernels/host/tensor_core_sum.hpp.
#pragma once

#include <cstdint>

#include "kernels/host/simt.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::simt {

/// One lane's part of ldmatrix: its registers, and the row whose address it gives.
struct matrix_lane {
  std::uint32_t* r;
  const void* row;
};

/// One lane's registers of mma.sync m16n8k16.
struct mma_lane {
  float* d;
  const std::uint32_t* a;
  const std::uint32_t* b;
};

/// What the last lane of a warp does: ldmatrix of 2 or 4 matrices; d += a b for bf16 or f16 operands.
template <int Matrices, bool Transposed>
void load_matrices(void* const* lanes, std::uint32_t mask);
template <dtype Type>
void multiply_warp(void* const* lanes, std::uint32_t mask);

/// ldmatrix .m8n8.b16.
template <int Matrices, bool Transposed>
inline __attribute__((always_inline)) void load_matrix(std::uint32_t* r, const void* row, site where) {
  if (static_cast<int>(threadIdx.x % 32) < 8 * Matrices) check_matrix_row(row, where);
  matrix_lane lane{r, row};
  meet_warp(~0u, Transposed ? "ldmatrix.trans" : "ldmatrix", load_matrices<Matrices, Transposed>, &lane,
            where);
}

/// mma.sync m16n8k16 with fp32 sums.
template <dtype Type>
inline __attribute__((always_inline)) void multiply(float* d, const std::uint32_t* a, const std::uint32_t* b,
                                                    site where) {
  mma_lane lane{d, a, b};
  meet_warp(~0u, Type == dtype::bf16 ? "mma.m16n8k16.bf16" : "mma.m16n8k16.f16", multiply_warp<Type>, &lane,
            where);
}

}  // namespace plumbline::simt
