// Shapes of flash_decode: lengths, layouts, masks and outputs.
#include "reference/flash_decode_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/tensor.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max() / 4;

std::int64_t listed(const std::vector<std::int64_t>& list, std::int64_t at, std::int64_t otherwise) {
  return list.empty() ? otherwise : list[static_cast<std::size_t>(at)];
}

std::int64_t floor_to_multiple(std::int64_t x, std::int64_t step) {
  const std::int64_t rest = x % step;
  return x - (rest < 0 ? rest + step : rest);
}

}  // namespace

std::int64_t query_tokens(const attend_problem& p, std::int64_t s) { return listed(p.seqlens_q, s, p.sq); }
std::int64_t query_tokens(const append_problem& p, std::int64_t s) {
  return p.sq == 0 ? 0 : listed(p.seqlens_q, s, p.sq);
}
std::int64_t new_tokens(const append_problem& p, std::int64_t s) { return listed(p.seqlens_new, s, p.sn); }
std::int64_t left_padding(const cache_shape& p, std::int64_t s) { return listed(p.cache_leftpad, s, 0); }
std::int64_t cached_keys(const cache_shape& p, std::int64_t s) {
  return listed(p.cache_seqlens, s, p.capacity) - left_padding(p, s);
}

double effective_scale(const attend_problem& p) {
  if (p.softmax_scale != 0) return p.softmax_scale;
  return 1 / std::sqrt(static_cast<double>(p.has_qv ? p.d + p.dv : p.d));
}

key_range visible_keys(const attend_problem& p, std::int64_t i, std::int64_t sq, std::int64_t sk) {
  const std::int64_t aligned = i + sk - sq;
  const std::int64_t right = p.causal ? 0 : p.window_right;
  std::int64_t begin = 0, end = sk;
  if (right >= 0) end = std::min(end, aligned + right + 1);
  if (p.window_left >= 0) begin = std::max(begin, aligned - p.window_left);
  if (p.attention_chunk > 0) {
    const std::int64_t base = floor_to_multiple(aligned, p.attention_chunk);
    begin = std::max(begin, base);
    end = std::min(end, base + p.attention_chunk);
  }
  return begin < end ? key_range{begin, end} : key_range{};
}

mask_options simplify(const mask_options& given, std::int64_t max_seqlen_q, std::int64_t capacity) {
  mask_options m = given;
  if (m.window_left >= capacity - 1) m.window_left = -1;
  if (m.window_right >= max_seqlen_q - 1) m.window_right = -1;
  if (max_seqlen_q == 1 && m.window_left < 0 && m.window_right < 0 && m.attention_chunk == 0)
    m.causal = false;
  if (m.causal) m.window_right = 0;
  return m;
}

bool q_positions_move(const append_problem& p) {
  const mask_options m =
      simplify({p.causal, p.window_left, p.window_right, p.attention_chunk}, p.sq, p.capacity);
  return m.causal || m.window_left >= 0 || m.window_right >= 0 || m.attention_chunk > 0;
}

key_range split_block_range(const split_tile& t, std::int64_t sq, std::int64_t sk) {
  const auto blocks = [&](std::int64_t keys) {
    return keys <= 0 ? std::int64_t{0} : (keys + t.block_n - 1) / t.block_n;
  };
  const std::int64_t group = t.packed ? t.group : 1;
  const std::int64_t first_row = t.m_block * t.block_m / group;
  const std::int64_t rows_end = ((t.m_block + 1) * t.block_m + group - 1) / group;
  const std::int64_t first_aligned = first_row + sk - sq, aligned_end = rows_end + sk - sq;
  std::int64_t right_end = unlimited, left_begin = 0;
  if (t.mask.causal) {
    right_end = aligned_end;
  } else {
    if (t.mask.window_right >= 0) right_end = aligned_end + t.mask.window_right;
    if (t.mask.attention_chunk > 0)
      right_end = std::min(right_end,
                           floor_to_multiple(aligned_end, t.mask.attention_chunk) + t.mask.attention_chunk);
  }
  if (t.mask.window_left >= 0) left_begin = first_aligned - t.mask.window_left;
  if (t.mask.attention_chunk > 0)
    left_begin = std::max(left_begin, floor_to_multiple(first_aligned, t.mask.attention_chunk));
  const std::int64_t n_max = std::min(blocks(sk), blocks(right_end));
  const std::int64_t n_min = std::max<std::int64_t>(0, left_begin) / t.block_n;
  const std::int64_t per = n_max <= n_min ? 0 : (n_max - n_min + t.num_splits - 1) / t.num_splits;
  const std::int64_t begin = n_min + t.split * per;
  return {begin, std::min(begin + per, n_max)};
}

std::vector<std::int64_t> token_shape(std::int64_t b, std::int64_t longest,
                                      const std::vector<std::int64_t>& packed, std::int64_t heads,
                                      std::int64_t dim) {
  if (packed.empty()) return {b, longest, heads, dim};
  std::int64_t total = 0;
  for (std::int64_t n : packed) total += n;
  return {total, heads, dim};
}

tensor rows_with_gap(dtype type, std::vector<std::int64_t> shape, std::int64_t gap) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * shape[axis] + (axis + 1 == shape.size() ? gap : 0);
  return tensor(type, std::move(shape), std::move(strides));
}

tensor lse_by_head(std::vector<std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  const std::size_t head = shape.size() - 1, query = head - 1;
  strides[head] = shape[query];
  std::int64_t step = shape[query] * shape[head];
  for (std::size_t axis = query; axis-- > 0; step *= shape[axis]) strides[axis] = step;
  return tensor(dtype::f32, std::move(shape), std::move(strides));
}

tensor cumulative_lengths(const std::vector<std::int64_t>& lengths) {
  tensor cumulative(dtype::i32, {static_cast<std::int64_t>(lengths.size()) + 1});
  std::int64_t total = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    total += lengths[i];
    cumulative.set_value(static_cast<std::int64_t>(i) + 1, static_cast<double>(total));
  }
  return cumulative;
}

tensor_set make_outputs(const attend_problem& p) {
  tensor_set outputs;
  auto shape = token_shape(p.b, p.sq, p.seqlens_q, p.hq, p.dv);
  std::vector<std::int64_t> lse = {p.b, p.hq, p.sq};
  if (!p.seqlens_q.empty()) lse = {p.hq, shape[0]};
  outputs.set("out", rows_with_gap(p.out_type, std::move(shape), p.gap));
  outputs.set("lse", tensor(dtype::f32, std::move(lse)));
  return outputs;
}

tensor_set make_outputs(const append_problem& p, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("k_cache", inputs.at("k_cache"));
  outputs.set("v_cache", inputs.at("v_cache"));
  if (p.rotary_dim > 0 && p.sq > 0)
    outputs.set("q_rotated", rows_with_gap(p.type, token_shape(p.b, p.sq, p.seqlens_q, p.hq, p.d), p.gap));
  return outputs;
}

tensor_set make_outputs(const combine_problem& p) {
  tensor_set outputs;
  outputs.set("out", rows_with_gap(p.out_type, {p.b, p.sq, p.hq, p.dv}, p.gap));
  outputs.set("lse", lse_by_head({p.b, p.sq, p.hq}));
  return outputs;
}

}  // namespace plumbline::flash_decode
