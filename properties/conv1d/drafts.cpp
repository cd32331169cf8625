#include "properties/conv1d/drafts.hpp"

#include "kernels/core/variants_of.hpp"

namespace plumbline::laws {

using conv1d::update_problem;
using conv1d::update_speculative_problem;

std::int64_t element_of(const update_speculative_problem& p, const tensor& x, std::int64_t n, std::int64_t c,
                        std::int64_t t) {
  if (p.query_lens.empty()) return n * x.strides()[0] + c * x.strides()[1] + t * x.strides()[2];
  std::int64_t start = 0;
  for (std::int64_t i = 0; i < n; ++i) start += p.query_lens[static_cast<std::size_t>(i)];
  return (start + t) * x.strides()[0] + c * x.strides()[1];
}

single_updates single_updates_of(const conv1d::filter_shape& from, const tensor_set& inputs,
                                 std::int64_t rows) {
  single_updates call;
  update_problem& p = call.problem;
  static_cast<conv1d::filter_shape&>(p) = from;
  p.layout = conv1d::run_layout::channel_last;
  p.gap = 0;
  p.batch = p.slots = rows;
  p.state_len = p.width - 1;
  call.inputs = empty_inputs(p);
  for (const char* name : {"weight", "bias"})
    if (const tensor* t = inputs.find(name)) call.inputs.at(name) = *t;
  return call;
}

attempt run_updates(const single_updates& call, executor& where, const run_options& options) {
  const auto& row = variants_of<update_problem>(where.kernels())[0];
  const tensor_set none;
  const update_subject s{call.problem, call.inputs, none, row, *row.contract_for(call.problem.type),
                         where,        options,     0};
  return s.run(call.problem, call.inputs);
}

std::vector<std::uint64_t> state_codes(const tensor& state, std::int64_t slot, std::int64_t channel,
                                       std::int64_t first, std::int64_t count) {
  std::vector<std::uint64_t> codes;
  for (std::int64_t e = first; e < first + count; ++e)
    codes.push_back(
        state.code(slot * state.strides()[0] + channel * state.strides()[1] + e * state.strides()[2]));
  return codes;
}

}  // namespace plumbline::laws
