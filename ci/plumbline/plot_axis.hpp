// The axis of a plot that a person reads: where a number stands, and which numbers stand beside it.
//
// It ends at ticks, and ticks are round: 1, 2 or 5 times a power of ten.  Numbers that reach over a factor of
// ten and are all above zero are drawn by their logarithm.
#pragma once

#include <string>
#include <vector>

namespace plumbline::program {

class plot_axis {
 public:
  /// Holds the finite ones of these numbers, none of them negative.
  explicit plot_axis(const std::vector<double>& numbers);

  bool logarithmic() const { return logarithmic_; }
  /// 0 at the low end, 1 at the high one; what is beyond stands at the end.
  double share(double x) const;
  /// Rising, at least two, at most twelve.
  const std::vector<double>& ticks() const { return ticks_; }
  /// A tick, with the digits that tell it from its neighbours.
  static std::string label(double tick);

 private:
  double place(double x) const;

  bool logarithmic_ = false;
  std::vector<double> ticks_;
};

}  // namespace plumbline::program
