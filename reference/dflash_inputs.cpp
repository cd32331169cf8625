// The tensors of dflash, and what is refused of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/core/requirements.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

namespace {

using input_list = std::vector<input_spec>;

input_spec list_of(const char* name, const int_list& values) {
  return {name, dtype::i32, {static_cast<std::int64_t>(values.size())}, 0, 0, values, true};
}

input_list inputs_of(const project_problem& p) {
  input_list list = {{"hidden", p.type, {p.b, p.block_size, p.hidden_size}, p.gap},
                     {"context", p.type, {p.b, p.context_len, p.hidden_size}, p.gap}};
  const std::int64_t q = p.hq * p.d, kv = p.hk * p.d;
  list.push_back({"wq", p.type, {q, p.hidden_size}, 0, 0, {}, true});
  for (const char* name : {"wk", "wv"}) list.push_back({name, p.type, {kv, p.hidden_size}, 0, 0, {}, true});
  if (p.has_bias) {
    list.push_back({"bq", p.type, {q}, 0, 0, {}, true});
    for (const char* name : {"bk", "bv"}) list.push_back({name, p.type, {kv}, 0, 0, {}, true});
  }
  for (const char* name : {"q_norm", "k_norm"}) list.push_back({name, p.type, {p.d}, 0, 0, {}, true});
  for (const char* name : {"cos", "sin"})
    list.push_back({name, dtype::f32, {p.b, p.new_rows(), p.d / 2}, 0, 0, {}, true});
  return list;
}

input_list inputs_of(const attention_problem& p) {
  const int_list starts = new_row_starts(p);
  input_list list = {{"q", p.type, {p.b, p.block_size, p.hq, p.d}, p.gap}};
  for (const char* name : {"k", "v"}) list.push_back({name, p.type, {starts.back(), p.hk, p.d}, p.gap});
  list.push_back(list_of("cu_seqlens_k_new", starts));
  for (const char* name : {"k_cache", "v_cache"})
    list.push_back({name, p.type, {p.batch_cache, p.capacity, p.hk, p.d}, p.gap});
  list.push_back(list_of("cache_seqlens", p.cache_seqlens));
  if (!p.cache_batch_idx.empty()) list.push_back(list_of("cache_batch_idx", p.cache_batch_idx));
  list.push_back({"wo", p.type, {p.hidden_size, p.hq * p.d}, 0, 0, {}, true});
  if (p.has_bias) list.push_back({"bo", p.type, {p.hidden_size}, 0, 0, {}, true});
  if (p.mask_batch > 0) {
    const std::int64_t keys = p.b > 0 ? keys_of(p, 0) : 0;
    list.push_back({"mask", dtype::u8, {p.mask_batch, 1, p.mask_rows, keys}, 0, 0, {}, true});
  }
  return list;
}

input_list inputs_of(const accept_problem& p) {
  input_list list = {{"block", dtype::i32, {p.b, p.block_size}, 0, 0, {}, true},
                     {"logits", p.type, {p.b, p.block_size, p.vocab_size}, p.gap}};
  if (!p.greedy()) list.push_back({"uniforms", dtype::f32, {p.b, p.block_size}, 0, 0, {}, true});
  return list;
}

input_list inputs_of(const crop_problem& p) {
  input_list list;
  for (const char* name : {"k_cache", "v_cache"})
    list.push_back({name, p.type, {p.layers, p.b, p.capacity, p.hk, p.d}, p.gap});
  list.push_back(list_of("cache_seqlens", p.cache_seqlens));
  list.push_back(list_of("keep", p.keep));
  return list;
}

void require_a_key_each(const attention_problem& p, const tensor& mask) {
  const std::int64_t keys = mask.dim(3);
  const auto* seen = mask.as<std::uint8_t>();
  for (std::int64_t row = 0; row < p.mask_batch * p.mask_rows; ++row) {
    bool any = keys == 0;
    for (std::int64_t j = 0; j < keys; ++j) {
      const int value = seen[row * keys + j];
      if (value > 1) refuse("mask", fmt::format("row {}, key {}: expected 0 or 1, got {}", row, j, value));
      any = any || value == 1;
    }
    if (!any) refuse("mask", fmt::format("row {}: expected a key that is seen, got none", row));
  }
}

void require_distributions(const accept_problem& p, const tensor& logits) {
  const std::vector<double> values = logits.values();
  for (std::size_t row = 0, at = 0; at < values.size(); ++row) {
    bool finite = false;
    for (std::int64_t t = 0; t < p.vocab_size; ++t, ++at) {
      if (!(values[at] < HUGE_VAL))
        refuse("logits",
               fmt::format("row {}, token {}: expected a number below +inf, got {}", row, t, values[at]));
      finite = finite || values[at] > -HUGE_VAL;
    }
    if (!finite) refuse("logits", fmt::format("row {}: expected a token above -inf, got none", row));
  }
}

}  // namespace

