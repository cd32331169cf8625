// Inputs of calls over index lists: rows that nobody lists hold NaN, entries that nobody reads are wild.
#pragma once

#include <cstring>
#include <utility>

#include "reference/mla_cache_format.hpp"
#include "tests/mla_kernels_data.hpp"

namespace plumbline::mla::called {

/// Draws one row of a quantized cache: any codes but NaN, and scales that are powers of two only where the
/// format has no others.
inline void draw_quantized_row(std::byte* cache, const quantize::cache_shape& shape, integer slot,
                               random_stream& r) {
  const quantize::slot_place at = quantize::place_of(shape, slot);
  for (integer i = 0; i < shape.dv; ++i) {
    auto code = static_cast<std::uint8_t>(r.integer(0, 0x7e));
    cache[at.codes + i] = static_cast<std::byte>(code | (r.chance(0.5) ? 0x80 : 0));
  }
  for (integer tile = 0; tile < quantize::tiles(shape); ++tile) {
    if (shape.scale_type == dtype::e8m0) {
      cache[at.scales + tile] = static_cast<std::byte>(r.integer(117, 122));
    } else {
      const auto scale = static_cast<float>(0.004 * (1 + r.uniform()));
      std::memcpy(cache + at.scales + 4 * tile, &scale, 4);
    }
  }
  for (integer i = 0; i < shape.d - shape.dv; ++i) {
    const std::uint64_t code = encode(shape.type, r.normal());
    std::memcpy(cache + at.rope + 2 * i, &code, 2);
  }
}

/// The rows of one cache that its lists name get numbers.
inline void draw_cache(const decode_indices_problem& p, tensor_set& inputs, bool extra, std::uint64_t seed) {
  random_stream r(seed, extra ? "extra_k_cache" : "k_cache");
  tensor& cache = inputs.at(extra ? "extra_k_cache" : "k_cache");
  const integer page_size = extra ? p.extra_page_size : p.page_size;
  if (p.format == kv_format::plain)
    fill(cache, plain::junk);
  else
    fill(cache, 255);
  std::vector<char> drawn(static_cast<std::size_t>(cache.dim(0) * page_size));
  const tensor& lists = inputs.at(extra ? "extra_indices" : "indices");
  for (const double entry : lists.values()) {
    if (!(entry >= 0 && entry < static_cast<double>(drawn.size()))) continue;
    const auto slot = static_cast<integer>(entry);
    if (std::exchange(drawn[static_cast<std::size_t>(slot)], 1)) continue;
    if (p.format != kv_format::plain) {
      draw_quantized_row(cache.data(), stored_cache(p, extra), slot, r);
      continue;
    }
    const integer at[] = {slot / page_size, slot % page_size, 0, 0};
    draw_rows(cache, {cache.offset(at)}, p.d, r);
  }
}

/// One list: `used` entries that are a row, a row again, or none; behind them rows and wild entries.
inline void draw_list(tensor& entries, std::vector<integer> at, integer used, integer rows,
                      const std::vector<double>& nobody, double invalid, double duplicate, random_stream& r) {
  double last = 0;
  const integer length = entries.dim(entries.rank() - 1);
  for (integer j = 0; j < length; ++j) {
    at.back() = j;
    double entry = rows > 0 && r.chance(0.5) ? static_cast<double>(r.integer(0, rows - 1)) : wild_entry;
    if (j < used) {
      if (rows == 0 || r.chance(invalid))
        entry = nobody[static_cast<std::size_t>(r.integer(0, static_cast<integer>(nobody.size()) - 1))];
      else if (!r.chance(duplicate))
        entry = last = static_cast<double>(r.integer(0, rows - 1));
      else
        entry = last;
    }
    entries.set_value(entries.offset(at), entry);
  }
}

/// Sinks of both infinities among ordinary ones, where there are any.
inline void draw_sink(tensor_set& inputs) {
  if (tensor* sink = inputs.find("attn_sink"))
    for (integer h = 0; h < sink->size(); ++h)
      sink->set_value(h, h % 5 == 3 ? plain::infinity : h % 5 == 1 ? -plain::infinity : 0.5);
}

inline tensor_set make_inputs(const decode_indices_problem& p, std::uint64_t seed) {
  random_stream q(seed, "q"), list(seed, "lists");
  tensor_set inputs = empty_inputs(p);
  draw(inputs.at("q"), q);
  for (const bool extra : {false, true}) {
    if (extra && p.extra_topk == 0) continue;
    const auto& lengths = extra ? p.extra_topk_length : p.topk_length;
    const integer rows = extra ? p.extra_num_pages * p.extra_page_size : p.num_pages * p.page_size;
    for (integer s = 0; s < p.b; ++s)
      for (integer i = 0; i < p.sq; ++i)
        draw_list(inputs.at(extra ? "extra_indices" : "indices"), {s, i, 0},
                  lengths.empty() ? (extra ? p.extra_topk : p.topk) : lengths[static_cast<std::size_t>(s)],
                  rows, {-1}, static_cast<double>(p.invalid_percent) / 100,
                  static_cast<double>(p.duplicate_percent) / 100, list);
    draw_cache(p, inputs, extra, seed);
  }
  draw_sink(inputs);
  return inputs;
}

inline tensor_set make_inputs(const prefill_indices_problem& p, std::uint64_t seed) {
  random_stream q(seed, "q"), k(seed, "kv"), list(seed, "lists");
  tensor_set inputs = empty_inputs(p);
  draw(inputs.at("q"), q);
  tensor& kv = inputs.at("kv");
  fill(kv, plain::junk);
  const std::vector<double> nobody = {-1,     -2147483648.0, -123456,     static_cast<double>(p.skv),
                                      114514, wild_entry,    2147483647.0};
  for (integer i = 0; i < p.sq; ++i)
    draw_list(inputs.at("indices"), {i, 0, 0},
              p.topk_length.empty() ? p.topk : p.topk_length[static_cast<std::size_t>(i)], p.skv, nobody,
              static_cast<double>(p.invalid_percent) / 100, static_cast<double>(p.duplicate_percent) / 100,
              list);
  std::vector<char> drawn(static_cast<std::size_t>(p.skv));
  for (const double entry : inputs.at("indices").values()) {
    if (!(entry >= 0 && entry < static_cast<double>(p.skv))) continue;
    const auto row = static_cast<integer>(entry);
    if (std::exchange(drawn[static_cast<std::size_t>(row)], 1)) continue;
    const integer at[] = {row, 0, 0};
    draw_rows(kv, {kv.offset(at)}, p.d, k);
  }
  draw_sink(inputs);
  return inputs;
}

}  // namespace plumbline::mla::called
