#include "properties/mla/attention_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "properties/generate/draws.hpp"
#include "properties/generate/regimes.hpp"
#include "properties/mla/latent_rows.hpp"
#include "reference/core/random.hpp"
#include "reference/mla_cache_format.hpp"

namespace plumbline::generate {

using mla::decode_indices_problem;
using mla::decode_problem;
using mla::prefill_indices_problem;
using mla::prefill_problem;

namespace {

// NaN shows a leak loudly, a finite value looks like what an earlier call left.
std::byte fill_of(std::uint64_t seed) { return seed & 1 ? std::byte{0x3b} : std::byte{0xff}; }

constexpr std::int64_t narrowest_rotary = 8;  // regimes place what they know in several channels

bool shapes_values_or_bits(regime how) {
  return how == regime::positive || how == regime::cancel || how == regime::sink || how == regime::needle ||
         how == regime::twins || how == regime::powers_of_two || how == regime::ramp || how == regime::stairs;
}

struct latent_unit {
  std::vector<double> q, rows;  // (tokens * group, d), (keys, d)
};

latent_unit draw_latent(regime how, unit_shape u, std::uint64_t seed) {
  const std::int64_t d = u.d, dv = u.dv;
  if (d - dv < narrowest_rotary || !shapes_values_or_bits(how)) {
    unit_values values = draw_unit(how, u, seed);
    return {std::move(values.q), std::move(values.k)};
  }
  u.d = d - dv;
  const unit_values values = draw_unit(how, u, seed);
  latent_unit all{std::vector<double>(at(u.sq * u.group * d)), std::vector<double>(at(u.sk * d))};
  for (std::int64_t row = 0; row < u.sq * u.group; ++row)
    std::copy_n(values.q.begin() + row * u.d, u.d, all.q.begin() + row * d + dv);
  for (std::int64_t j = 0; j < u.sk; ++j) {
    std::copy_n(values.v.begin() + j * dv, dv, all.rows.begin() + j * d);
    std::copy_n(values.k.begin() + j * u.d, u.d, all.rows.begin() + j * d + dv);
  }
  return all;
}

void set_row(tensor& t, std::span<const std::int64_t> index, const double* values) {
  const std::int64_t first = t.offset(index);
  for (std::int64_t c = 0; c < t.dim(t.rank() - 1); ++c)
    t.set_code(first + c, encode(t.type(), values[c], overflow::saturate));
}

regime regime_named(std::string_view name) { return *regime_from(name); }

// Codes, scales and rotary numbers of one row of a quantized cache.
void set_quantized_row(tensor& cache, const quantize::cache_shape& shape, std::int64_t slot,
                       const double* row, bool powers_of_two) {
  const quantize::slot_place to = place_of(shape, slot);
  for (std::int64_t tile = 0; tile < quantize::tiles(shape); ++tile) {
    const double* x = row + tile * shape.tile;
    double most = 0;
    for (std::int64_t c = 0; c < shape.tile; ++c) most = std::max(most, std::fabs(x[c]));
    double scale = most > 0 ? std::exp2(std::ceil(std::log2(most / 448))) : 1;
    scale = std::clamp(scale, shape.scale_type == dtype::e8m0 ? 0x1p-127 : 0x1p-120, 0x1p120);
    if (!powers_of_two && shape.scale_type == dtype::f32 && most > 0)
      scale = std::max(round_to(dtype::f32, most / 448), 0x1p-120);
    const std::uint64_t code = encode(shape.scale_type, scale);
    std::memcpy(cache.data() + to.scales + tile * static_cast<std::int64_t>(size_of(shape.scale_type)), &code,
                size_of(shape.scale_type));
    for (std::int64_t c = 0; c < shape.tile; ++c)
      cache.data()[to.codes + tile * shape.tile + c] =
          static_cast<std::byte>(encode(dtype::e4m3, x[c] / scale, overflow::saturate));
  }
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(shape.type));
  for (std::int64_t c = shape.dv; c < shape.d; ++c) {
    const std::uint64_t code = encode(shape.type, row[c], overflow::saturate);
    std::memcpy(cache.data() + to.rope + (c - shape.dv) * bytes, &code, static_cast<std::size_t>(bytes));
  }
}

std::vector<std::int64_t> shuffled(std::int64_t count, random_stream& order) {
  std::vector<std::int64_t> all(at(count));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  for (std::size_t n = all.size(); n > 1; --n)
    std::swap(all[n - 1], all[at(order.integer(0, static_cast<std::int64_t>(n) - 1))]);
  return all;
}

// A sink beside scores that all lie near -65536 leaves nothing to them: there head 0 has none.
void draw_sink(tensor_set& inputs, regime how, std::uint64_t seed) {
  tensor* sink = inputs.find("attn_sink");
  if (sink == nullptr) return;
  random_stream draw(seed, "attn_sink");
  for (std::int64_t h = 0; h < sink->size(); ++h) {
    const double usual = 3 * draw.normal();
    const bool none = draw.chance(how == regime::huge ? 0.5 : 0.05) || (how == regime::huge && h == 0);
    sink->set_value(h, none ? -INFINITY : usual);
  }
}

// Entries of the lists: rows of `used` in order or shuffled, each list its own, some of them again, some of
// them nobody's.  `nobody` holds what names no row; the first entry of all is a row.
struct list_maker {
  std::int64_t invalid_percent, duplicate_percent;
  std::vector<std::int64_t> nobody;

