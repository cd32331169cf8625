// Portable random streams: the same bits on any machine, from any compiler, at any optimisation level.
//
// Counter-based (Philox4x32-10 from Random123): the seed is the key, purpose and draw number make the
// counter, so streams of different tensors never depend on each other's lengths or on the number of threads.
// The distributions are our own and use integer arithmetic and exact doubles only: std:: distributions differ
// between libraries, and libm between versions.
#pragma once

#include <cstdint>
#include <string_view>

namespace plumbline {

/// One independent sequence of draws.
class random_stream {
 public:
  /// `purpose` names what the numbers are for ("q", "page_table", ...): another purpose, another stream.
  random_stream(std::uint64_t seed, std::string_view purpose);

  std::uint32_t bits32();
  std::uint64_t bits64();
  /// Uniform integer in [low, high], without modulo bias.  Requires low <= high.
  std::int64_t integer(std::int64_t low, std::int64_t high);
  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform();
  /// Approximately standard normal: the binomial distribution of 64 coin flips with its density interpolated
  /// linearly.  Exact integer arithmetic and one rounding; mean 0, variance 1, tails to 8 sigma (lighter than
  /// a true normal's beyond 5).  Not for statistics: for inputs.
  double normal();
  /// True with probability p.
  bool chance(double p) { return uniform() < p; }

 private:
  void refill();
  std::uint64_t seed_ = 0, purpose_ = 0, counter_ = 0;
  std::uint32_t block_[4] = {};
  int used_ = 4;
};

}  // namespace plumbline
