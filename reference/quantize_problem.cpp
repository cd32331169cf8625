// Outputs of quantize, empty.
#include "reference/quantize_problem.hpp"

#include "reference/core/tensor.hpp"

namespace plumbline::quantize {

namespace {

std::int64_t padded_rows(std::int64_t rows) { return (rows + 3) / 4 * 4; }

tensor by_columns(dtype type, std::int64_t rows, std::int64_t columns) {
  return tensor(type, {rows, columns}, {1, padded_rows(rows)});
}

}  // namespace

tensor matrix(dtype type, std::int64_t rows, std::int64_t columns, std::int64_t gap) {
  return tensor(type, {rows, columns}, {columns + gap, 1});
}

tensor_set make_cache(const cache_shape& p) {
  tensor_set cache;
  if (p.layout == cache_layout::split) {
    cache.set("nope_part", matrix(dtype::u8, slots(p), p.dv + scale_bytes(p)));
    cache.set("rope_part", matrix(dtype::u8, slots(p), rope_bytes(p)));
  } else if (p.layout == cache_layout::rows) {
    cache.set("cache", tensor(dtype::u8, {p.num_pages, p.page_size, slot_bytes(p)},
                              {page_stride(p), slot_bytes(p), 1}));
  } else {
    cache.set("cache", matrix(dtype::u8, p.num_pages, p.page_size * slot_bytes(p), p.page_gap));
  }
  return cache;
}

tensor_set make_outputs(const store_problem& p, const tensor_set& inputs) {
  tensor_set outputs;
  const bool split = p.layout == cache_layout::split;
  for (const char* name : {split ? "nope_part" : "cache", "rope_part"})
    if (split || inputs.has(name)) outputs.set(name, inputs.at(name));
  return outputs;
}

tensor_set make_outputs(const dequantize_problem& p) {
  tensor_set outputs;
  outputs.set("out", matrix(p.out_type, p.tokens + p.extra, p.d, p.gap));
  return outputs;
}

tensor_set make_outputs(const groups_problem& p) {
  tensor_set outputs;
  outputs.set("codes", matrix(p.rule.code, p.rows, p.k));
  if (p.has_static) return outputs;
  const std::int64_t down = row_groups(p), across = column_groups(p);
  if (p.layout == scale_layout::row_major)
    outputs.set("scales", matrix(dtype::f32, down, across));
  else if (p.layout == scale_layout::column_major)
    outputs.set("scales", by_columns(dtype::f32, down, across));
  else
    outputs.set("scales", by_columns(dtype::i32, down, (across + 3) / 4));
  return outputs;
}

tensor_set make_outputs(const weight_dequant_problem& p) {
  tensor_set outputs;
  outputs.set("out", matrix(p.out_type, p.m, p.n));
  return outputs;
}

tensor_set make_outputs(const block_gemm_problem& p) {
  tensor_set outputs;
  outputs.set("out", matrix(p.out_type, p.m, p.n));
  return outputs;
}

tensor_set make_outputs(const scatter_problem&, const tensor_set& inputs) {
  tensor_set outputs;
  outputs.set("buffer", inputs.at("buffer"));
  return outputs;
}

}  // namespace plumbline::quantize
