#include "reference/mla_problem.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/tensor.hpp"
#include "reference/mla_requirements.hpp"

namespace plumbline::mla {

double effective_scale(const decode_problem& p) {
  return p.softmax_scale > 0 ? p.softmax_scale : 1 / std::sqrt(static_cast<double>(p.d));
}

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

schedule_problem schedule_of(const decode_problem& p, std::int64_t sms) {
  schedule_problem s;
  s.b = p.b;
  s.num_sm_parts = p.num_sm_parts > 0 ? p.num_sm_parts : dense_sm_parts(sms, p.sq, p.hq, p.hk);
  s.cache_seqlens = p.cache_seqlens;
  return s;
}

tensor_set make_outputs(const decode_problem& p) {
  tensor_set outputs;
  outputs.set("out", paged_rows(p.type, {p.b, p.sq, p.hq, p.dv}, p.gap, 0));
  outputs.set("lse", tensor(dtype::f32, {p.b, p.hq, p.sq}));
  return outputs;
}

tensor_set make_outputs(const schedule_problem& p) {
  tensor_set outputs;
  outputs.set("tile_scheduler_metadata", tensor(dtype::i32, {p.num_sm_parts, 8}));
  outputs.set("num_splits", tensor(dtype::i32, {p.b + 1}));
  return outputs;
}

tensor_set make_outputs(const combine_problem& p) {
  tensor_set outputs;
  outputs.set("out", paged_rows(p.out_type, {p.b, p.sq, p.hq, p.dv}, p.gap, 0));
  outputs.set("lse", tensor(dtype::f32, {p.b, p.hq, p.sq}));
  return outputs;
}

}  // namespace plumbline::mla
