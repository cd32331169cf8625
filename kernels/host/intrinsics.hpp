// CUDA's own names for barriers, shuffles, votes and atomics, as kernels write them, for the host.
//
// They live in the side's namespace and are made visible everywhere by using-declarations, since CUDA has
// them global.  Each takes the caller's line and file as hidden last arguments, for reports.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "kernels/core/side.hpp"
#include "kernels/host/simt.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

inline void __syncthreads(int line = __builtin_LINE(), const char* file = __builtin_FILE()) {
  simt::meet_block({file, line});
}

inline void __syncwarp(unsigned mask = 0xffffffffu, int line = __builtin_LINE(),
                       const char* file = __builtin_FILE()) {
  simt::meet_warp(mask, "__syncwarp", nullptr, nullptr, {file, line});
}

inline void __threadfence() { simt::fence(); }

template <class T>
inline T shuffle(unsigned mask, T value, unsigned source, const char* name, simt::site where) {
  static_assert(sizeof(T) == 4 && std::is_trivially_copyable_v<T>, "shuffles move 32-bit values");
  if (!(mask >> source & 1))
    simt::raise("missing lanes", "a shuffle reads a lane that its mask leaves out", where);
  simt::shuffle_lane mine{std::bit_cast<std::uint32_t>(value), source};
  simt::meet_warp(mask, name, simt::shuffle_lanes, &mine, where);
  return std::bit_cast<T>(mine.value);
}

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, int line = __builtin_LINE(),
                     const char* file = __builtin_FILE()) {
  const unsigned lane = threadIdx.x % 32, segment = static_cast<unsigned>(width) - 1;
  return shuffle(mask, value, (lane & ~segment) | (static_cast<unsigned>(source) & segment), "__shfl_sync",
                 {file, line});
}

template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, int line = __builtin_LINE(),
                         const char* file = __builtin_FILE()) {
  const unsigned lane = threadIdx.x % 32, last = lane | (static_cast<unsigned>(width) - 1);
  const unsigned source = (lane ^ static_cast<unsigned>(bits)) % 32;
  return shuffle(mask, value, source > last ? lane : source, "__shfl_xor_sync", {file, line});
}

template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, int line = __builtin_LINE(),
                        const char* file = __builtin_FILE()) {
  const unsigned lane = threadIdx.x % 32, first = lane & ~(static_cast<unsigned>(width) - 1);
  return shuffle(mask, value, lane < first + delta ? lane : lane - delta, "__shfl_up_sync", {file, line});
}

template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, int line = __builtin_LINE(),
                          const char* file = __builtin_FILE()) {
  const unsigned lane = threadIdx.x % 32, last = lane | (static_cast<unsigned>(width) - 1);
  return shuffle(mask, value, lane + delta > last ? lane : lane + delta, "__shfl_down_sync", {file, line});
}

inline unsigned __ballot_sync(unsigned mask, int predicate, int line = __builtin_LINE(),
                              const char* file = __builtin_FILE()) {
  std::uint32_t mine = predicate != 0;
  simt::meet_warp(mask, "__ballot_sync", simt::gather_votes, &mine, {file, line});
  return mine;
}

inline int __any_sync(unsigned mask, int predicate, int line = __builtin_LINE(),
                      const char* file = __builtin_FILE()) {
  std::uint32_t mine = predicate != 0;
  simt::meet_warp(mask, "__any_sync", simt::gather_votes, &mine, {file, line});
  return mine != 0;
}

inline int __all_sync(unsigned mask, int predicate, int line = __builtin_LINE(),
                      const char* file = __builtin_FILE()) {
  std::uint32_t mine = predicate != 0;
  simt::meet_warp(mask, "__all_sync", simt::gather_votes, &mine, {file, line});
  return mine == mask;
}

inline int atomicAdd(int* at, int x) { return __atomic_fetch_add(at, x, __ATOMIC_RELAXED); }
inline unsigned atomicAdd(unsigned* at, unsigned x) { return __atomic_fetch_add(at, x, __ATOMIC_RELAXED); }

inline float atomicAdd(float* at, float x) {
  std::atomic_ref<float> cell(*at);
  float old = cell.load(std::memory_order_relaxed);
  while (!cell.compare_exchange_weak(old, old + x, std::memory_order_relaxed)) {
  }
  return old;
}

inline int atomicMax(int* at, int x) {
  std::atomic_ref<int> cell(*at);
  int old = cell.load(std::memory_order_relaxed);
  while (old < x && !cell.compare_exchange_weak(old, x, std::memory_order_relaxed)) {
  }
  return old;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels

using plumbline::kernels::__all_sync;
using plumbline::kernels::__any_sync;
using plumbline::kernels::__ballot_sync;
using plumbline::kernels::__shfl_down_sync;
using plumbline::kernels::__shfl_sync;
using plumbline::kernels::__shfl_up_sync;
using plumbline::kernels::__shfl_xor_sync;
using plumbline::kernels::__syncthreads;
using plumbline::kernels::__syncwarp;
using plumbline::kernels::__threadfence;
using plumbline::kernels::atomicAdd;
using plumbline::kernels::atomicMax;
