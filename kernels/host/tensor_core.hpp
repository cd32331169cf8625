// Host twins of ldmatrix and mma.sync: 32 lanes meet once, the last one computes for the warp.
//
// The fragment layouts are PTX's (m16n8k16, row.col), so a kernel that mixes up lanes or registers is wrong
// here in the same way as on a GPU.  What the tensor core does with the sixteen products of one output is a
// model of its own, `multiply_add`, that nothing else knows: today a chain of fp32 fused multiply-adds in the
// order of k.
#pragma once

#include <cstdint>

#include "kernels/host/simt.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::simt {

/// ldmatrix .m8n8.b16 with two or four matrices.
void load_matrix(std::uint32_t* r, const void* row, int matrices, bool transposed, site);

/// One lane's registers of mma.sync m16n8k16.
struct mma_lane {
  float* d;
  const std::uint32_t* a;
  const std::uint32_t* b;
};

/// d += a b for bf16 or f16 operands and fp32 sums.
void mma_m16n8k16_bf16(mma_lane&, site);
void mma_m16n8k16_f16(mma_lane&, site);

/// The operands of one m16n8k16, as matrices.
struct mma_tile {
  alignas(32) float a[16][16];
  alignas(32) float b[16][8];
  alignas(32) float d[16][8];
};

/// How one output element is summed: the tensor-core model.  The same bits from every compiler.
void multiply_add(mma_tile&);

}  // namespace plumbline::simt
