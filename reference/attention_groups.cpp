#include "reference/attention_groups.hpp"

#include <bit>

namespace plumbline {

const equal_groups& group_finder::find(const double* s, std::int64_t stride, std::int64_t count) {
  const auto n = static_cast<std::size_t>(count);
  const std::uint32_t slots = std::bit_ceil(static_cast<std::uint32_t>(4 * n + 1));
  const int shift = 64 - std::countr_zero(slots);
  bits_.resize(n);
  before_.assign(n, -1);
  table_.assign(slots, -1);
  shared_.clear();
  groups_.members.clear();
  groups_.starts.assign(1, 0);

  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(s[static_cast<std::int64_t>(i) * stride] + 0.0);
    bits_[i] = bits;
    auto slot = static_cast<std::uint32_t>((bits * 0x9e3779b97f4a7c15u) >> shift);  // Fibonacci hashing
    while (table_[slot] >= 0 && bits_[static_cast<std::size_t>(table_[slot])] != bits)
      slot = (slot + 1) & (slots - 1);
    const std::int32_t latest = table_[slot];
    before_[i] = latest;
    table_[slot] = static_cast<std::int32_t>(i);
    if (latest >= 0 && before_[static_cast<std::size_t>(latest)] < 0) shared_.push_back(slot);
  }
  for (const std::uint32_t slot : shared_) {
    for (std::int32_t i = table_[slot]; i >= 0; i = before_[static_cast<std::size_t>(i)])
      groups_.members.push_back(i);
    groups_.starts.push_back(static_cast<std::int64_t>(groups_.members.size()));
  }
  return groups_;
}

}  // namespace plumbline
