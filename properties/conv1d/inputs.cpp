#include "properties/conv1d/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "properties/conv1d/values.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/presentation.hpp"

namespace plumbline::generate {

using conv1d::int_list;
using conv1d::prefill_problem;
using conv1d::update_problem;
using conv1d::update_speculative_problem;
using conv1d::varlen_states_problem;

namespace {

constexpr std::uint8_t between_rows = 0xff;  // NaN where nobody may look

tensor_set unused_filled(tensor_set inputs, const std::function<tensor_set()>& again) {
  const tensor_set held = again();
  for (auto& [name, t] : inputs) {
    t.fill_block(between_rows);
    if (t.type() != dtype::i32 && t.type() != dtype::u8) continue;
    t = held.at(name);
  }
  return inputs;
}

template <class Problem>
tensor_set empty_between_nan(const Problem& p) {
  return unused_filled(empty_inputs(p), [&] { return empty_inputs(p); });
}

}  // namespace

std::string_view draw_conv1d_regime(std::uint64_t seed, std::uint64_t index) {
  return conv1d_regimes[at(draws(seed, index, "conv1d regime").between(0, conv1d_regimes.size() - 1))];
}

tensor_set draw_inputs(const prefill_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_between_nan(p);
  draw_filter(p, regime, seed, inputs);
  tensor& x = inputs.at("x");
  tensor* const states = inputs.find("conv_states");
  if (states != nullptr) fill_stale(*states, random_stream(seed, "conv_states"));
  const int_list starts = conv1d::starts_of(p.lens);
  bool anchored = false;
  for (std::size_t i = 0; i < p.lens.size(); ++i) {
    const auto sequence = static_cast<std::int64_t>(i);
    if (conv1d::is_padding(p.cache_indices, p, sequence)) continue;  // stays NaN
    const std::int64_t slot = conv1d::slot_of(p.cache_indices, p, sequence);
    const bool initial = !p.initial.empty() && p.initial[i] == 1;
    for (std::int64_t c = 0; c < p.dim; ++c) {
      channel_values draw(p, regime, seed, sequence, c);
      for (std::int64_t e = 0; initial && e < p.width - 1; ++e)
        draw.put(*states, slot * states->strides()[0] + c * states->strides()[1] + e * states->strides()[2]);
      for (std::int64_t t = 0; t < p.lens[i]; ++t)
        draw.put(x, c * x.strides()[0] + (starts[i] + t) * x.strides()[1]);
    }
    if (anchored || p.lens[i] == 0) continue;
    anchored = true;
    x.set_value(starts[i] * x.strides()[1], anchor(p, inputs, regime));
  }
  return inputs;
}

tensor_set draw_inputs(const update_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_between_nan(p);
  draw_filter(p, regime, seed, inputs);
  tensor &x = inputs.at("x"), &state = inputs.at("conv_state");
  fill_stale(state, random_stream(seed, "conv_state"));
  bool anchored = false;
  for (std::int64_t n = 0; n < p.batch; ++n) {
    if (conv1d::is_padding(p.conv_state_indices, p, n)) continue;
    const std::int64_t slot = conv1d::slot_of(p.conv_state_indices, p, n);
    for (std::int64_t c = 0; c < p.dim; ++c) {
      channel_values draw(p, regime, seed, n, c);
      for (std::int64_t e = 0; e < p.state_len; ++e)
        draw.put(state, slot * state.strides()[0] + c * state.strides()[1] + e * state.strides()[2]);
      for (std::int64_t t = 0; t < p.seqlen; ++t)
        draw.put(x, n * x.strides()[0] + c * x.strides()[1] + t * x.strides()[2]);
    }
    if (!anchored) x.set_value(n * x.strides()[0], anchor(p, inputs, regime));
    anchored = true;
  }
  return inputs;
}

tensor_set draw_inputs(const update_speculative_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_between_nan(p);
  draw_filter(p, regime, seed, inputs);
  tensor &x = inputs.at("x"), &state = inputs.at("conv_state");
  fill_stale(state, random_stream(seed, "conv_state"));
  if (p.lines > 0)
    fill_stale(inputs.at("intermediate_conv_window"), random_stream(seed, "intermediate_conv_window"));
  const bool packed = !p.query_lens.empty();
  const int_list starts = conv1d::starts_of(p.query_lens);
  bool anchored = false;
  for (std::int64_t n = 0; n < p.batch; ++n) {
    if (p.tree) draw_tree(p, n, seed, inputs);
    if (conv1d::is_padding(p.conv_state_indices, p, n)) continue;
    const std::int64_t slot = conv1d::slot_of(p.conv_state_indices, p, n);
    const std::int64_t tokens = packed ? p.query_lens[at(n)] : p.seqlen;
    const auto place = [&](std::int64_t c, std::int64_t t) {
      return packed ? (starts[at(n)] + t) * x.strides()[0] + c * x.strides()[1]
                    : n * x.strides()[0] + c * x.strides()[1] + t * x.strides()[2];
    };
    for (std::int64_t c = 0; c < p.dim; ++c) {
      channel_values draw(p, regime, seed, n, c);
      for (std::int64_t e = 0; e < p.state_len; ++e)
        draw.put(state, slot * state.strides()[0] + c * state.strides()[1] + e * state.strides()[2]);
      for (std::int64_t t = 0; t < tokens; ++t) draw.put(x, place(c, t));
    }
    if (anchored || tokens == 0) continue;
    anchored = true;
    x.set_value(place(0, 0), anchor(p, inputs, regime));
  }
  return inputs;
}

tensor_set draw_inputs(const varlen_states_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_between_nan(p);
  tensor& x = inputs.at("x");
  if (regime == "not_finite") {
    fill_stale(x, random_stream(seed, "x"));
    return inputs;
  }
  conv1d::filter_shape shape;
  shape.type = p.type;
  const int_list starts = conv1d::starts_of(p.lens);
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    for (std::int64_t c = 0; c < p.dim; ++c) {
      channel_values draw(shape, regime, seed, static_cast<std::int64_t>(i), c);
      for (std::int64_t t = 0; t < p.lens[i]; ++t)
        draw.put(x, (starts[i] + t) * x.strides()[0] + c * x.strides()[1]);
    }
  return inputs;
}

}  // namespace plumbline::generate
