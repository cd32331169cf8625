// A product of e4m3 matrices with scales by block, on wgmma, 64 x 64 of the output a block of threads.
//
// wgmma's accumulator keeps 13 fraction bits, and every product is cut at the size of the whole running sum:
// on data of one sign the loss grows with the length of the sum.  So after every `promote_every` columns, 128
// in the kernel that is shipped, the sum is scaled into fp32 registers and begun anew.  A step of 128 columns
// never crosses a block of scales; where blocks are shorter or their last step is, zeros fill it.  Scaling is
// (sum * a_scale) * b_scale, the second product fused with the addition: no product of scales is formed,
// which could leave fp32's range alone.
//
// Rows of 128 bytes lie in shared memory in the pattern of 128 bytes, two steps in turn: the next one is
// copied while one is multiplied.
#pragma once

#include "kernels/core/numeric.hpp"
#include "kernels/core/wgmma.hpp"
#include "kernels/quantize/place.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

struct gemm_params {
  const unsigned char* a;
  const unsigned char* b;
  const float* a_scale;
  const float* b_scale;
  void* out;
  std::int64_t m, n, k, block_n, block_k;
  std::int64_t blocks, steps_of_block;  // along k; steps of at most 128 columns
  bool aligned;                         // every row of a block begins at a multiple of 16 bytes
};

/// What a compiled kernel is: a template argument must be a type here (see mma_shape.hpp).
template <int PromoteEvery>
struct promotion {
  static constexpr int columns = PromoteEvery;
};

inline constexpr int gemm_threads = 128, gemm_rows = 64, gemm_columns = 64, gemm_step = 128;
inline constexpr std::size_t gemm_stage_bytes = (gemm_rows + gemm_columns) * gemm_step;
inline constexpr std::size_t gemm_shared_bytes = 2 * gemm_stage_bytes;

/// Columns [first, end) of a step.
struct step_columns {
  std::int64_t block, first, end;
};
__device__ __forceinline__ step_columns columns_of_step(const gemm_params& p, std::int64_t step) {
  const std::int64_t block = static_cast<std::uint32_t>(step) / static_cast<std::uint32_t>(p.steps_of_block);
  const std::int64_t first = block * p.block_k + (step - block * p.steps_of_block) * gemm_step;
  const std::int64_t limit = (block + 1) * p.block_k < p.k ? (block + 1) * p.block_k : p.k;
  return {block, first, first + gemm_step < limit ? first + gemm_step : limit};
}

/// Starts the copy of 64 rows of a step; what lies outside the matrix is zero.
__device__ inline void copy_rows(unsigned char* shared, const unsigned char* from, std::int64_t first_row,
                                 std::int64_t rows, const step_columns& at, const gemm_params& p) {
  constexpr int units = gemm_step / 16;
  for (int i = static_cast<int>(threadIdx.x); i < 64 * units; i += gemm_threads) {
    const int row = i / units, unit = i % units;
    const std::int64_t column = at.first + 16 * unit;
    unsigned char* const to = shared + row * gemm_step + ((unit ^ row % 8) * 16);
    const unsigned char* const source = from + (first_row + row) * p.k + column;
    const bool inside = first_row + row < rows && column < at.end;
    if (p.aligned && (!inside || column + 16 <= at.end)) {
      copy_async16(to, inside ? source : from, inside);
    } else {
      for (int c = 0; c < 16; ++c)
        to[c] = inside && column + c < at.end ? source[c] : static_cast<unsigned char>(0);
    }
  }
}

__device__ inline void copy_step(unsigned char* stage, const gemm_params& p, std::int64_t top,
                                 std::int64_t left, std::int64_t step) {
  const step_columns at = columns_of_step(p, step);
  copy_rows(stage, p.a, top, p.m, at, p);
  copy_rows(stage + gemm_rows * gemm_step, p.b, left, p.n, at, p);
}

