// What an attention kernel shows on its way to a result: scores, row maximum and sum, partial output and
// log-sum-exp.
//
// A wrong output says that something went wrong; the numbers between say where.  A kernel names them where it
// has them (kernels/core/tap.hpp), an executor that can listens, and each is then judged against the ones
// before it.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace plumbline {

/// In the order in which one follows from another.
enum class tap : std::uint8_t {
  scores,       // of one key, scaled and soft-capped, natural units; hidden keys are not shown
  row_max,      // of a split: what was subtracted before the exponential, natural units; -inf without a key
  row_sum,      // of a split: sum of exp(score - row_max)
  partial_out,  // of a split and column: the normalised output, before any sink and before it is rounded
  partial_lse   // of a split: natural log-sum-exp, before any sink
};
inline constexpr std::array<std::string_view, 5> tap_names = {"scores", "row_max", "row_sum", "partial_out",
                                                              "partial_lse"};

/// One number.  `row`: of `out` as it lies, (sequence, query) or packed token, times query heads, plus head.
/// `at`: the key, counted from the first of the sequence (of its list of keys); the column; else 0.
struct tapped {
  std::int64_t row = 0;
  std::int32_t split = 0, at = 0;
  double value = 0;
};

/// All numbers of one call; filled from any thread.
class tap_record {
 public:
  /// More than this of one kind are counted, not kept.
  static constexpr std::size_t most = std::size_t{1} << 24;

  void take(tap, const tapped&);
  /// By row, split and position, as `sort` leaves them.
  std::span<const tapped> of(tap which) const { return kept_[static_cast<std::size_t>(which)]; }
  void sort();
  /// Nothing was shown.
  bool empty() const;
  /// Some numbers were not kept.
  bool overflowed() const { return overflowed_; }

 private:
  std::mutex mutex_;
  std::array<std::vector<tapped>, tap_names.size()> kept_;
  bool overflowed_ = false;
};

}  // namespace plumbline
