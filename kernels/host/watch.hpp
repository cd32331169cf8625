// Who may look on while blocks run: the seam between the host executor and the checker.
//
// The executor knows what orders a kernel's threads (launches, blocks, barriers, __syncwarp) and when an
// asynchronous operation starts and ends; the wrappers of kernels/core know which bytes a wide operation
// touches.  Both say so here, in the moment it happens, from the thread that does it.  Without a watch, as on
// the plain host side, each of these costs a comparison with null.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plumbline {
struct host_launch;
}

namespace plumbline::simt {

class block_runner;

/// How memory is used.
enum class memory_use : std::uint8_t { read, write, atomic_read, atomic };

/// Where in the program an access was made: an address of code, for the report.
using code_address = const void*;

class watch {
 public:
  virtual ~watch() = default;

  virtual void launch_begins(const host_launch&) = 0;
  virtual void block_begins(block_runner&, std::int64_t block) = 0;
  /// No thread of the block runs any more, or the first fault ended it; nothing is looked at from here on.
  virtual void block_ends() = 0;

  /// Every thread of the block is at a barrier.
  virtual void block_meets() = 0;
  /// The lanes of `mask` are in one __syncwarp.
  virtual void warp_meets(int warp, std::uint32_t mask) = 0;

  /// The current thread uses `bytes` bytes, all at once.
  virtual void uses(const void* first, std::size_t bytes, memory_use, code_address) = 0;
  /// An asynchronous copy of 16 bytes to shared memory starts; `global` is null for zeros.
  virtual void copy_starts(void* shared, const void* global, code_address) = 0;
  /// The current thread has waited for it.
  virtual void copy_arrives(void* shared, code_address started) = 0;

  /// An asynchronous product of the current thread's warp starts to read shared memory, and has read it: the
  /// warp has waited for the product.
  virtual void product_reads(const void* shared, std::size_t bytes, code_address) = 0;
  virtual void product_has_read(const void* shared, std::size_t bytes) = 0;
  /// Registers of a thread that belong to a product until they are given back; an operand may still be read.
  virtual void registers_taken(int thread, const void* first, std::size_t bytes, bool operand,
                               code_address) = 0;
  virtual void registers_given(int thread, const void* first) = 0;
  /// The current thread's writes before this may be read by asynchronous products after it.
  virtual void proxy_fence() = 0;
};

}  // namespace plumbline::simt
