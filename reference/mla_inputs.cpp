// The tensors of mla's attention problems, and what is refused of them.  Only indices that a key uses are
// looked at: the others may hold anything.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "reference/core/requirements.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_cache_format.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

using input_list = std::vector<input_spec>;

input_spec lengths(std::string name, const std::vector<std::int64_t>& values) {
  return {std::move(name), dtype::i32, {static_cast<std::int64_t>(values.size())}, 0, 0, values, true};
}

input_list inputs_of(const prefill_problem& p) {
  return {{"q", p.type, {p.b, p.sq, p.hq, p.d}, p.gap},
          {"k", p.type, {p.b, p.capacity, p.hk, p.d}, p.gap},
          {"v", p.type, {p.b, p.capacity, p.hk, p.dv}, p.gap},
          lengths("cache_seqlens", p.cache_seqlens)};
}

input_list inputs_of(const decode_problem& p) {
  return {
      {"q", p.type, {p.b, p.sq, p.hq, p.d}, p.gap},
      {"k_cache", p.type, {p.num_pages, p.page_size, p.hk, p.d}, p.gap, p.page_gap * p.hk * (p.d + p.gap)},
      {"block_table", dtype::i32, {p.b, p.max_pages}},
      lengths("cache_seqlens", p.cache_seqlens)};
}

input_spec cache_of(const decode_indices_problem& p, const char* name, std::int64_t pages,
                    std::int64_t rows) {
  if (p.format == kv_format::plain)
    return {name, p.type, {pages, rows, 1, p.d}, p.gap, p.page_gap * (p.d + p.gap)};
  return {name, dtype::u8, {pages, rows, 1, quantize::slot_bytes(stored_cache(p))}, 0, p.page_gap};
}

input_list inputs_of(const decode_indices_problem& p) {
  input_list list = {{"q", p.type, {p.b, p.sq, p.hq, p.d}, p.gap},
                     cache_of(p, "k_cache", p.num_pages, p.page_size),
                     {"indices", dtype::i32, {p.b, p.sq, p.topk}}};
  if (!p.topk_length.empty()) list.push_back(lengths("topk_length", p.topk_length));
  if (p.has_sink) list.push_back({"attn_sink", dtype::f32, {p.hq}});
  if (p.extra_topk > 0) {
    list.push_back(cache_of(p, "extra_k_cache", p.extra_num_pages, p.extra_page_size));
    list.push_back({"extra_indices", dtype::i32, {p.b, p.sq, p.extra_topk}});
    if (!p.extra_topk_length.empty()) list.push_back(lengths("extra_topk_length", p.extra_topk_length));
  }
  return list;
}

input_list inputs_of(const prefill_indices_problem& p) {
  input_list list = {{"q", p.type, {p.sq, p.hq, p.d}, p.gap},
                     {"kv", p.type, {p.skv, 1, p.d}, p.gap},
                     {"indices", dtype::i32, {p.sq, 1, p.topk}}};
  if (!p.topk_length.empty()) list.push_back(lengths("topk_length", p.topk_length));
  if (p.has_sink) list.push_back({"attn_sink", dtype::f32, {p.hq}});
  return list;
}

// Entries of a list that are followed: -1 or a row of the cache.
void require_rows(const char* name, const tensor_set& inputs, const std::vector<std::int64_t>& used,
                  std::int64_t rows) {
  const tensor& indices = inputs.at(name);
  for (std::int64_t s = 0; s < indices.dim(0); ++s)
    for (std::int64_t i = 0; i < indices.dim(1); ++i)
      for (std::int64_t j = 0; j < (used.empty() ? indices.dim(2) : used[static_cast<std::size_t>(s)]); ++j) {
        const std::int64_t at[] = {s, i, j};
        const auto row = static_cast<std::int64_t>(indices.value(indices.offset(at)));
        if (row < -1 || row >= rows)
          refuse(name, fmt::format("sequence {}, query {}, entry {}: expected -1 or a row in 0..{}, got {}",
                                   s, i, j, rows - 1, row));
      }
}

input_list inputs_of(const schedule_problem& p) {
  if (p.topk < 0) return {lengths("cache_seqlens", p.cache_seqlens)};
  input_list list;
  if (!p.topk_length.empty()) list.push_back(lengths("topk_length", p.topk_length));
  if (!p.extra_topk_length.empty()) list.push_back(lengths("extra_topk_length", p.extra_topk_length));
  return list;
}

input_list inputs_of(const combine_problem& p) {
  std::vector<std::int64_t> running(1, 0);
  for (std::int64_t n : p.splits) running.push_back(running.back() + n);
  const std::int64_t total = running.back();
  input_list list = {{"out_partial", dtype::f32, {total, p.sq, p.hq, p.dv}, p.gap},
                     {"lse_partial", dtype::f32, {total, p.sq, p.hq}},
                     lengths("num_splits", running)};
  if (p.has_sink) list.push_back({"attn_sink", dtype::f32, {p.hq}});
  return list;
}

}  // namespace

void check(const prefill_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const decode_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
  const tensor& table = inputs.at("block_table");
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t page = 0; page * p.page_size < p.cache_seqlens[static_cast<std::size_t>(s)]; ++page) {
      const std::int64_t at[] = {s, page};
      const auto physical = static_cast<std::int64_t>(table.value(table.offset(at)));
      if (physical < 0 || physical >= p.num_pages)
        refuse("block_table", fmt::format("sequence {}, page {}: expected a page in 0..{}, got {}", s, page,
                                          p.num_pages - 1, physical));
    }
}

void check(const decode_indices_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
  if (p.format != kv_format::plain)
    for (const char* name : {"k_cache", "extra_k_cache"})
      if (const tensor* cache = inputs.find(name); cache != nullptr && cache->size() > 0)
        if (cache->dim(1) > 1 && cache->strides()[1] != cache->dim(3))
          refuse(name, fmt::format("expected rows of a page {} bytes apart, got {}", cache->dim(3),
                                   cache->strides()[1]));
  require_rows("indices", inputs, p.topk_length, p.num_pages * p.page_size);
  if (p.extra_topk > 0)
    require_rows("extra_indices", inputs, p.extra_topk_length, p.extra_num_pages * p.extra_page_size);
}

void check(const prefill_indices_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const schedule_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

void check(const combine_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
  const tensor& lse = inputs.at("lse_partial");
  const std::vector<double> values = lse.values();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::isnan(values[i]) || values[i] == std::numeric_limits<double>::infinity())
      refuse("lse_partial", fmt::format("element {}: expected a number or -inf, got {}", i, values[i]));
}

tensor_set empty_inputs(const prefill_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const decode_indices_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const prefill_indices_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const decode_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const schedule_problem& p) { return check(p), lay_out(inputs_of(p)); }
tensor_set empty_inputs(const combine_problem& p) { return check(p), lay_out(inputs_of(p)); }

}  // namespace plumbline::mla
