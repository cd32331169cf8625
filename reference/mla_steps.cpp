// The steps of the module that are no attention: norm, rotation, projection, cache write.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/mla_module.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::mla {

void rms_norm(std::span<double> row, std::span<const double> weight, double eps) {
  double squares = 0;
  for (const double x : row) squares += x * x;
  const double factor = 1 / std::sqrt(squares / static_cast<double>(row.size()) + eps);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = row[i] * factor * weight[i];
}

std::vector<double> rms_norm(const rms_norm_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  std::vector<double> rows = inputs.at("x").values();
  const std::vector<double> weight = inputs.at("weight").values();
  const auto width = static_cast<std::size_t>(p.dim);
  for (std::size_t at = 0; at < rows.size(); at += width)
    rms_norm(std::span(rows).subspan(at, width), weight, p.eps);
  return rows;
}

void rotate(std::span<double> row, std::span<const double> cos, std::span<const double> sin) {
  for (std::size_t i = 0; i < cos.size(); ++i) {
    const double x = row[2 * i], y = row[2 * i + 1];
    row[2 * i] = x * cos[i] - y * sin[i];
    row[2 * i + 1] = x * sin[i] + y * cos[i];
  }
}

rotary_truth rotary(const rotary_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  rotary_truth truth{inputs.at("x").values(), {}};
  const std::vector<double> cos = inputs.at("cos").values(), sin = inputs.at("sin").values();
  const auto width = static_cast<std::size_t>(p.d), pairs = width / 2;
  for (std::size_t n = 0; n < truth.out.size() / 2; ++n)
    truth.size.insert(truth.size.end(), 2, std::fabs(truth.out[2 * n]) + std::fabs(truth.out[2 * n + 1]));
  for (std::size_t row = 0; row < truth.out.size() / width; ++row) {
    const std::size_t token = row / static_cast<std::size_t>(p.heads) % static_cast<std::size_t>(p.sq);
    const std::size_t at = (static_cast<std::size_t>(p.start_pos) + token) * pairs;
    rotate(std::span(truth.out).subspan(row * width, width), std::span(cos).subspan(at, pairs),
           std::span(sin).subspan(at, pairs));
  }
  return truth;
}

project_truth project(const project_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const projection_shape shape = shape_of(p);
  const weight_matrix weight(inputs, "weight", p.type);
  const std::vector<double> x = inputs.at("x").values();
  project_truth truth;
  if (p.kind == projection::linear) {
    truth.out = product(x, shape.inner, shape.outer, rows_as_columns(weight, 0), &truth);
    return truth;
  }
  const std::int64_t blocks = (shape.inner + weight_block - 1) / weight_block;
  const auto elements = static_cast<std::size_t>(p.tokens * p.heads * shape.outer);
  for (auto* all : {&truth.out, &truth.S1, &truth.SB}) all->resize(elements);
  truth.blocks.resize(elements * static_cast<std::size_t>(blocks));
  for (std::int64_t h = 0; h < p.heads; ++h) {
    std::vector<double> rows;
    for (std::int64_t t = 0; t < p.tokens; ++t) {
      const double* from = x.data() + (t * p.heads + h) * shape.inner;
      rows.insert(rows.end(), from, from + shape.inner);
    }
    const std::int64_t first_row = h * (p.qk_nope_head_dim + p.v_head_dim);
    panel_source columns = rows_as_columns(weight, first_row + p.qk_nope_head_dim);
    if (p.kind == projection::absorb_query)
      columns = [&](std::int64_t first, std::int64_t count, double* panel) {
        for (std::int64_t d = 0; d < p.qk_nope_head_dim; ++d)
          weight.load(first_row + d, first, count, panel + d * panel_columns);
      };
    product_companions of_head;
    const std::vector<double> out = product(rows, shape.inner, shape.outer, columns, &of_head);
    const auto place = [&](const std::vector<double>& from, std::vector<double>& to, std::int64_t width) {
      for (std::int64_t t = 0; t < p.tokens; ++t)
        std::copy_n(from.data() + t * width, width, to.data() + (t * p.heads + h) * width);
    };
    place(out, truth.out, shape.outer);
    place(of_head.S1, truth.S1, shape.outer);
    place(of_head.SB, truth.SB, shape.outer);
    place(of_head.blocks, truth.blocks, shape.outer * blocks);
  }
  return truth;
}

write_cache_truth write_cache(const write_cache_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &latent = inputs.at("kv_c"), &rotated = inputs.at("k_pe"), &slots = inputs.at("slot_mapping");
  write_cache_truth truth{inputs.at("k_cache"), {}};
  const auto copy = [&](const tensor& from, std::int64_t token, std::int64_t slot, std::int64_t first) {
    const std::int64_t source[] = {token, 0}, target[] = {slot / p.page_size, slot % p.page_size, 0, first};
    const std::size_t bytes = size_of(p.type);
    std::memcpy(truth.k_cache.data() + truth.k_cache.offset(target) * static_cast<std::int64_t>(bytes),
                element(from, from.offset(source)), static_cast<std::size_t>(from.dim(1)) * bytes);
  };
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    truth.slot.push_back(static_cast<std::int64_t>(slots.value(token)));
    if (truth.slot.back() < 0) continue;
    copy(latent, token, truth.slot.back(), 0);
    if (p.qk_rope_head_dim > 0) copy(rotated, token, truth.slot.back(), p.kv_lora_rank);
  }
  return truth;
}

}  // namespace plumbline::mla
