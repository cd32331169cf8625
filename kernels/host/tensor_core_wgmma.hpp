// Host twin of wgmma: products that 128 threads start and that land at their wait.
//
// A wgmma splits by warps (a warp owns sixteen of the 64 rows), so each warp of the group meets by itself. On
// starting, its accumulator registers are taken away and filled with NaN; operands in shared memory are read,
// sums formed and registers given back only when a wait covers the last product that uses them.  A kernel
// that reads an accumulator too early, or overwrites an operand that is still needed, gets a wrong answer on
// every run.  What the four warps start must agree, in number and in kind, by the end of the block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kernels/core/mma_shape.hpp"
#include "kernels/host/simt.hpp"

namespace plumbline::simt {

/// One lane's part of a wgmma.  `a` are four registers, or null when A lies in shared memory.
struct wgmma_lane {
  void* d;
  const std::uint32_t* a;
  std::uint64_t a_matrix, b_matrix;
  bool add;  // else the accumulator counts as zero
  wgmma_shape shape;
  site where;
  const void* from = nullptr;  // address of the code, for who looks on
};

/// Combines: start a product; close the group of products started so far; wait.  Of a wait each lane passes
/// a pointer to the number of groups (int) that may stay under way.
void start_product(void* const* lanes, std::uint32_t mask);
void commit_products(void* const* lanes, std::uint32_t mask);
void wait_products(void* const* lanes, std::uint32_t mask);
/// wgmma.fence: registers are in order.
void fence_products(void* const* lanes, std::uint32_t mask);

/// Raises "unsupported instruction" when the generation that this executor models lacks wgmma; the address of
/// the caller's code otherwise.
const void* require_wgmma(site);
/// Bytes from the start of the block's shared memory; raises a fault when `p` is not in it.
std::uint32_t shared_address(const void* p, site);

/// The products of one block.
class wgmma_queue {
 public:
  explicit wgmma_queue(int threads);
  ~wgmma_queue();
  void start(int warp, void* const* lanes);
  void commit(int warp);
  void wait(int warp, int groups_left);
  void fence(int warp);
  /// What a block's end finds: a warp that did not start what its group did.  Nothing: all agree.
  std::optional<std::string> disagreement() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

inline __attribute__((always_inline)) void start_wgmma(wgmma_lane& lane) {
  lane.from = require_wgmma(lane.where);
  meet_warp(~0u, "wgmma", start_product, &lane, lane.where);
}

}  // namespace plumbline::simt
