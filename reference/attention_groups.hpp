// Keys of one row that have bitwise equal scores.  They round together, so their noise adds up before it is
// squared. Duplicates are common (two of 16384 random bf16 keys often agree) and seldom many, so a hash table
// finds them in one pass over the row and nothing is sorted.
#pragma once

#include <cstdint>
#include <vector>

namespace plumbline {

/// Groups of two or more keys: members of group g are members[starts[g]] .. members[starts[g + 1]].
struct equal_groups {
  std::vector<std::int64_t> members;
  std::vector<std::int64_t> starts;
  std::size_t size() const { return starts.empty() ? 0 : starts.size() - 1; }
};

/// Finds them; keeps its tables between rows.
class group_finder {
 public:
  /// Scores s[i * stride], i in [0, count); members are indices i.
  const equal_groups& find(const double* s, std::int64_t stride, std::int64_t count);

 private:
  std::vector<std::uint64_t> bits_;
  std::vector<std::int32_t> table_, before_;  // latest key of a slot, the key of the same score before it
  std::vector<std::uint32_t> shared_;         // table slots with two or more keys
  equal_groups groups_;
};

}  // namespace plumbline