  template <class Problem, class... Extra>
  void operator()(const Problem& p, tensor& entries, const std::vector<std::int64_t>& used,
                  random_stream draw, Extra... extra) const {
    if (draw.chance(0.5))  // behind the lists lie rows, as an earlier call left them, instead of wild entries
      for (std::int64_t i = 0; i < entries.size(); ++i)
        entries.set_value(
            i, static_cast<double>(used[at(draw.integer(0, static_cast<std::int64_t>(used.size()) - 1))]));
    std::vector<std::int64_t> order;
    std::int64_t last = used.at(0);
    bool first = true;
    for_each_entry(p, extra..., entries, [&](std::int64_t, std::int64_t j, std::int64_t offset) {
      if (j == 0) {
        order = shuffled(static_cast<std::int64_t>(used.size()), draw);
        if (draw.chance(0.3)) std::iota(order.begin(), order.end(), std::int64_t{0});
      }
      std::int64_t entry = used[at(order[at(j % static_cast<std::int64_t>(order.size()))])];
      if (draw.integer(1, 100) <= duplicate_percent) entry = last;
      if (draw.integer(1, 100) <= invalid_percent && !first)
        entry = nobody[at(draw.integer(0, static_cast<std::int64_t>(nobody.size()) - 1))];
      else
        last = entry;
      first = false;
      entries.set_value(offset, static_cast<double>(entry));
    });
  }
};

unit_shape listed_unit(std::int64_t tokens, std::int64_t heads, std::int64_t rows, std::int64_t d,
                       std::int64_t dv, double scale, dtype type) {
  unit_shape u;
  u.sq = tokens, u.group = heads, u.sk = rows, u.d = d, u.dv = dv, u.scale = scale, u.type = type;
  u.begin.assign(at(tokens), 0);
  u.end.assign(at(tokens), rows);
  return u;
}

// The tile whose scale is the smallest that e8m0 has, 2^-127, in every row: a quarter of the cases whose type
// has what such codes stand for, and which have another tile: zeros would pass for an output of nothing else.
// -1: none.  fp32 holds that scale as a subnormal number.
std::int64_t smallest_scale_tile(const decode_indices_problem& p, std::uint64_t seed) {
  if (p.format != mla::kv_format::model1 || p.type != dtype::bf16) return -1;
  const std::int64_t tiles = quantize::tiles(mla::stored_cache(p));
  random_stream draw(seed, "smallest scale");
  return tiles > 1 && draw.chance(0.25) ? draw.integer(0, tiles - 1) : -1;
}

std::vector<std::int64_t> some_rows(std::int64_t all, std::int64_t wanted, random_stream draw) {
  std::vector<std::int64_t> used = shuffled(all, draw);
  used.resize(at(std::min(all, std::max<std::int64_t>(wanted, 1))));
  return used;
}

}  // namespace

