#include "kernels/checked/order.hpp"

#include <algorithm>
#include <bit>

namespace plumbline::checked {

namespace {

constexpr std::uint32_t last_clock = 0x1ffffe;  // beyond, orders are taken for granted

}  // namespace

order::order() : warps_(new warp_clocks[simt::max_warps]), fences_(32 * simt::max_warps) {}

void order::era_begins() {
  ++era_;
  for (; used_; used_ &= used_ - 1) {
    warp_clocks& w = warps_[static_cast<std::size_t>(std::countr_zero(used_))];
    w.level = 0;
    w.uniform = true;
  }
}

void order::launch_begins() {
  first_of_launch_ = era_ + 1;
  blocks_.clear();
}

void order::block_begins(std::int64_t block, int threads) {
  era_begins();
  first_of_block_ = era_;
  if (fence_count_) std::fill(fences_.begin(), fences_.end(), last_fence{});
  fence_count_ = 0;
  blocks_.push_back({era_, block});
  for (int w = 0; w < simt::max_warps; ++w) {
    const int lanes = std::clamp(threads - 32 * w, 0, 32);
    exists_[w] = lanes == 32 ? ~0u : (1u << lanes) - 1u;
  }
}

void order::block_meets() { era_begins(); }

void order::warp_meets(int warp, std::uint32_t mask) {
  warp_clocks& w = warps_[static_cast<std::size_t>(warp)];
  used_ |= 1u << warp;
  const bool all = mask == exists_[warp];
  if (w.uniform && all) {
    w.level = std::min(w.level + 1, last_clock);
    return;
  }
  if (w.uniform)
    for (int i = 0; i < 32; ++i)
      for (int j = 0; j < 32; ++j) w.known[i][j] = i == j ? w.level + 1 : w.level;
  w.uniform = false;
  std::uint32_t joined[32] = {};
  for (std::uint32_t rest = mask; rest; rest &= rest - 1)
    for (int j = 0; j < 32; ++j) joined[j] = std::max(joined[j], w.known[std::countr_zero(rest)][j]);
  if (all) {
    w.level = std::min(*std::max_element(joined, joined + 32), last_clock);
    w.uniform = true;
    return;
  }
  for (std::uint32_t rest = mask; rest; rest &= rest - 1) {
    const int i = std::countr_zero(rest);
    std::copy(joined, joined + 32, w.known[i]);
    w.known[i][i] = std::min(joined[i] + 1, last_clock);
  }
}

std::int64_t order::block_of(std::uint32_t era) const {
  const auto after = std::upper_bound(blocks_.begin(), blocks_.end(), era,
                                      [](std::uint32_t e, const block_start& b) { return e < b.era; });
  return after == blocks_.begin() ? 0 : (after - 1)->block;
}

}  // namespace plumbline::checked
