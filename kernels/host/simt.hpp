// What a kernel's thread can ask of the host executor: the narrow waist between kernels/core and the fibers.
//
// Everything a warp does together is one primitive, `meet_warp`: the lanes of a mask leave an argument each,
// the last to arrive combines them all, and nobody leaves before.  A shuffle, a vote, ldmatrix and mma differ
// only in their combine function, so waiting, divergence reports and schedules are written once.  Because the
// results are in place before anyone leaves, one meeting an operation is enough.
//
// The switch itself is inlined into the kernel.  A processor predicts a return by the last call it saw, which
// after a switch was another fiber's: every function level between the switch and the kernel would cost a
// misprediction (measured: four levels tripled the price of a barrier).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host/fiber.hpp"

namespace plumbline {
class tap_record;
}

namespace plumbline::simt {

/// Where in a kernel's source something was called.
struct site {
  const char* file;
  int line;
};

struct index3 {
  unsigned x = 0, y = 0, z = 0;
};

/// Computes for all lanes of `mask` at once; `lanes[i]` is what lane i passed to `meet_warp`.
using combine = void (*)(void* const* lanes, std::uint32_t mask);

/// Notes that the current thread is at a barrier, or at a warp's meeting; true: it has to wait.
bool arrive_block(site);
bool arrive_warp(std::uint32_t mask, const char* operation, combine, void* mine, site);
/// Lets others run until the current thread may go on.
inline __attribute__((always_inline)) void wait_turn();

/// Waits until every thread of the block is at a barrier at this same place.
inline __attribute__((always_inline)) void meet_block(site where) {
  if (arrive_block(where)) wait_turn();
}
/// Waits until every lane of `mask` has called with the same mask and operation, and runs `combine` (may be
/// null) once.
inline __attribute__((always_inline)) void meet_warp(std::uint32_t mask, const char* operation,
                                                     combine together, void* mine, site where) {
  if (arrive_warp(mask, operation, together, mine, where)) wait_turn();
}

/// One lane's part of a shuffle: what it gives, and the lane it reads.
struct shuffle_lane {
  std::uint32_t value;
  unsigned source;
};
/// Combines: each lane gets the value of its source; each gets the bits of the lanes whose word is not 0.
void shuffle_lanes(void* const* lanes, std::uint32_t mask);
void gather_votes(void* const* lanes, std::uint32_t mask);

/// Start of the block's shared memory.
void* shared_base();
/// 16 bytes at once, seen by whoever looks on.
void load16(void* to, const void* from);
void store16(void* to, const void* from);
/// __threadfence.
void fence();
/// fence.proxy.async.
void fence_proxy();

/// An asynchronous copy of 16 bytes; nothing arrives before the wait, and the destination is scribbled over.
void start_copy(void* shared, const void* global, bool valid, site);
void commit_copies();
void wait_copies(int groups_left);

/// Ends the call with a fault that names kernel, block, thread and place.
[[noreturn]] void raise(const char* kind, const char* what, site);

/// Raises "misaligned access" unless `address` is a multiple of 16.
inline void check_aligned16(const void* address, site where) {
  if (reinterpret_cast<std::uintptr_t>(address) % 16)
    raise("misaligned access", "16-byte access to an address that is no multiple of 16", where);
}
/// Raises a fault unless 16 bytes at `row` are aligned and inside the block's shared memory.
void check_matrix_row(const void* row, site);

/// The current thread's way back to its scheduler; `failed`: the block is lost, whoever waits unwinds.
/// `taps` keeps what the kernel shows; null: nobody asked.
struct way_back {
  fiber_switch fibers;
  bool failed = false;
  tap_record* taps = nullptr;
};
extern constinit thread_local way_back* running;
[[noreturn]] void unwind();

#ifdef PLUMBLINE_CHECKED
/// wait_turn out of the checked kernel's sight: what the executor touches is not the kernel's doing.
void wait_unseen();
inline void wait_turn() { wait_unseen(); }
#else
inline void wait_turn() {
  running->fibers.leave();
  if (running->failed) unwind();
}
#endif

}  // namespace plumbline::simt

extern constinit thread_local plumbline::simt::index3 threadIdx, blockIdx, blockDim, gridDim;
