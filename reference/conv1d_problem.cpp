// Lists of conv1d's problems, and outputs, empty.
#include "reference/conv1d_problem.hpp"

#include <algorithm>
#include <numeric>

#include "reference/core/tensor.hpp"

namespace plumbline::conv1d {

namespace {

bool same(const filter_shape& a, const filter_shape& b) {
  return a.type == b.type && a.dim == b.dim && a.width == b.width && a.act == b.act &&
         a.has_bias == b.has_bias && a.layout == b.layout && a.gap == b.gap;
}
bool same(const state_pool& a, const state_pool& b) {
  return a.slots == b.slots && a.state_len == b.state_len && a.state_layout == b.state_layout &&
         a.slot_gap == b.slot_gap && a.pad_slot_id == b.pad_slot_id;
}
template <class Problem>
bool same_shape(const Problem& a, const Problem& b) {
  return same(static_cast<const filter_shape&>(a), b) && same(static_cast<const state_pool&>(a), b);
}

tensor like(const tensor& x) {
  return tensor(x.type(), {x.shape().begin(), x.shape().end()}, {x.strides().begin(), x.strides().end()});
}

}  // namespace

bool operator==(const prefill_problem& a, const prefill_problem& b) {
  return same_shape(a, b) && a.lens == b.lens && a.cache_indices == b.cache_indices &&
         a.initial == b.initial && a.seq_lens_cpu == b.seq_lens_cpu;
}
bool operator==(const update_problem& a, const update_problem& b) {
  return same_shape(a, b) && a.batch == b.batch && a.seqlen == b.seqlen &&
         a.conv_state_indices == b.conv_state_indices && a.cache_seqlens == b.cache_seqlens;
}
bool operator==(const update_speculative_problem& a, const update_speculative_problem& b) {
  return same_shape(a, b) && a.batch == b.batch && a.seqlen == b.seqlen && a.query_lens == b.query_lens &&
         a.conv_state_indices == b.conv_state_indices && a.num_accepted_tokens == b.num_accepted_tokens &&
         a.lines == b.lines && a.intermediate_state_indices == b.intermediate_state_indices &&
         a.tree == b.tree;
}

std::int64_t total_of(const int_list& lens) {
  return std::accumulate(lens.begin(), lens.end(), std::int64_t{0});
}
std::int64_t longest_of(const int_list& lens) {
  return lens.empty() ? 0 : *std::max_element(lens.begin(), lens.end());
}
int_list starts_of(const int_list& lens) {
  int_list starts = {0};
  for (const std::int64_t n : lens) starts.push_back(starts.back() + n);
  return starts;
}

bool is_padding(const int_list& indices, const state_pool& p, std::int64_t i) {
  return !indices.empty() && indices[static_cast<std::size_t>(i)] == p.pad_slot_id;
}
std::int64_t slot_of(const int_list& indices, const state_pool& p, std::int64_t i) {
  if (p.slots == 0 || is_padding(indices, p, i)) return -1;
  return indices.empty() ? i : indices[static_cast<std::size_t>(i)];
}

tensor_set make_outputs(const prefill_problem&, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("out", like(inputs.at("x")));
  if (const tensor* states = inputs.find("conv_states")) outputs.set("conv_states", *states);
  return outputs;
}

tensor_set make_outputs(const update_problem&, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("out", like(inputs.at("x")));
  outputs.set("conv_state", inputs.at("conv_state"));
  return outputs;
}

tensor_set make_outputs(const update_speculative_problem& p, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("out", like(inputs.at("x")));
  outputs.set("conv_state", inputs.at("conv_state"));
  if (p.lines > 0) outputs.set("intermediate_conv_window", inputs.at("intermediate_conv_window"));
  if (p.tree) outputs.set("retrieve_parent_token", tensor(dtype::i32, {p.batch, p.seqlen}));
  return outputs;
}

tensor_set make_outputs(const varlen_states_problem& p) {
  const auto n = static_cast<std::int64_t>(p.lens.size());
  const bool channels = p.state_layout == run_layout::channel_last;
  tensor_set outputs;
  outputs.set("states", tensor(p.type, {n, p.dim, p.state_len},
                               {p.dim * p.state_len, channels ? 1 : p.state_len, channels ? p.dim : 1}));
  return outputs;
}

}  // namespace plumbline::conv1d
