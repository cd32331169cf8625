// Small calls of conv1d in f32, written out.
#pragma once

#include <initializer_list>
#include <vector>

#include "reference/conv1d.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::conv1d::by_hand {

/// Sets a tensor's elements in row-major order.
inline void fill(tensor& t, const std::vector<double>& values) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(t.rank()), 0);
  for (const double x : values) {
    t.set_value(t.offset(index), x);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < t.shape()[axis]) break;
      index[axis] = 0;
    }
  }
}

struct filled {
  const char* name;
  std::vector<double> values;
};

/// The inputs of a problem with these tensors.
template <class Problem>
tensor_set inputs_of(const Problem& p, std::initializer_list<filled> given) {
  tensor_set inputs = empty_inputs(p);
  for (const filled& one : given) fill(inputs.at(one.name), one.values);
  return inputs;
}

/// f32, one channel, without bias and activation.
template <class Problem>
Problem plain(std::int64_t width, std::int64_t slots) {
  Problem p;
  p.type = dtype::f32;
  p.dim = 1;
  p.width = width;
  p.act = activation::none;
  p.has_bias = false;
  p.slots = slots;
  p.state_len = width - 1;
  return p;
}

using numbers = std::vector<double>;

}  // namespace plumbline::conv1d::by_hand
