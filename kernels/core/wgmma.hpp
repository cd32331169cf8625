// wgmma: 128 threads multiply a 64 x k by a k x n matrix and add, while they go on.  sm_90a only.
//
// B lies in shared memory (kernels/core/shared_matrix.hpp), A there too or in registers: those of mma.sync
// for the sixteen rows of each warp.  Sums lie as those of n/8 mma.sync side by side, warp w of the group
// holding rows 16 w to 16 w + 15: d[4j .. 4j+3] of columns 8j to 8j+7 (f16: packed in d[2j], d[2j+1]).
//
// The order of things: operands written; fence_async_proxy() by the writers and a barrier; wgmma_fence();
// wgmma(...) once or more; wgmma_commit(); wgmma_wait<N>(sums).  From wgmma to the wait nobody may touch the
// sums, the registers of A, or the matrices in shared memory.  On the host the sums are NaN until then and
// the matrices are read at the wait, so a kernel that breaks this is wrong on every run.
#pragma once

#include "kernels/core/mma.hpp"
#include "kernels/core/shared_matrix.hpp"
#if PLUMBLINE_ON_GPU
#include "kernels/core/wgmma_text.hpp"
#else
#include "kernels/host/tensor_core_wgmma.hpp"
#endif

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

#if PLUMBLINE_ON_GPU

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define PLUMBLINE_HAS_WGMMA 1
#else
#define PLUMBLINE_HAS_WGMMA 0
#endif

/// Descriptor of a matrix whose first byte is at `shared`.
__device__ __forceinline__ std::uint64_t shared_descriptor(const void* shared, std::uint32_t leading,
                                                           std::uint32_t stride, swizzle pattern) {
  return descriptor_of({shared_address(shared), leading, stride, pattern});
}

/// Makes this thread's writes to shared memory visible to wgmma.
__device__ __forceinline__ void fence_async_proxy() {
#if PLUMBLINE_HAS_WGMMA
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

/// Registers written so far are in order before the next wgmma.
__device__ __forceinline__ void wgmma_fence() {
#if PLUMBLINE_HAS_WGMMA
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Closes the warp's current group of wgmma.
__device__ __forceinline__ void wgmma_commit() {
#if PLUMBLINE_HAS_WGMMA
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/// Keeps the compiler from moving uses of these registers.
template <class Register, std::size_t Count>
__device__ __forceinline__ void hold_registers(Register (&d)[Count]) {
  PLUMBLINE_UNROLL
  for (std::size_t i = 0; i < Count; ++i)
    if constexpr (sizeof(Register) == 4 && !std::is_same_v<Register, float>)
      asm volatile("" : "+r"(d[i])::"memory");
    else
      asm volatile("" : "+f"(d[i])::"memory");
}

/// Waits until at most `N` of the warp's committed groups are under way; the sums named here may be used
/// then.
template <int N, class Sums>
__device__ __forceinline__ void wgmma_wait(Sums& sums) {
#if PLUMBLINE_HAS_WGMMA
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
#endif
  hold_registers(sums);
}

/// d = a b, plus d when `add`; both matrices in shared memory.
template <wgmma_shape Shape>
__device__ __forceinline__ void wgmma(sum_register<Shape> (&d)[sum_registers(Shape)], std::uint64_t a,
                                      std::uint64_t b, bool add) {
  static_assert(exists(Shape));
#if PLUMBLINE_HAS_WGMMA
  [[maybe_unused]] constexpr int a_transposed = Shape.a_major == major::mn;
  [[maybe_unused]] constexpr int b_transposed = Shape.b_major == major::mn;
  PLUMBLINE_WGMMA_EVERY_N(S)
#else
  kernel_assert(false, "wgmma needs sm_90a");
#endif
}

/// The same with A in registers.
template <wgmma_shape Shape>
__device__ __forceinline__ void wgmma(sum_register<Shape> (&d)[sum_registers(Shape)],
                                      const std::uint32_t (&a)[4], std::uint64_t b, bool add) {
  static_assert(exists(Shape) && Shape.a_major == major::k);
#if PLUMBLINE_HAS_WGMMA
  [[maybe_unused]] constexpr int b_transposed = Shape.b_major == major::mn;
  PLUMBLINE_WGMMA_EVERY_N(R)
#else
  kernel_assert(false, "wgmma needs sm_90a");
#endif
}

#else

/// Descriptor of a matrix whose first byte is at `shared`.
inline std::uint64_t shared_descriptor(const void* shared, std::uint32_t leading, std::uint32_t stride,
                                       swizzle pattern, int line = __builtin_LINE(),
                                       const char* file = __builtin_FILE()) {
  return descriptor_of({simt::shared_address(shared, {file, line}), leading, stride, pattern});
}

/// Makes this thread's writes to shared memory visible to wgmma.
inline void fence_async_proxy() {
  if constexpr (PLUMBLINE_ON_CHECKED) simt::fence_proxy();
}

/// Registers written so far are in order before the next wgmma.
__forceinline__ void wgmma_fence(int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  simt::meet_warp(~0u, "wgmma_fence", simt::fence_products, nullptr, {file, line});
}

/// Closes the warp's current group of wgmma.
__forceinline__ void wgmma_commit(int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  simt::meet_warp(~0u, "wgmma_commit", simt::commit_products, nullptr, {file, line});
}

/// Waits until at most `N` of the warp's committed groups are under way; the sums named here may be used
/// then.
template <int N, class Sums>
__forceinline__ void wgmma_wait(Sums&, int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  int groups_left = N;
  simt::meet_warp(~0u, "wgmma_wait", simt::wait_products, &groups_left, {file, line});
}

/// d = a b, plus d when `add`; both matrices in shared memory.
template <wgmma_shape Shape>
__forceinline__ void wgmma(sum_register<Shape> (&d)[sum_registers(Shape)], std::uint64_t a, std::uint64_t b,
                           bool add, int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  static_assert(exists(Shape));
  simt::wgmma_lane lane{d, nullptr, a, b, add, Shape, {file, line}};
  simt::start_wgmma(lane);
}

/// The same with A in registers.
template <wgmma_shape Shape>
__forceinline__ void wgmma(sum_register<Shape> (&d)[sum_registers(Shape)], const std::uint32_t (&a)[4],
                           std::uint64_t b, bool add, int line = __builtin_LINE(),
                           const char* file = __builtin_FILE()) {
  static_assert(exists(Shape) && Shape.a_major == major::k);
  simt::wgmma_lane lane{d, a, 0, b, add, Shape, {file, line}};
  simt::start_wgmma(lane);
}

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
