// What happens before what, between the threads of one launch.
//
// Launches order everything.  Blocks of a launch are ordered by nothing, whatever the schedule did.  In a
// block a barrier orders all threads, and __syncwarp the lanes of its mask; a shuffle or a vote orders none
// (the CUDA guide: it "does not imply a memory barrier").
//
// Barriers are so strong that they need no vectors: eras are counted, and two accesses of one block in
// different eras are ordered.  Inside an era threads of different warps are not ordered at all, so vector
// clocks are needed only inside a warp, 32 by 32, and as long as every __syncwarp takes the whole warp they
// are one number.
//
// Asynchronous products read shared memory through another proxy: between a write and such a read lies a
// fence.proxy.async, by the writer behind its write, or by the reader behind a barrier.  Fences are counted,
// and a write remembers the count.
//
// An access carries a stamp: the era, the thread, and the thread's own count of __syncwarps in that era.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/host/schedule.hpp"

namespace plumbline::checked {

/// When and by whom: 32 bits of era, 10 of thread, 21 of clock, 1 for an atomic access.  0: never.
using stamp = std::uint64_t;

inline constexpr stamp atomic_mark = 1;
inline std::uint32_t era_of(stamp s) { return static_cast<std::uint32_t>(s >> 32); }
inline std::uint32_t thread_of(stamp s) { return static_cast<std::uint32_t>(s >> 22) & 1023u; }
/// Whether it was made by all lanes of a warp together.
inline bool is_of_warp(stamp s) { return s != 0 && (s >> 1 & 0x1fffffu) == 0; }

class order {
 public:
  order();

  void launch_begins();
  void block_begins(std::int64_t block, int threads);
  void block_meets();
  void warp_meets(int warp, std::uint32_t mask);
  void proxy_fence(std::uint32_t thread) { fences_[thread] = {++fence_count_, era_}; }

  /// Stamp of an access that `thread` makes now.
  stamp now(std::uint32_t thread) const {
    return static_cast<stamp>(era_) << 32 | static_cast<stamp>(thread) << 22 |
           static_cast<stamp>(clock_of(thread)) << 1;
  }
  /// The same for something that all lanes of its warp do together: ordered before whatever they do next.
  stamp now_as_warp(std::uint32_t thread) const { return now(thread) & ~(stamp{0x1fffff} << 1); }
  /// Proxy fences so far in this block.
  std::uint32_t fence_count() const { return fence_count_; }
  /// Whether a proxy fence lies between a write, made at that count, and what `thread` does now.
  bool fenced(stamp write, std::uint32_t count, std::uint32_t thread) const {
    const last_fence &of_writer = fences_[thread_of(write)], &of_reader = fences_[thread];
    return of_writer.count > count || (of_reader.count > count && era_of(write) < of_reader.era);
  }
  /// Whether the access `s` is ordered before what `thread` does now.
  bool before(stamp s, std::uint32_t thread) const {
    const std::uint32_t era = era_of(s);
    if (era != era_) return era >= first_of_block_ || era < first_of_launch_;
    const std::uint32_t other = thread_of(s);
    return other == thread || (other / 32 == thread / 32 && known(thread, other) >= clock(s));
  }
  /// First era of the block that runs.
  std::uint32_t first_of_block() const { return first_of_block_; }
  /// The block of this launch that an era belongs to.
  std::int64_t block_of(std::uint32_t era) const;

 private:
  /// What the lanes of a warp know of each other in this era.
  struct warp_clocks {
    std::uint32_t level = 0;  // uniform: all accesses up to this clock are known to all lanes
    bool uniform = true;
    std::uint32_t known[32][32] = {};  // not uniform: lane i knows accesses of lane j up to known[i][j]
  };
  static std::uint32_t clock(stamp s) { return static_cast<std::uint32_t>(s >> 1) & 0x1fffffu; }
  std::uint32_t clock_of(std::uint32_t thread) const {
    const warp_clocks& w = warps_[thread / 32];
    return w.uniform ? w.level + 1 : w.known[thread % 32][thread % 32];
  }
  std::uint32_t known(std::uint32_t thread, std::uint32_t other) const {
    const warp_clocks& w = warps_[thread / 32];
    return w.uniform ? w.level : w.known[thread % 32][other % 32];
  }
  void era_begins();

  struct last_fence {
    std::uint32_t count = 0, era = 0;
  };
  struct block_start {
    std::uint32_t era;
    std::int64_t block;
  };
  std::unique_ptr<warp_clocks[]> warps_;
  std::vector<last_fence> fences_;  // by thread
  std::uint32_t fence_count_ = 0;
  std::uint32_t used_ = 0;  // warps whose clocks have moved in this era, a bit each
  std::uint32_t exists_[simt::max_warps] = {};
  std::uint32_t era_ = 0, first_of_block_ = 0, first_of_launch_ = 0;
  std::vector<block_start> blocks_;
};

}  // namespace plumbline::checked