std::string_view draw_latent_regime(std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "regime of mla's attention");
  return regime_names[at(draw.between(0, static_cast<std::int64_t>(regime_names.size()) - 1))];
}

tensor_set draw_inputs(const prefill_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = wild_inputs(p, fill_of(seed));
  const std::int64_t group = p.hq / p.hk;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t h = 0; h < p.hk; ++h) {
      unit_shape u;
      u.sequence = s, u.kv_head = h;
      u.sq = p.sq, u.group = group, u.sk = p.cache_seqlens[at(s)], u.d = p.d, u.dv = p.dv;
      u.scale = effective_scale(p), u.type = p.type;
      for (std::int64_t i = 0; i < p.sq; ++i) {
        u.begin.push_back(0);
        u.end.push_back(mla::visible_keys(p.causal, i, p.sq, u.sk));
      }
      const unit_values values = draw_unit(regime_named(regime), u, seed);
      for (std::int64_t row = 0; row < p.sq * group; ++row) {
        const std::int64_t index[] = {s, row / group, h * group + row % group, 0};
        set_row(inputs.at("q"), index, values.q.data() + row * p.d);
      }
      for (std::int64_t j = 0; j < u.sk; ++j) {
        const std::int64_t index[] = {s, j, h, 0};
        set_row(inputs.at("k"), index, values.k.data() + j * p.d);
        set_row(inputs.at("v"), index, values.v.data() + j * p.dv);
      }
    }
  return inputs;
}

tensor_set draw_inputs(const decode_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = wild_inputs(p, fill_of(seed));
  random_stream order(seed, "pages");
  const std::vector<std::int64_t> pages = shuffled(p.num_pages, order);
  tensor& table = inputs.at("block_table");
  std::size_t next = 0;
  const std::int64_t group = p.hq / p.hk;
  for (std::int64_t s = 0; s < p.b; ++s) {
    const std::int64_t keys = p.cache_seqlens[at(s)];
    const std::size_t first_page = next;
    for (std::int64_t j = 0; j * p.page_size < keys; ++j)
      table.set_value(s * p.max_pages + j, static_cast<double>(pages.at(next++)));
    for (std::int64_t h = 0; h < p.hk; ++h) {
      unit_shape u;
      u.sequence = s, u.kv_head = h;
      u.sq = p.sq, u.group = group, u.sk = keys, u.d = p.d, u.dv = p.dv;
      u.scale = effective_scale(p), u.type = p.type, u.page_size = p.page_size;
      for (std::int64_t i = 0; i < p.sq; ++i) {
        u.begin.push_back(0);
        u.end.push_back(mla::visible_keys(p.causal, i, p.sq, keys));
      }
      const latent_unit values = draw_latent(regime_named(regime), u, seed);
      for (std::int64_t row = 0; row < p.sq * group; ++row) {
        const std::int64_t index[] = {s, row / group, h * group + row % group, 0};
        set_row(inputs.at("q"), index, values.q.data() + row * p.d);
      }
      for (std::int64_t j = 0; j < keys; ++j) {
        const std::int64_t index[] = {pages[first_page + at(j / p.page_size)], j % p.page_size, h, 0};
        set_row(inputs.at("k_cache"), index, values.rows.data() + j * p.d);
      }
    }
  }
  return inputs;
}