template <dtype Out, class Promotion>
__global__ void __launch_bounds__(gemm_threads) block_gemm_kernel(const gemm_params p) {
  constexpr wgmma_shape shape = {dtype::e4m3, dtype::e4m3, dtype::f32, gemm_columns};
  constexpr int sums = sum_registers(shape);
  unsigned char* const memory = shared_memory<unsigned char>();
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t tiles_across = blocks_for(p.n, gemm_columns);
  const std::int64_t top = blockIdx.x / tiles_across * gemm_rows,
                     left = blockIdx.x % tiles_across * gemm_columns;
  const std::int64_t row = top + 16 * warp + lane / 4, column = left + lane % 4 * 2;
  const std::int64_t steps = p.blocks * p.steps_of_block;

  float all[sums], sum[sums];
  PLUMBLINE_UNROLL
  for (int i = 0; i < sums; ++i) all[i] = 0.0f;
  bool begun = false;
  if (steps > 0) copy_step(memory, p, top, left, 0);
  copy_async_commit();
  for (std::int64_t step = 0; step < steps; ++step) {
    unsigned char* const stage = memory + step % 2 * static_cast<std::int64_t>(gemm_stage_bytes);
    copy_async_wait<0>();
    fence_async_proxy();
    __syncthreads();
    if (step + 1 < steps)
      copy_step(memory + (step + 1) % 2 * static_cast<std::int64_t>(gemm_stage_bytes), p, top, left,
                step + 1);
    copy_async_commit();

    const std::uint64_t a = shared_descriptor(stage, 16, 8 * gemm_step, swizzle::bytes128);
    const std::uint64_t b =
        shared_descriptor(stage + gemm_rows * gemm_step, 16, 8 * gemm_step, swizzle::bytes128);
    wgmma_fence();
    PLUMBLINE_UNROLL
    for (std::uint32_t part = 0; part < gemm_step; part += 32)
      wgmma<shape>(sum, advanced(a, part), advanced(b, part), begun || part > 0);
    wgmma_commit();
    wgmma_wait<0>(sum);
    begun = true;

    const step_columns at = columns_of_step(p, step);
    const std::int64_t in_block = step - at.block * p.steps_of_block;
    const bool block_ends = in_block + 1 == p.steps_of_block || at.end == p.k;
    if (!block_ends && (in_block + 1) * gemm_step % Promotion::columns != 0) continue;
    PLUMBLINE_UNROLL
    for (int i = 0; i < sums; ++i) {
      const std::int64_t r = row + i / 2 % 2 * 8, c = column + i / 4 * 8 + i % 2;
      if (r >= p.m || c >= p.n) continue;
      const float down = p.a_scale[r * p.blocks + at.block];
      const float across =
          p.b_scale[static_cast<std::uint32_t>(c) / static_cast<std::uint32_t>(p.block_n) * p.blocks +
                    at.block];
      all[i] = fused(sum[i] * down, across, all[i]);
    }
    begun = false;
  }
  PLUMBLINE_UNROLL
  for (int i = 0; i < sums; ++i) {
    const std::int64_t r = row + i / 2 % 2 * 8, c = column + i / 4 * 8 + i % 2;
    if (r < p.m && c < p.n) static_cast<stored<Out>*>(p.out)[r * p.n + c] = store_as<Out>(all[i]);
  }
}

template <class Promotion>
void launch_block_gemm(const block_gemm_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.m == 0 || problem.n == 0) return;
  const tensor_view a = args.in("a"), b = args.in("b");
  const auto address = reinterpret_cast<std::uintptr_t>(a.data) | reinterpret_cast<std::uintptr_t>(b.data);
  const gemm_params p = {static_cast<const unsigned char*>(a.data),
                         static_cast<const unsigned char*>(b.data),
                         args.in("a_scale").as<float>(),
                         args.in("b_scale").as<float>(),
                         args.out("out").data,
                         problem.m,
                         problem.n,
                         problem.k,
                         problem.block_n,
                         problem.block_k,
                         blocks_for(problem.k, problem.block_k),
                         blocks_for(problem.block_k < problem.k ? problem.block_k : problem.k, gemm_step),
                         address % 16 == 0 && problem.k % 16 == 0 && problem.block_k % 16 == 0};
  const grid_size grid = {blocks_for(p.m, gemm_rows) * blocks_for(p.n, gemm_columns), 1, 1};
  switch (problem.out_type) {
    case dtype::bf16:
      return launch<&block_gemm_kernel<dtype::bf16, Promotion>>(on, "block_gemm", grid, gemm_threads,
                                                                gemm_shared_bytes, p);
    case dtype::f16:
      return launch<&block_gemm_kernel<dtype::f16, Promotion>>(on, "block_gemm", grid, gemm_threads,
                                                               gemm_shared_bytes, p);
    default:
      return launch<&block_gemm_kernel<dtype::f32, Promotion>>(on, "block_gemm", grid, gemm_threads,
                                                               gemm_shared_bytes, p);
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
