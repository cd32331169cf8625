// The order in which ready fibers, and blocks, run: a parameter of a run, so that laws can vary it.
//
// A GPU shows one schedule a run and never says which.  Here a schedule is text that belongs to the case:
//   (empty)      warp after warp, lanes in turn; whoever completes a meeting goes on
//   reverse      the same from the last warp, lane and block down
//   random:SEED  any ready fiber at each switch; blocks in a shuffled order
//   starve:WARP  that warp (modulo those of the block) runs only when no other can
// A choice depends on the block and its own past alone, never on the OS thread, so a schedule repeats exactly
// for any number of them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace plumbline::simt {

inline constexpr int warp_size = 32;
inline constexpr int max_warps = 32;

/// Lanes that can run, a word a warp.
using ready_lanes = std::array<std::uint32_t, max_warps>;

struct schedule {
  enum class policy : std::uint8_t { in_turn, reverse, random, starve };
  policy kind = policy::in_turn;
  std::uint64_t seed = 0;
  int warp = 0;

  /// Reads the text of a schedule; throws bad_argument.
  static schedule parse(std::string_view text);
  /// The block that runs as number `turn` of `blocks`.
  std::int64_t block_at(std::int64_t turn, std::int64_t blocks) const;
};

/// Picks fibers for one block.
class picker {
 public:
  picker() = default;
  picker(const schedule& how, std::int64_t block, int warps);

  /// Thread to run next, or -1 when no lane is ready.
  int next(const ready_lanes& ready) {
    if (how_.kind == schedule::policy::in_turn) return in_turn(ready);
    return in_other_order(ready);
  }
  /// Whether the lane that completes a meeting goes on at once.
  bool last_goes_on() const { return how_.kind == schedule::policy::in_turn; }

 private:
  int in_turn(const ready_lanes& ready) {
    const std::uint32_t here = ready[static_cast<std::size_t>(warp_)];
    const std::uint32_t ahead = here & (lane_ == warp_size - 1 ? 0u : ~0u << (lane_ + 1));
    if (ahead) return take(warp_, std::countr_zero(ahead));
    if (here) return take(warp_, std::countr_zero(here));
    for (int step = 1; step < warps_; ++step) {
      const int w = warp_ + step < warps_ ? warp_ + step : warp_ + step - warps_;
      if (const std::uint32_t lanes = ready[static_cast<std::size_t>(w)])
        return take(w, std::countr_zero(lanes));
    }
    return -1;
  }
  int in_other_order(const ready_lanes& ready);
  int take(int warp, int lane) {
    warp_ = warp;
    lane_ = lane;
    return warp * warp_size + lane;
  }
  std::uint64_t draw();

  schedule how_;
  int warps_ = 0, warp_ = 0, lane_ = warp_size - 1;
  std::uint64_t state_ = 0;
};

}  // namespace plumbline::simt
