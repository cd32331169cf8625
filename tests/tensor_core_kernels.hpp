// Kernels through every tensor-core wrapper, for both sides: the host runs them, nvcc turns them into code
// whose instructions a test reads.  One source, so the PTX of each wrapper is compiled in every build with
// nvcc.
#pragma once

#include "kernels/core/launch.hpp"
#include "kernels/core/wgmma.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// A is 64 rows of k, B is n rows of k, codes in row-major order; out is 64 x n registers' contents: floats,
/// or f16 codes.
struct gemm_params {
  const void* a;
  const void* b;
  void* out;
  int k;
};

/// Where the 32 bytes of k of step `step` lie, of a matrix of `rows` rows that begins at `address`.
__device__ inline shared_matrix step_of(std::uint32_t address, std::uint32_t rows, std::uint32_t steps,
                                        major along, swizzle pattern, std::uint32_t element_bytes,
                                        std::uint32_t step) {
  const std::uint32_t line = 16 * units_of(pattern), core = 8 * line;
  if (along == major::k) {
    if (pattern == swizzle::none) return {address + 2 * step * 16 * rows, 16 * rows, core, pattern};
    const std::uint32_t at = 32 * step;
    return {address + at / line * line * rows + at % line, 16, core, pattern};
  }
  const std::uint32_t cores_of_k = 32 / element_bytes / 8, far = steps * cores_of_k * core;
  const std::uint32_t first = address + step * cores_of_k * core;
  if (pattern == swizzle::none) return {first, core, far, pattern};
  return {first, far, core, pattern};
}

template <class Code>
__device__ inline void place(Code* shared, std::uint32_t start, const Code* from, std::uint32_t rows, int k,
                             major along, swizzle pattern) {
  constexpr int bytes = static_cast<int>(sizeof(Code)), inner = 32 / bytes;
  for (int i = static_cast<int>(threadIdx.x); i < static_cast<int>(rows) * k;
       i += static_cast<int>(blockDim.x)) {
    const auto row = static_cast<std::uint32_t>(i / k), at = static_cast<std::uint32_t>(i % k);
    const shared_matrix m =
        step_of(start, rows, static_cast<std::uint32_t>(k / inner), along, pattern, bytes, at / inner);
    shared[element_address(m, along, bytes, row, at % inner) / bytes - start / bytes] = from[i];
  }
}

template <dtype Type>
struct code_type {
  using type = std::uint16_t;
};
template <>
struct code_type<dtype::e4m3> {
  using type = std::uint8_t;
};
template <>
struct code_type<dtype::e5m2> {
  using type = std::uint8_t;
};
template <>
struct code_type<dtype::tf32> {
  using type = std::uint32_t;
};

/// Places both operands and makes them visible to wgmma.
template <wgmma_shape Shape, swizzle Pattern>
__device__ inline void place_operands(const gemm_params& p, std::uint64_t& a, std::uint64_t& b,
                                      std::uint32_t step_count) {
  using a_code = typename code_type<Shape.a>::type;
  using b_code = typename code_type<Shape.b>::type;
  unsigned char* const memory = shared_memory<unsigned char>();
  const std::uint32_t a_bytes = 64 * 32 * step_count;
  const shared_matrix first = matrix_of(shared_descriptor(memory, 0, 0, Pattern));
  place(reinterpret_cast<a_code*>(memory), first.address, static_cast<const a_code*>(p.a), 64, p.k,
        Shape.a_major, Pattern);
  place(reinterpret_cast<b_code*>(memory + a_bytes), first.address + a_bytes, static_cast<const b_code*>(p.b),
        Shape.n, p.k, Shape.b_major, Pattern);
  fence_async_proxy();
  __syncthreads();
  a = first.address, b = first.address + a_bytes;
}

template <wgmma_shape Shape, swizzle Pattern>
__device__ inline std::uint64_t step_descriptor(std::uint64_t start, std::uint32_t rows, major along,
                                                std::uint32_t steps, std::uint32_t step) {
  return descriptor_of(step_of(static_cast<std::uint32_t>(start), rows, steps, along, Pattern,
                               static_cast<std::uint32_t>(size_of(Shape.a)), step));
}

template <wgmma_shape Shape>
__device__ inline void store_sums(const gemm_params& p,
                                  const sum_register<Shape> (&d)[sum_registers(Shape)]) {
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  PLUMBLINE_UNROLL
  for (int pair = 0; pair < Shape.n / 4; ++pair) {
    const int row = 16 * warp + lane / 4 + pair % 2 * 8, column = pair / 2 * 8 + lane % 4 * 2;
    if constexpr (Shape.sum == dtype::f16) {
      static_cast<std::uint32_t*>(p.out)[(row * Shape.n + column) / 2] = d[pair];
    } else {
      static_cast<float*>(p.out)[row * Shape.n + column] = d[2 * pair];
      static_cast<float*>(p.out)[row * Shape.n + column + 1] = d[2 * pair + 1];
    }
  }
}

