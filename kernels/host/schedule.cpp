#include "kernels/host/schedule.hpp"

#include <charconv>
#include <numeric>
#include <string>

#include "reference/core/keyed_text.hpp"

namespace plumbline::simt {

namespace {

std::uint64_t mixed(std::uint64_t x) {  // the finaliser of SplitMix64
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ull;

template <class Integer>
bool read_all(std::string_view text, Integer& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

int highest_bit(std::uint32_t word) { return 31 - std::countl_zero(word); }

int nth_bit(std::uint32_t word, int n) {
  while (n--) word &= word - 1;
  return std::countr_zero(word);
}

}  // namespace

schedule schedule::parse(std::string_view text) {
  schedule how;
  if (text.empty()) return how;
  if (text == "reverse") {
    how.kind = policy::reverse;
    return how;
  }
  if (text.substr(0, 7) == "random:" && read_all(text.substr(7), how.seed)) {
    how.kind = policy::random;
    return how;
  }
  if (text.substr(0, 7) == "starve:" && read_all(text.substr(7), how.warp) && how.warp >= 0 &&
      how.warp < max_warps) {
    how.kind = policy::starve;
    return how;
  }
  throw bad_argument(
      "schedule", "expected nothing, reverse, random:SEED or starve:WARP, got \"" + std::string(text) + "\"");
}

std::int64_t schedule::block_at(std::int64_t turn, std::int64_t blocks) const {
  if (kind == policy::reverse) return blocks - 1 - turn;
  if (kind != policy::random) return turn;
  // turn -> step * turn + start mod blocks is a permutation when step and blocks share no factor
  const std::uint64_t n = static_cast<std::uint64_t>(blocks);
  std::uint64_t step = mixed(seed + golden) % n;
  while (std::gcd(step, n) != 1) ++step;
  const unsigned __int128 place =
      static_cast<unsigned __int128>(step) * static_cast<std::uint64_t>(turn) + mixed(seed + 2 * golden) % n;
  return static_cast<std::int64_t>(place % n);
}

picker::picker(const schedule& how, std::int64_t block, int warps)
    : how_(how),
      warps_(warps),
      warp_(0),
      state_(mixed(how.seed ^ mixed(static_cast<std::uint64_t>(block) + 1))) {
  if (how.kind == schedule::policy::reverse) warp_ = warps - 1, lane_ = 0;
}

std::uint64_t picker::draw() { return mixed(state_ += golden); }

int picker::in_other_order(const ready_lanes& ready) {
  if (how_.kind == schedule::policy::reverse) {
    const std::uint32_t here = ready[static_cast<std::size_t>(warp_)];
    const std::uint32_t behind = here & ((1u << lane_) - 1u);
    if (behind) return take(warp_, highest_bit(behind));
    if (here) return take(warp_, highest_bit(here));
    for (int step = 1; step < warps_; ++step) {
      const int w = warp_ - step >= 0 ? warp_ - step : warp_ - step + warps_;
      if (const std::uint32_t lanes = ready[static_cast<std::size_t>(w)]) return take(w, highest_bit(lanes));
    }
    return -1;
  }
  if (how_.kind == schedule::policy::starve) {
    ready_lanes others = ready;
    others[static_cast<std::size_t>(how_.warp % warps_)] = 0;
    const int thread = in_turn(others);
    return thread >= 0 ? thread : in_turn(ready);
  }
  int candidates[max_warps], count = 0;
  for (int w = 0; w < warps_; ++w)
    if (ready[static_cast<std::size_t>(w)]) candidates[count++] = w;
  if (!count) return -1;
  const std::uint64_t r = draw();
  const int w = candidates[(r >> 32) % static_cast<std::uint64_t>(count)];
  const std::uint32_t lanes = ready[static_cast<std::size_t>(w)];
  return take(w, nth_bit(lanes, static_cast<int>((r & 0xffffffffu) %
                                                 static_cast<std::uint64_t>(std::popcount(lanes)))));
}

}  // namespace plumbline::simt
