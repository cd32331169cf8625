// prefill and varlen_states: packed sequences, whole.
#include "reference/conv1d_channel.hpp"

namespace plumbline::conv1d {

call_truth prefill(const prefill_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const channel_filter filter(p, inputs);
  const tensor &x = inputs.at("x"), *before = inputs.find("conv_states");
  const std::int64_t tokens = total_of(p.lens), columns = p.width - 1;
  call_truth truth;
  filter.reserve(p.dim * tokens, truth.filter);
  if (before != nullptr) truth.exact.set("conv_states", *before);
  const int_list starts = starts_of(p.lens);
  for (std::size_t i = 0; i < p.lens.size(); ++i) {
    const auto sequence = static_cast<std::int64_t>(i);
    const std::int64_t first = starts[i], length = p.lens[i];
    if (length == 0 || is_padding(p.cache_indices, p, sequence)) continue;
    const std::int64_t slot = slot_of(p.cache_indices, p, sequence);
    const bool initial = !p.initial.empty() && p.initial[i] == 1;
    for (std::int64_t c = 0; c < p.dim; ++c) {
      element_run z;
      for (std::int64_t e = 0; e < columns; ++e)
        initial ? z.add(*before, offset_of(*before, slot, c, e)) : z.add_zero();
      for (std::int64_t t = 0; t < length; ++t) z.add(x, c * x.strides()[0] + (first + t) * x.strides()[1]);
      for (std::int64_t t = 0; t < length; ++t)
        filter.apply(c, &z.values[static_cast<std::size_t>(t)], c * tokens + first + t, truth.filter);
      if (slot < 0) continue;
      tensor& after = truth.exact.at("conv_states");
      for (std::int64_t e = 0; e < columns; ++e)
        after.set_code(offset_of(after, slot, c, e), z.codes[static_cast<std::size_t>(length + e)]);
    }
  }
  return truth;
}

tensor varlen_states(const varlen_states_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor& x = inputs.at("x");
  tensor states = make_outputs(p).at("states");
  const int_list starts = starts_of(p.lens);
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    for (std::int64_t c = 0; c < p.dim; ++c)
      for (std::int64_t e = 0; e < p.state_len; ++e) {
        const std::int64_t token = p.lens[i] - p.state_len + e;
        if (token < 0) continue;
        states.set_code(offset_of(states, static_cast<std::int64_t>(i), c, e),
                        x.code((starts[i] + token) * x.strides()[0] + c * x.strides()[1]));
      }
  return states;
}

}  // namespace plumbline::conv1d
