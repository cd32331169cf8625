#include "properties/conv1d/tokens.hpp"

#include "properties/generate/presentation.hpp"

namespace plumbline::laws {

using conv1d::int_list;
using conv1d::prefill_problem;
using conv1d::starts_of;

void copy_elements(const tensor& from, tensor& to) {
  to = generate::relaid(from, std::move(to), std::byte{0xff});
}

prefill_call call_on(const prefill_problem& from, const tensor_set& inputs,
                     const std::vector<token_run>& runs) {
  prefill_call call{from, {}};
  prefill_problem& p = call.problem;
  p.lens.clear();
  p.cache_indices.clear();
  p.initial.clear();
  p.seq_lens_cpu.clear();
  if (from.cache_indices.empty()) p.pad_slot_id = -1;
  for (const token_run& run : runs) {
    p.lens.push_back(run.count);
    if (from.slots > 0)
      p.cache_indices.push_back(from.cache_indices.empty() ? static_cast<std::int64_t>(run.sequence)
                                                           : from.cache_indices[run.sequence]);
    if (!from.initial.empty()) p.initial.push_back(from.initial[run.sequence]);
  }
  call.inputs = empty_inputs(p);
  for (const char* name : {"weight", "bias", "conv_states"})
    if (const tensor* t = inputs.find(name)) call.inputs.at(name) = *t;
  const tensor& x = inputs.at("x");
  tensor& to = call.inputs.at("x");
  const int_list starts = starts_of(from.lens);
  std::int64_t token = 0;
  for (const token_run& run : runs)
    for (std::int64_t t = 0; t < run.count; ++t, ++token)
      for (std::int64_t c = 0; c < p.dim; ++c)
        to.set_code(c * to.strides()[0] + token * to.strides()[1],
                    x.code(c * x.strides()[0] + (starts[run.sequence] + run.from + t) * x.strides()[1]));
  return call;
}

std::string token_difference(const tensor& first, std::int64_t a, const tensor& second, std::int64_t b,
                             std::string_view what) {
  for (std::int64_t c = 0; c < first.dim(0); ++c) {
    const std::int64_t one = c * first.strides()[0] + a * first.strides()[1],
                       other = c * second.strides()[0] + b * second.strides()[1];
    if (first.code(one) == second.code(other)) continue;
    return std::string(what) + " gives other bits: token " + std::to_string(a) + ", channel " +
           std::to_string(c) + " is " + shown(second.value(other)) + ", not " + shown(first.value(one));
  }
  return "";
}

std::vector<std::size_t> computed_sequences(const prefill_problem& p) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < p.lens.size(); ++i)
    if (!is_padding(p.cache_indices, p, static_cast<std::int64_t>(i))) all.push_back(i);
  return all;
}

}  // namespace plumbline::laws
