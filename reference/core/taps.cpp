#include "reference/core/taps.hpp"

#include <algorithm>
#include <tuple>

namespace plumbline {

void tap_record::take(tap which, const tapped& one) {
  const std::lock_guard lock(mutex_);
  std::vector<tapped>& kept = kept_[static_cast<std::size_t>(which)];
  if (kept.size() < most_) kept.push_back(one);
  ++shown_[static_cast<std::size_t>(which)];
}

void tap_record::sort() {
  for (std::vector<tapped>& kept : kept_)
    std::stable_sort(kept.begin(), kept.end(), [](const tapped& a, const tapped& b) {
      return std::tie(a.row, a.split, a.at) < std::tie(b.row, b.split, b.at);
    });
}

bool tap_record::empty() const {
  return std::all_of(kept_.begin(), kept_.end(), [](const auto& kept) { return kept.empty(); });
}

bool tap_record::overflowed() const {
  return std::any_of(shown_.begin(), shown_.end(), [&](std::uint64_t n) { return n > most_; });
}

}  // namespace plumbline
