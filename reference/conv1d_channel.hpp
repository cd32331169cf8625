// One channel of one sequence: its history and tokens as codes and values, and the filter over them.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/conv1d.hpp"

namespace plumbline::conv1d {

/// Elements of one channel, oldest first.
struct element_run {
  std::vector<std::uint64_t> codes;
  std::vector<double> values;

  void add(const tensor& t, std::int64_t offset);
  void add_zero();
};

/// The filter of a call.
class channel_filter {
 public:
  channel_filter(const filter_shape&, const tensor_set& inputs);
  /// Makes room for `count` elements of out.
  void reserve(std::int64_t count, filter_truth& truth) const;
  /// Result `at` from `width` values, the current token last.
  void apply(std::int64_t channel, const double* window, std::int64_t at, filter_truth& truth) const;

 private:
  filter_shape shape_;
  std::vector<double> weight_, bias_;
};

/// Element offset of a column of a state, or of a token of x: (outer, channel, column).
inline std::int64_t offset_of(const tensor& t, std::int64_t outer, std::int64_t channel,
                              std::int64_t column) {
  return outer * t.strides()[0] + channel * t.strides()[1] + column * t.strides()[2];
}

}  // namespace plumbline::conv1d
