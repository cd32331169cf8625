// Host twins of ldmatrix and mma.sync: 32 lanes meet once, the last one computes for the warp.
//
// The fragment layouts are PTX's (row.col), so a kernel that mixes up lanes or registers is wrong here in the
// same way as on a GPU.  What the tensor core does with the products of one output is a model of its own:
// kernels/host/tensor_core_sum.hpp; which one, the generation that the executor models says.
#pragma once

#include <cstdint>

#include "kernels/core/mma_shape.hpp"
#include "kernels/host/simt.hpp"

namespace plumbline::simt {

/// One lane's part of ldmatrix: its registers, and the row whose address it gives.
struct matrix_lane {
  std::uint32_t* r;
  const void* row;
};

/// One lane's registers of an mma.sync; `d` are floats, or pairs of f16 in 32-bit words.
struct mma_lane {
  void* d;
  const std::uint32_t* a;
  const std::uint32_t* b;
};

/// What the last lane of a warp does: ldmatrix of 2 or 4 matrices; d += a b.
template <int Matrices, bool Transposed>
void load_matrices(void* const* lanes, std::uint32_t mask);
template <mma_shape Shape>
void multiply_warp(void* const* lanes, std::uint32_t mask);

/// Every mma.sync there is, and its name.
struct named_shape {
  mma_shape shape;
  const char* name;
};
inline constexpr named_shape named_shapes[] = {
    {{dtype::bf16, dtype::bf16, dtype::f32, 16}, "mma.m16n8k16.bf16"},
    {{dtype::bf16, dtype::bf16, dtype::f32, 8}, "mma.m16n8k8.bf16"},
    {{dtype::f16, dtype::f16, dtype::f32, 16}, "mma.m16n8k16.f16"},
    {{dtype::f16, dtype::f16, dtype::f32, 8}, "mma.m16n8k8.f16"},
    {{dtype::f16, dtype::f16, dtype::f16, 16}, "mma.m16n8k16.f16 with f16 sums"},
    {{dtype::f16, dtype::f16, dtype::f16, 8}, "mma.m16n8k8.f16 with f16 sums"},
    {{dtype::tf32, dtype::tf32, dtype::f32, 8}, "mma.m16n8k8.tf32"},
    {{dtype::tf32, dtype::tf32, dtype::f32, 4}, "mma.m16n8k4.tf32"},
    {{dtype::e4m3, dtype::e4m3, dtype::f32, 32}, "mma.m16n8k32.e4m3"},
    {{dtype::e4m3, dtype::e5m2, dtype::f32, 32}, "mma.m16n8k32.e4m3.e5m2"},
    {{dtype::e5m2, dtype::e4m3, dtype::f32, 32}, "mma.m16n8k32.e5m2.e4m3"},
    {{dtype::e5m2, dtype::e5m2, dtype::f32, 32}, "mma.m16n8k32.e5m2"},
    {{dtype::e4m3, dtype::e4m3, dtype::f16, 32}, "mma.m16n8k32.e4m3 with f16 sums"},
    {{dtype::e4m3, dtype::e5m2, dtype::f16, 32}, "mma.m16n8k32.e4m3.e5m2 with f16 sums"},
    {{dtype::e5m2, dtype::e4m3, dtype::f16, 32}, "mma.m16n8k32.e5m2.e4m3 with f16 sums"},
    {{dtype::e5m2, dtype::e5m2, dtype::f16, 32}, "mma.m16n8k32.e5m2 with f16 sums"}};

/// An instruction's name in reports.
constexpr const char* name_of(const mma_shape& shape) {
  for (const named_shape& n : named_shapes)
    if (n.shape == shape) return n.name;
  return "mma";
}
/// Raises "unsupported instruction" when the generation that this executor models lacks it.
void require_instruction(const mma_shape&, site);

/// ldmatrix .m8n8.b16.
template <int Matrices, bool Transposed>
inline __attribute__((always_inline)) void load_matrix(std::uint32_t* r, const void* row, site where) {
  if (static_cast<int>(threadIdx.x % 32) < 8 * Matrices) check_matrix_row(row, where);
  matrix_lane lane{r, row};
  meet_warp(~0u, Transposed ? "ldmatrix.trans" : "ldmatrix", load_matrices<Matrices, Transposed>, &lane,
            where);
}

/// mma.sync.
template <mma_shape Shape>
inline __attribute__((always_inline)) void multiply(void* d, const std::uint32_t* a, const std::uint32_t* b,
                                                    site where) {
  if constexpr (is_fp8(Shape.a)) require_instruction(Shape, where);
  constexpr const char* name = name_of(Shape);
  mma_lane lane{d, a, b};
  meet_warp(~0u, name, multiply_warp<Shape>, &lane, where);
}

}  // namespace plumbline::simt