std::int64_t keys_of(const attention_problem& p, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  return p.cache_seqlens[at] + p.context_lens[at] + p.block_size;
}

std::int64_t cache_row(const attention_problem& p, std::int64_t i) {
  return p.cache_batch_idx.empty() ? i : p.cache_batch_idx[static_cast<std::size_t>(i)];
}

int_list new_row_starts(const attention_problem& p) {
  int_list starts = {0};
  for (const std::int64_t context : p.context_lens) starts.push_back(starts.back() + context + p.block_size);
  return starts;
}

double effective_scale(const attention_problem& p) {
  return p.softmax_scale > 0 ? p.softmax_scale : 1 / std::sqrt(static_cast<double>(p.d));
}

void check(const project_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const attention_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
  if (p.mask_batch > 0) require_a_key_each(p, inputs.at("mask"));
}

void check(const accept_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
  require_distributions(p, inputs.at("logits"));
  if (p.greedy()) return;
  const tensor& uniforms = inputs.at("uniforms");
  for (std::int64_t i = 0; i < uniforms.size(); ++i)
    if (!(uniforms.value(i) >= 0 && uniforms.value(i) < 1))
      refuse("uniforms",
             fmt::format("element {}: expected a number in [0, 1), got {}", i, uniforms.value(i)));
}

void check(const crop_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

tensor_set empty_inputs(const project_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const attention_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const accept_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const crop_problem& p) { return check(p), lay_out(inputs_of(p)); }

tensor_set make_outputs(const project_problem& p) {
  tensor_set outputs;
  for (const char* name : {"q_proj", "q_normed", "q"})
    outputs.set(name, tensor(p.type, {p.b, p.block_size, p.hq, p.d}));
  for (const char* name : {"k_proj", "k_normed", "k", "v"})
    outputs.set(name, tensor(p.type, {p.b, p.new_rows(), p.hk, p.d}));
  return outputs;
}

tensor_set make_outputs(const attention_problem& p, const tensor_set& inputs) {
  tensor_set outputs;
  for (const char* name : {"k_cache", "v_cache"}) outputs.set(name, inputs.at(name));
  outputs.set("attended", tensor(p.type, {p.b, p.block_size, p.hq, p.d}));
  outputs.set("lse", tensor(dtype::f32, {p.b, p.hq, p.block_size}));
  outputs.set("out", tensor(p.type, {p.b, p.block_size, p.hidden_size}));
  return outputs;
}

tensor_set make_outputs(const accept_problem& p) {
  tensor_set outputs;
  outputs.set("posterior", tensor(dtype::i32, {p.b, p.block_size}));
  for (const char* name : {"accepted", "next_token"}) outputs.set(name, tensor(dtype::i32, {p.b}));
  return outputs;
}

tensor_set make_outputs(const crop_problem&, const tensor_set& inputs) {
  tensor_set outputs;
  for (const char* name : {"k_cache", "v_cache", "cache_seqlens"}) outputs.set(name, inputs.at(name));
  return outputs;
}

}  // namespace plumbline::dflash