tensor_set draw_inputs(const decode_indices_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = wild_inputs(p, fill_of(seed));
  const auto used = some_rows(p.num_pages * p.page_size, p.topk, random_stream(seed, "rows"));
  const auto extra_used = p.extra_topk == 0 ? std::vector<std::int64_t>{}
                                            : some_rows(p.extra_num_pages * p.extra_page_size, p.extra_topk,
                                                        random_stream(seed, "extra rows"));
  const std::int64_t rows = static_cast<std::int64_t>(used.size()),
                     extra_rows = static_cast<std::int64_t>(extra_used.size());
  const unit_shape u =
      listed_unit(p.b * p.sq, p.hq, rows + extra_rows, p.d, p.dv, effective_scale(p), p.type);
  const latent_unit values = draw_latent(regime_named(regime), u, seed);
  for (std::int64_t row = 0; row < p.b * p.sq * p.hq; ++row) {
    const std::int64_t index[] = {row / p.hq / p.sq, row / p.hq % p.sq, row % p.hq, 0};
    set_row(inputs.at("q"), index, values.q.data() + row * p.d);
  }
  const bool powers_of_two = shapes_values_or_bits(regime_named(regime)) || seed & 2;
  const std::int64_t smallest = smallest_scale_tile(p, seed);
  std::vector<double> shrunk;
  const auto store = [&](bool extra, std::int64_t slot, const double* row) {
    if (smallest >= 0) {
      shrunk.assign(row, row + p.d);
      const std::int64_t tile = mla::stored_cache(p, extra).tile;
      for (std::int64_t c = smallest * tile; c < (smallest + 1) * tile; ++c) shrunk[at(c)] *= 0x1p-122;
      row = shrunk.data();
    }
    tensor& cache = inputs.at(extra ? "extra_k_cache" : "k_cache");
    const std::int64_t page = extra ? p.extra_page_size : p.page_size;
    const std::int64_t index[] = {slot / page, slot % page, 0, 0};
    if (p.format == mla::kv_format::plain)
      set_row(cache, index, row);
    else
      set_quantized_row(cache, mla::stored_cache(p, extra), slot, row, powers_of_two);
  };
  for (std::int64_t j = 0; j < rows; ++j) store(false, used[at(j)], values.rows.data() + j * p.d);
  for (std::int64_t j = 0; j < extra_rows; ++j)
    store(true, extra_used[at(j)], values.rows.data() + (rows + j) * p.d);
  const list_maker fill{p.invalid_percent, p.duplicate_percent, {-1}};
  fill(p, inputs.at("indices"), used, random_stream(seed, "indices"), false);
  if (p.extra_topk > 0)
    fill(p, inputs.at("extra_indices"), extra_used, random_stream(seed, "extra_indices"), true);
  draw_sink(inputs, regime_named(regime), seed);
  return inputs;
}

tensor_set draw_inputs(const prefill_indices_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = wild_inputs(p, fill_of(seed));
  const auto used = some_rows(p.skv, p.topk, random_stream(seed, "rows"));
  const std::int64_t rows = static_cast<std::int64_t>(used.size());
  const latent_unit values = draw_latent(
      regime_named(regime), listed_unit(p.sq, p.hq, rows, p.d, p.dv, effective_scale(p), p.type), seed);
  for (std::int64_t row = 0; row < p.sq * p.hq; ++row) {
    const std::int64_t index[] = {row / p.hq, row % p.hq, 0};
    set_row(inputs.at("q"), index, values.q.data() + row * p.d);
  }
  for (std::int64_t j = 0; j < rows; ++j) {
    const std::int64_t index[] = {used[at(j)], 0, 0};
    set_row(inputs.at("kv"), index, values.rows.data() + j * p.d);
  }
  const list_maker fill{p.invalid_percent, p.duplicate_percent, {-1, -7, p.skv, p.skv + 1, 2'000'000'000}};
  fill(p, inputs.at("indices"), used, random_stream(seed, "indices"));
  draw_sink(inputs, regime_named(regime), seed);
  return inputs;
}

}  // namespace plumbline::generate
