// Launching a kernel, and the shared memory of its block: the same call on either side.
//
// `launch` replaces <<<>>>, which only nvcc can parse.  The kernel is a template argument, so each side gets
// what it needs without registration: a GPU its entry function, the host executor a plain function to call
// once a fiber.  All shared memory is dynamic; kernels carve it themselves.
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernels/core/executor.hpp"
#include "kernels/core/side.hpp"
#if !PLUMBLINE_ON_GPU
#include "kernels/host/intrinsics.hpp"
#include "kernels/host/simt.hpp"
#endif

namespace plumbline {

/// Dynamic shared memory that one block can have on the GPUs that kernels are written for (sm_90).
inline constexpr std::size_t max_shared_bytes = 227 * 1024;
/// Threads that one block can have.
inline constexpr int max_block_threads = 1024;

/// Blocks of a launch along each axis; the limits are CUDA's.
struct grid_size {
  std::int64_t x = 1, y = 1, z = 1;
};

/// A call that did not complete, on its way from a launch to the executor.
class kernel_fault : public std::runtime_error {
 public:
  explicit kernel_fault(fault what) : std::runtime_error(what.message), what_(std::move(what)) {}
  const fault& why() const { return what_; }

 private:
  fault what_;
};

/// One launch as the host executor sees it: `body` calls the kernel once, as the current thread.
struct host_launch {
  const char* kernel;
  grid_size grid;
  int threads;
  std::size_t shared_bytes;
  void (*body)(const void* params);
  const void* params;
  std::size_t params_bytes;
};

/// What a variant's `run` gets from its executor: memory and launches.
class launcher {
 public:
  virtual ~launcher() = default;
  /// Scratch memory that lives until the call ends, filled with 0xff bytes (NaN in every floating format);
  /// aligned to 512 bytes.
  virtual void* scratch(std::size_t bytes) = 0;
  /// Streaming multiprocessors that split heuristics should reckon with.
  virtual int sm_count() const = 0;

  /// Runs all blocks of a launch (host sides only).
  virtual void run_on_host(const host_launch&) { throw std::logic_error("not a host launcher"); }
  /// The CUDA stream to launch on (GPU side only).
  virtual void* stream() { throw std::logic_error("not a GPU launcher"); }
};

/// Refuses a launch that CUDA would refuse; throws kernel_fault of kind "launch error".
inline void check_launch(const char* kernel, const grid_size& grid, int threads, std::size_t shared_bytes) {
  std::string why;
  if (grid.x < 1 || grid.x > INT_MAX || grid.y < 1 || grid.y > 65535 || grid.z < 1 || grid.z > 65535)
    why = "grid " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " + std::to_string(grid.z) +
          ", expected 1..2147483647 x 1..65535 x 1..65535";
  else if (threads < 1 || threads > max_block_threads)
    why = std::to_string(threads) + " threads a block, expected 1.." + std::to_string(max_block_threads);
  else if (shared_bytes > max_shared_bytes)
    why = std::to_string(shared_bytes) + " bytes of shared memory a block, at most " +
          std::to_string(max_shared_bytes) + " (227 KiB) exist";
  if (!why.empty())
    throw kernel_fault({"launch error", "launch error: kernel " + std::string(kernel) + ": " + why});
}

namespace kernels {
inline namespace PLUMBLINE_SIDE_NAME {

#if PLUMBLINE_ON_GPU

/// Runs `Kernel(params)` on a grid of one-dimensional blocks and checks that it was accepted.
template <auto Kernel, class Params>
void launch(launcher& on, const char* name, grid_size grid, int threads, std::size_t shared_bytes,
            const Params& params) {
  const auto checked = [&](cudaError_t code, const char* call) {
    if (code != cudaSuccess)
      throw kernel_fault({"launch error", "launch error: kernel " + std::string(name) + ": " + call + ": " +
                                              cudaGetErrorString(code)});
  };
  check_launch(name, grid, threads, shared_bytes);
  if (shared_bytes > 48 * 1024)
    checked(cudaFuncSetAttribute(Kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 static_cast<int>(shared_bytes)),
            "cudaFuncSetAttribute");
  const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y),
                    static_cast<unsigned>(grid.z));
  Kernel<<<blocks, static_cast<unsigned>(threads), shared_bytes, static_cast<cudaStream_t>(on.stream())>>>(
      params);
  checked(cudaGetLastError(), "launch");
}

/// Start of the block's dynamic shared memory, aligned to 1024 bytes.
template <class T>
__device__ __forceinline__ T* shared_memory() {
  extern __shared__ __align__(1024) unsigned char plumbline_shared_memory[];
  return reinterpret_cast<T*>(plumbline_shared_memory);
}

/// Stops the kernel with a message when `ok` is false.
__device__ __forceinline__ void kernel_assert(bool ok, const char*) {
  if (!ok) __trap();
}

#else

/// Runs `Kernel(params)` on a grid of one-dimensional blocks and returns when all of them are done.
template <auto Kernel, class Params>
void launch(launcher& on, const char* name, grid_size grid, int threads, std::size_t shared_bytes,
            const Params& params) {
  check_launch(name, grid, threads, shared_bytes);
  on.run_on_host({name, grid, threads, shared_bytes,
                  [](const void* p) { Kernel(*static_cast<const Params*>(p)); }, &params, sizeof(Params)});
}

/// Start of the block's dynamic shared memory, aligned to 1024 bytes.
template <class T>
inline T* shared_memory() {
  return static_cast<T*>(simt::shared_base());
}

/// Stops the kernel with a message when `ok` is false.
inline void kernel_assert(bool ok, const char* what, int line = __builtin_LINE(),
                          const char* file = __builtin_FILE()) {
  if (!ok) simt::raise("assertion", what, {file, line});
}

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace kernels
}  // namespace plumbline
