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
  static constexpr std::size_t usual_most = std::size_t{1} << 24;

  /// More than `most` of one kind are counted, not kept.
  explicit tap_record(std::size_t most = usual_most) : most_(most) {}

  void take(tap, const tapped&);
  std::size_t most() const { return most_; }
  /// How many there were of a kind, kept or not.
  std::uint64_t shown(tap which) const { return shown_[static_cast<std::size_t>(which)]; }
  /// By row, split and position, as `sort` leaves them.
  std::span<const tapped> of(tap which) const { return kept_[static_cast<std::size_t>(which)]; }
  void sort();
  /// Nothing was shown.
  bool empty() const;
  /// Some numbers were not kept.
  bool overflowed() const;

 private:
  std::mutex mutex_;
  const std::size_t most_;
  std::array<std::vector<tapped>, tap_names.size()> kept_;
  std::array<std::uint64_t, tap_names.size()> shown_{};
};

}  // namespace plumbline
