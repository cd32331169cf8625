// Values of conv1d's inputs, regime by regime: a channel of a sequence at a time, each from its own stream,
// so a smaller problem keeps the values that it has left.
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/conv1d_problem.hpp"
#include "reference/core/random.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::generate {

/// History and tokens of one channel, in order.
class channel_values {
 public:
  channel_values(const conv1d::filter_shape&, std::string_view regime, std::uint64_t seed,
                 std::int64_t sequence, std::int64_t channel);
  /// Sets an element to the next value.  A NaN of 16 bits gets a sign and a payload of its own: what is
  /// copied keeps them, what is rounded does not.
  void put(tensor& to, std::int64_t element);

 private:
  double next();

  std::string_view regime_;
  random_stream draw_;
  double last_ = 1;
  bool quiet_;
};

/// Fills weight and bias.
void draw_filter(const conv1d::filter_shape&, std::string_view regime, std::uint64_t seed,
                 tensor_set& inputs);
/// A value for the newest token that makes the sum of channel 0 at least 1, whatever its history (of that
/// regime) is.
double anchor(const conv1d::filter_shape&, const tensor_set& inputs, std::string_view regime);
/// First children and next siblings of draft n: any tree, chains and stars among them.
void draw_tree(const conv1d::update_speculative_problem&, std::int64_t n, std::uint64_t seed,
               tensor_set& inputs);

}  // namespace plumbline::generate
