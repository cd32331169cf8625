// Wide and asynchronous memory operations: 16-byte accesses, cp.async, ldmatrix.
//
// The host twins keep what a GPU hides.  16-byte accesses check their alignment.  An asynchronous copy is
// deferred to its wait, and its destination holds NaN until then, so a kernel that waits for the wrong group
// cannot get a right answer.
#pragma once

#include <cstring>

#include "kernels/core/launch.hpp"
#include "kernels/core/side.hpp"
#if !PLUMBLINE_ON_GPU
#include "kernels/host/tensor_core.hpp"
#endif

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

/// 16 bytes that move at once.
struct alignas(16) vec16 {
  std::uint32_t w[4];
};

#if PLUMBLINE_ON_GPU

/// Loads 16 bytes; the address is a multiple of 16.
__device__ __forceinline__ vec16 load16(const void* from) {
  const uint4 v = *static_cast<const uint4*>(from);
  return {{v.x, v.y, v.z, v.w}};
}

/// Stores 16 bytes; the address is a multiple of 16.
__device__ __forceinline__ void store16(void* to, vec16 v) {
  *static_cast<uint4*>(to) = make_uint4(v.w[0], v.w[1], v.w[2], v.w[3]);
}

__device__ __forceinline__ std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

/// Starts a copy of 16 bytes to shared memory; when not `valid` it writes zeros and never reads `global`.
__device__ __forceinline__ void copy_async16(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global),
               "r"(valid ? 16 : 0)
               : "memory");
}

/// Closes this thread's current group of copies.
__device__ __forceinline__ void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Waits until at most `N` of this thread's committed groups are still under way.
template <int N>
__device__ __forceinline__ void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/// Loads four 8x8 matrices of 16-bit elements: lane l gives the address of row l%8 of matrix l/8 and gets, of
/// matrix j, elements 2(l%4) and 2(l%4)+1 of row l/4 in r[j].
__device__ __forceinline__ void load_matrix_x4(std::uint32_t r[4], const void* shared_row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(shared_row))
               : "memory");
}

/// The same with every matrix transposed: r[j] holds rows 2(l%4) and 2(l%4)+1 of column l/4.
__device__ __forceinline__ void load_matrix_x4_transposed(std::uint32_t r[4], const void* shared_row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(shared_row))
               : "memory");
}

/// Two matrices; lanes 0 to 15 give the addresses (the others' must be valid addresses too).
__device__ __forceinline__ void load_matrix_x2(std::uint32_t r[2], const void* shared_row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(shared_row))
               : "memory");
}

__device__ __forceinline__ void load_matrix_x2_transposed(std::uint32_t r[2], const void* shared_row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(shared_row))
               : "memory");
}

#else

/// Loads 16 bytes; the address is a multiple of 16.
__forceinline__ vec16 load16(const void* from, int line = __builtin_LINE(),
                             const char* file = __builtin_FILE()) {
  simt::check_aligned16(from, {file, line});
  vec16 v;
  if constexpr (PLUMBLINE_ON_CHECKED)
    simt::load16(&v, from);
  else
    std::memcpy(&v, from, 16);
  return v;
}

/// Stores 16 bytes; the address is a multiple of 16.
__forceinline__ void store16(void* to, vec16 v, int line = __builtin_LINE(),
                             const char* file = __builtin_FILE()) {
  simt::check_aligned16(to, {file, line});
  if constexpr (PLUMBLINE_ON_CHECKED)
    simt::store16(to, &v);
  else
    std::memcpy(to, &v, 16);
}

/// Starts a copy of 16 bytes to shared memory; when not `valid` it writes zeros and never reads `global`.
__forceinline__ void copy_async16(void* shared, const void* global, bool valid, int line = __builtin_LINE(),
                                  const char* file = __builtin_FILE()) {
  simt::start_copy(shared, global, valid, {file, line});
}

/// Closes this thread's current group of copies.
__forceinline__ void copy_async_commit() { simt::commit_copies(); }

/// Waits until at most `N` of this thread's committed groups are still under way.
template <int N>
__forceinline__ void copy_async_wait() {
  simt::wait_copies(N);
}

/// Loads four 8x8 matrices of 16-bit elements: lane l gives the address of row l%8 of matrix l/8 and gets, of
/// matrix j, elements 2(l%4) and 2(l%4)+1 of row l/4 in r[j].
__forceinline__ void load_matrix_x4(std::uint32_t r[4], const void* shared_row, int line = __builtin_LINE(),
                                    const char* file = __builtin_FILE()) {
  simt::load_matrix<4, false>(r, shared_row, {file, line});
}

/// The same with every matrix transposed: r[j] holds rows 2(l%4) and 2(l%4)+1 of column l/4.
__forceinline__ void load_matrix_x4_transposed(std::uint32_t r[4], const void* shared_row,
                                               int line = __builtin_LINE(),
                                               const char* file = __builtin_FILE()) {
  simt::load_matrix<4, true>(r, shared_row, {file, line});
}

/// Two matrices; lanes 0 to 15 give the addresses (the others' must be valid addresses too).
__forceinline__ void load_matrix_x2(std::uint32_t r[2], const void* shared_row, int line = __builtin_LINE(),
                                    const char* file = __builtin_FILE()) {
  simt::load_matrix<2, false>(r, shared_row, {file, line});
}

__forceinline__ void load_matrix_x2_transposed(std::uint32_t r[2], const void* shared_row,
                                               int line = __builtin_LINE(),
                                               const char* file = __builtin_FILE()) {
  simt::load_matrix<2, true>(r, shared_row, {file, line});
}

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
