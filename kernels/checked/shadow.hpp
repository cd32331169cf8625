// What is remembered of every four bytes that threads may change: who wrote last, who read since.
//
// A write must be ordered behind the last write and all reads since, a read behind the last write.  The last
// write is enough: had an earlier one been unordered, the last would have been reported against it.  Of the
// reads two are kept.  A reader that happens before a newer one adds nothing; otherwise the two are chosen
// from different blocks or warps, and then every thread is unordered with at least one of them unless a
// barrier lies between.  (Missed is a third reader of one warp, when a __syncwarp of some lanes orders the
// writer behind the two others.)
//
// Four bytes share a cell while they are used together; the first narrower access gives each byte its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/checked/order.hpp"

namespace plumbline::checked {

/// Code addresses as offsets from one in this program: 32 bits are enough, since kernels are linked into it.
using place = std::uint32_t;

enum class trouble : std::uint8_t {
  none,
  unwritten,        // read, and nothing wrote it
  race_with_write,  // the last write is not ordered before
  race_with_read,
  unfenced,         // read by an asynchronous product, and no proxy fence behind the write
  copy_under_way,   // an asynchronous copy that writes it has not been waited for
  being_multiplied  // an asynchronous product that reads it has not been waited for
};

/// What is wrong with one access, and the other access that it collides with.
struct collision {
  trouble what = trouble::none;
  std::size_t byte = 0;  // offset of the first byte concerned, as the access's own offset counts
  stamp other = 0;
  place other_at = 0;
};

/// One access by the current thread.
struct visit {
  stamp now;
  std::uint32_t thread;
  place at;
  bool writes, atomic;
  bool known_content;       // bytes that nothing wrote hold something all the same
  bool by_product = false;  // through the asynchronous proxy
};

class shadow {
 public:
  explicit shadow(std::size_t bytes);

  /// Records an access; what was first wrong with it, if anything (then nothing more is recorded).
  collision use(const order&, std::size_t offset, std::size_t bytes, const visit&);

  /// Marks bytes that belong to an operation under way, a copy or a product, and unmarks them.
  void hold(const order&, std::size_t offset, std::size_t bytes, trouble why);
  void release(const order&, std::size_t offset, std::size_t bytes);

  /// From the era of the block on, older content is forgotten (shared memory).
  void forget_before_blocks() { per_block_ = true; }
  void block_begins() { split_.clear(); }

 private:
  struct cell {
    stamp writer, readers[2];
    place wrote_at, read_at[2];
    std::uint32_t born;    // first era of the block that this tells of
    std::uint32_t split;   // 0: of all four bytes; else the cells of single bytes are split_[split - 1]
    std::uint32_t fences;  // counted when it was written
    trouble held;          // none: not part of an operation under way
    std::uint16_t holds;   // of how many
  };
  using quad = std::array<cell, 4>;
  static cell fresh(std::uint32_t born) {
    cell c = {};
    c.born = born;
    return c;
  }

  cell& at(const order& o, std::size_t index) {
    cell& c = cells_[index];
    if (per_block_ && c.born != o.first_of_block()) c = fresh(o.first_of_block());
    return c;
  }
  quad& bytes_of(cell&);
  static trouble check(const order&, const cell&, const visit&, int& reader);
  static void record(const order&, cell&, const visit&);
  template <class Each>
  void each_byte(const order&, std::size_t offset, std::size_t bytes, Each);

  std::unique_ptr<cell[], void (*)(void*)> cells_;
  std::vector<quad> split_;
  bool per_block_ = false;
};

}  // namespace plumbline::checked
