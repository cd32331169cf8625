#include "reference/mla_problem.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/requirements.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_cache_format.hpp"

namespace plumbline::mla {

namespace {

double scale_or(double given, std::int64_t d) {
  return given > 0 ? given : 1 / std::sqrt(static_cast<double>(d));
}

tensor_set attention_outputs(dtype type, std::int64_t b, std::int64_t sq, std::int64_t hq, std::int64_t dv,
                             std::int64_t gap) {
  tensor_set outputs;
  outputs.set("out", paged_rows(type, {b, sq, hq, dv}, gap, 0));
  outputs.set("lse", tensor(dtype::f32, {b, hq, sq}));
  return outputs;
}

}  // namespace

double effective_scale(const prefill_problem& p) { return scale_or(p.softmax_scale, p.d); }
double effective_scale(const decode_problem& p) { return scale_or(p.softmax_scale, p.d); }
double effective_scale(const decode_indices_problem& p) { return scale_or(p.softmax_scale, p.d); }
double effective_scale(const prefill_indices_problem& p) { return scale_or(p.softmax_scale, p.d); }

std::int64_t visible_keys(bool causal, std::int64_t i, std::int64_t sq, std::int64_t length) {
  return causal ? std::clamp<std::int64_t>(length - sq + i + 1, 0, length) : length;
}

double model_softmax_scale(std::int64_t qk_head_dim, std::int64_t max_seq_len, std::int64_t original_seq_len,
                           double rope_factor, double mscale) {
  const double scale = 1 / std::sqrt(static_cast<double>(qk_head_dim));
  if (max_seq_len <= original_seq_len) return scale;
  const double m = 0.1 * mscale * std::log(rope_factor) + 1;
  return scale * m * m;
}

std::int64_t dense_sm_parts(std::int64_t sms, std::int64_t sq, std::int64_t hq, std::int64_t hk) {
  constexpr std::int64_t tile_rows = 64;
  const std::int64_t tiles = (sq * (hq / hk) + tile_rows - 1) / tile_rows;
  return std::max<std::int64_t>(1, tiles == 0 ? sms / hk : sms / hk / tiles);
}

std::int64_t sparse_sm_parts(std::int64_t sms, std::int64_t sq, std::int64_t hq) {
  constexpr std::int64_t tile_heads = 64;
  return std::max<std::int64_t>(
      1, sms / std::max<std::int64_t>(1, sq) / std::max<std::int64_t>(1, hq / tile_heads));
}

quantize::cache_shape stored_cache(const decode_indices_problem& p, bool extra) {
  const bool v32 = p.format == kv_format::v32;
  quantize::cache_shape shape;
  shape.type = p.type;
  shape.layout = v32 ? quantize::cache_layout::rows : quantize::cache_layout::pages;
  shape.scale_type = v32 ? dtype::f32 : dtype::e8m0;
  shape.tile = v32 ? 128 : 64;
  shape.d = p.d;
  shape.dv = p.d - p.qk_rope_head_dim;
  shape.page_size = extra ? p.extra_page_size : p.page_size;
  shape.num_pages = extra ? p.extra_num_pages : p.num_pages;
  shape.page_gap = p.page_gap;
  return shape;
}

schedule_problem schedule_of(const decode_problem& p, std::int64_t sms) {
  schedule_problem s;
  s.b = p.b;
  s.num_sm_parts = p.num_sm_parts > 0 ? p.num_sm_parts : dense_sm_parts(sms, p.sq, p.hq, p.hk);
  s.cache_seqlens = p.cache_seqlens;
  return s;
}

schedule_problem schedule_of(const decode_indices_problem& p, std::int64_t sms) {
  schedule_problem s;
  s.b = p.b;
  s.num_sm_parts = p.num_sm_parts > 0 ? p.num_sm_parts : sparse_sm_parts(sms, p.sq, p.hq);
  s.topk = p.topk;
  s.topk_length = p.topk_length;
  s.extra_topk = p.extra_topk;
  s.extra_topk_length = p.extra_topk_length;
  return s;
}

tensor physical_indices(const tensor& indices, const tensor& block_table, std::int64_t page_size) {
  tensor physical(dtype::i32, {indices.shape().begin(), indices.shape().end()});
  const std::int64_t lists = indices.dim(0) == 0 ? 0 : indices.size() / indices.dim(0);
  const std::vector<double> logical = indices.values();
  for (std::int64_t n = 0; n < indices.size(); ++n) {
    const auto token = static_cast<std::int64_t>(logical[static_cast<std::size_t>(n)]);
    if (token < -1 || token >= block_table.dim(1) * page_size)
      refuse("indices", "element " + std::to_string(n) + ": expected -1 or a position in 0.." +
                            std::to_string(block_table.dim(1) * page_size - 1) + ", got " +
                            std::to_string(token));
    if (token < 0) {
      physical.set_value(n, -1);
      continue;
    }
    const std::int64_t entry[] = {n / lists, token / page_size};
    const double page = block_table.value(block_table.offset(entry));
    physical.set_value(n, page * static_cast<double>(page_size) + static_cast<double>(token % page_size));
  }
  return physical;
}

tensor_set make_outputs(const prefill_problem& p) {
  return attention_outputs(p.type, p.b, p.sq, p.hq, p.dv, p.gap);
}

tensor_set make_outputs(const decode_problem& p) {
  return attention_outputs(p.type, p.b, p.sq, p.hq, p.dv, p.gap);
}

tensor_set make_outputs(const decode_indices_problem& p) {
  return attention_outputs(p.type, p.b, p.sq, p.hq, p.dv, p.gap);
}

tensor_set make_outputs(const prefill_indices_problem& p) {
  tensor_set outputs;
  outputs.set("out", paged_rows(p.type, {p.sq, p.hq, p.dv}, p.gap, 0));
  outputs.set("max_logits", tensor(dtype::f32, {p.sq, p.hq}));
  outputs.set("lse", tensor(dtype::f32, {p.sq, p.hq}));
  return outputs;
}

tensor_set make_outputs(const schedule_problem& p) {
  tensor_set outputs;
  outputs.set("tile_scheduler_metadata", tensor(dtype::i32, {p.num_sm_parts, 8}));
  outputs.set("num_splits", tensor(dtype::i32, {p.b + 1}));
  return outputs;
}

tensor_set make_outputs(const combine_problem& p) {
  return attention_outputs(p.out_type, p.b, p.sq, p.hq, p.dv, p.gap);
}

}  // namespace plumbline::mla
