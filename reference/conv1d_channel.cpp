#include "reference/conv1d_channel.hpp"

#include <cmath>

namespace plumbline::conv1d {

void element_run::add(const tensor& t, std::int64_t offset) {
  codes.push_back(t.code(offset));
  values.push_back(t.value(offset));
}

void element_run::add_zero() {
  codes.push_back(0);
  values.push_back(0);
}

channel_filter::channel_filter(const filter_shape& shape, const tensor_set& inputs)
    : shape_(shape), weight_(inputs.at("weight").values()) {
  if (shape.has_bias) bias_ = inputs.at("bias").values();
}

void channel_filter::reserve(std::int64_t count, filter_truth& truth) const {
  const auto n = static_cast<std::size_t>(count);
  truth.out.resize(n);
  truth.y.resize(n);
  truth.size.resize(n);
  truth.compared.resize(n);
}

void channel_filter::apply(std::int64_t channel, const double* window, std::int64_t at,
                           filter_truth& truth) const {
  const auto c = static_cast<std::size_t>(channel), i = static_cast<std::size_t>(at);
  double y = shape_.has_bias ? bias_[c] : 0, size = std::fabs(y);
  for (std::int64_t w = 0; w < shape_.width; ++w) {
    const double product =
        weight_[c * static_cast<std::size_t>(shape_.width) + static_cast<std::size_t>(w)] * window[w];
    y += product;
    size += std::fabs(product);
  }
  truth.y[i] = y;
  truth.size[i] = size;
  truth.out[i] = shape_.act == activation::silu ? y / (1 + std::exp(-y)) : y;
  truth.compared[i] = 1;
}

}  // namespace plumbline::conv1d