/// out = A B^T, all steps in one group.
template <wgmma_shape Shape, swizzle Pattern, std::uint32_t Steps>
__global__ void wgmma_gemm(const gemm_params p) {
  std::uint64_t a, b;
  place_operands<Shape, Pattern>(p, a, b, Steps);
  sum_register<Shape> d[sum_registers(Shape)];
  wgmma_fence();
  PLUMBLINE_UNROLL
  for (std::uint32_t s = 0; s < Steps; ++s)
    wgmma<Shape>(d, step_descriptor<Shape, Pattern>(a, 64, Shape.a_major, Steps, s),
                 step_descriptor<Shape, Pattern>(b, Shape.n, Shape.b_major, Steps, s), s > 0);
  wgmma_commit();
  wgmma_wait<0>(d);
  store_sums<Shape>(p, d);
}

/// The same with A from registers, a group a step.
template <wgmma_shape Shape, swizzle Pattern, std::uint32_t Steps>
__global__ void wgmma_gemm_registers(const gemm_params p) {
  using code = typename code_type<Shape.a>::type;
  constexpr int inner = inner_size(Shape), in_register = 4 / static_cast<int>(sizeof(code));
  std::uint64_t in_shared, b;
  place_operands<Shape, Pattern>(p, in_shared, b, Steps);
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const code* const rows = static_cast<const code*>(p.a) + (16 * warp + lane / 4) * p.k;
  sum_register<Shape> d[sum_registers(Shape)];
  PLUMBLINE_UNROLL
  for (std::uint32_t s = 0; s < Steps; ++s) {
    std::uint32_t a[4];
    PLUMBLINE_UNROLL
    for (int r = 0; r < 4; ++r) {
      a[r] = 0;
      for (int i = 0; i < in_register; ++i)
        a[r] |= static_cast<std::uint32_t>(rows[r % 2 * 8 * p.k + static_cast<int>(s) * inner +
                                                (r / 2 * 4 + lane % 4) * in_register + i])
                << 32 / in_register * i;
    }
    wgmma_fence();
    wgmma<Shape>(d, a, step_descriptor<Shape, Pattern>(b, Shape.n, Shape.b_major, Steps, s), s > 0);
    wgmma_commit();
    wgmma_wait<0>(d);
  }
  store_sums<Shape>(p, d);
}

/// One mma.sync of registers as they lie in memory: lane l's of A, B and D from word 4l, 2l and 4l on.
struct mma_params {
  const std::uint32_t* a;
  const std::uint32_t* b;
  std::uint32_t* d;
};

template <mma_shape Shape>
__global__ void one_mma(const mma_params p) {
  const int lane = static_cast<int>(threadIdx.x);
  std::uint32_t a[4], b[2];
  sum_register<Shape> d[sum_registers(Shape)];
  PLUMBLINE_UNROLL
  for (int i = 0; i < 4; ++i) a[i] = p.a[4 * lane + i];
  PLUMBLINE_UNROLL
  for (int i = 0; i < 2; ++i) b[i] = p.b[2 * lane + i];
  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(Shape); ++i) d[i] = std::bit_cast<sum_register<Shape>>(p.d[4 * lane + i]);
  mma_sync<Shape>(d, a, b);
  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(Shape); ++i) p.d[4 * lane + i] = std::bit_cast<std::uint32_t>(d[i]);
}

/// One wgmma both ways: A from shared memory, then from registers.
struct wgmma_params {
  std::uint64_t a, b;
  const std::uint32_t* a_registers;
  std::uint32_t* d;
};

template <wgmma_shape Shape>
__global__ void one_wgmma(const wgmma_params p) {
  const int thread = static_cast<int>(threadIdx.x);
  std::uint32_t a[4];
  PLUMBLINE_UNROLL
  for (int i = 0; i < 4; ++i) a[i] = p.a_registers[4 * thread + i];
  sum_register<Shape> d[sum_registers(Shape)];
  wgmma_fence();
  wgmma<Shape>(d, p.a, p.b, false);
  if constexpr (Shape.a_major == major::k) wgmma<Shape>(d, a, p.b, true);
  wgmma_commit();
  wgmma_wait<0>(d);
  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(Shape); ++i)
    p.d[sum_registers(Shape) * thread + i] = std::bit_cast<std::uint32_t>(d[i]);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
