#include "properties/quantize/cache_shapes.hpp"

#include <algorithm>
#include <string>

#include "properties/generate/edits.hpp"
#include "properties/generate/far_rows.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::generate {

using quantize::cache_layout;
using quantize::cache_shape;
using quantize::dequantize_problem;
using quantize::store_problem;

namespace {

constexpr std::int64_t most_elements = 40'000;

bool accepted(const cache_shape& p) {
  quantize::dequantize_problem one;
  static_cast<cache_shape&>(one) = p;
  one.tokens = 0;
  try {
    check(one);
  } catch (const bad_argument&) {
    return false;
  }
  return true;
}

std::int64_t up(std::int64_t x, std::int64_t step) { return (x + step - 1) / step; }

constexpr int far_percent = 12;

// Pages of the cache, or rows of elements beside it, beyond 2^31.
template <class Problem>
void spread_rows(draws draw, Problem& p) {
  if (!draw.chance(far_percent)) return;
  if (p.layout != cache_layout::split && draw.chance(80)) {
    p.num_pages = std::max(p.num_pages, least_far_rows);
    p.page_gap = far_gap(p.num_pages, 64);
  } else if (p.tokens >= least_far_rows) {
    p.gap = far_gap(p.tokens, draw.chance(70) ? 8 : 1);
  }
}

}  // namespace

std::int64_t draw_tokens(draws& draw, std::int64_t most) {
  most = std::max<std::int64_t>(most, 1);
  switch (draw.weighted({{5, 0}, {15, 1}, {50, 2}, {30, 3}})) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return std::min(most, draw.one_of({2, 4, 8, 16, 32, 64, 128}) + draw.between(-1, 1));
    default:
      return draw.between(1, most);
  }
}

std::int64_t draw_gap(draws& draw) { return draw.weighted({{50, 0}, {15, 1}, {15, 8}, {10, 13}, {10, 64}}); }

quantize::policy draw_policy(draws& draw, dtype code) {
  if (code == dtype::e4m3 && draw.chance(20))
    return *quantize::policy_named(draw.chance(50) ? "default" : "default_ue8m0");
  for (;;) {
    const auto& all = quantize::policies;
    const auto& one =
        all[static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(all.size()) - 1))];
    if (one.code == code) return one;
  }
}

void draw_cache(draws& draw, std::int64_t tokens, std::int64_t tile, bool powers_of_two, cache_shape& p) {
  const dtype type = p.type;
  for (int attempt = 0; attempt < 60; ++attempt) {
    p = cache_shape();
    p.type = type;
    p.layout = static_cast<cache_layout>(draw.weighted({{50, 0}, {30, 1}, {20, 2}}));
    p.tile = tile > 0 && draw.chance(60) ? tile : draw.one_of({8, 16, 20, 32, 64, 100, 128, 256, 512});
    const bool real = draw.chance(50);
    p.dv = real ? (p.layout == cache_layout::pages ? 448 : 512) : p.tile * draw.between(1, 5);
    if (p.dv % p.tile != 0) p.dv = p.tile;
    // The last 16 bytes of codes are half a tile's, half somebody else's.
    if (draw.chance(6)) p.tile = 8, p.dv = 8 * (2 * draw.between(1, 4) + 1);
    if (tile == 0) p.tile = p.dv;
    p.d = p.dv + (real ? draw.weighted({{75, 64}, {25, 0}}) : draw.one_of({0, 1, 2, 4, 8, 30, 64, 128}));
    if (p.layout == cache_layout::pages && powers_of_two && draw.chance(70)) p.scale_type = dtype::e8m0;
    const bool split = p.layout == cache_layout::split;
    p.page_size = split ? 1 : draw.one_of({1, 2, 3, 16, 64, 64, 256});
    p.num_pages = up(tokens, p.page_size) + draw.between(tokens == 0 ? 1 : 0, 3);
    if (!split && draw.chance(35)) p.page_gap = draw.one_of({4, 16, 64, slot_bytes(p)});
    if (accepted(p)) return;
  }
  p = cache_shape();
  p.type = type;
  if (tile == 0) p.tile = p.dv;
  p.num_pages = up(tokens, p.page_size) + 1;
}

store_problem draw_store(dtype in, std::string_view, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "store shape of " + std::string(name_of(in)));
  store_problem p;
  p.type = in;
  p.rule = draw_policy(draw, dtype::e4m3);
  p.tokens = draw_tokens(draw, 200);
  draw_cache(draw, p.tokens, p.rule.group, p.rule.up != quantize::power_of_two::no, p);
  p.tokens = std::min(p.tokens, std::max<std::int64_t>(1, most_elements / p.d));
  p.separate = draw.chance(p.layout == cache_layout::split ? 60 : 25);
  p.has_slots = p.layout != cache_layout::split && draw.chance(55);
  p.gap = draw_gap(draw);
  spread_rows(draws(seed, index, "far rows of store"), p);
  return p;
}

dequantize_problem draw_dequantize(dtype in, std::string_view, std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "dequantize shape of " + std::string(name_of(in)));
  dequantize_problem p;
  p.type = in;
  p.tokens = draw_tokens(draw, 200);
  const bool indexed = draw.chance(55);
  const std::int64_t held = indexed ? draw.between(1, 40) : p.tokens;
  draw_cache(draw, held, draw.chance(80) ? 128 : 64, draw.chance(50), p);
  p.has_indices = indexed && p.layout != cache_layout::split;
  if (p.has_indices) p.num_pages = std::max<std::int64_t>(1, p.num_pages);
  p.tokens = std::min(p.tokens, std::max<std::int64_t>(1, most_elements / p.d));
  if (!p.has_indices) p.tokens = std::min(p.tokens, slots(p));
  if (p.tokens == 0 || draw.chance(25)) p.extra = draw.between(1, 20);
  const dtype others[] = {dtype::bf16, dtype::f16, dtype::f32, dtype::e4m3};
  p.out_type = draw.chance(55) ? in : others[draw.between(0, 3)];
  p.gap = draw_gap(draw);
  spread_rows(draws(seed, index, "far rows of dequantize"), p);
  return p;
}

namespace {

// Steps on what stores and readers share.  `fit` gives the cache as many pages as the tokens need.
template <class Problem, class Fit>
void shrink_cache(const Problem& from, Fit fit, edits<Problem>& all) {
  for (const std::int64_t tokens : {std::int64_t{1}, from.tokens / 2, from.tokens - 1})
    if (tokens >= 1 && tokens < from.tokens) all.add([&](Problem& p) { p.tokens = tokens, fit(p); });
  all.add([&](Problem& p) { p.layout = cache_layout::rows, p.scale_type = dtype::f32, fit(p); });
  for (const std::int64_t dims : {from.tile, from.dv / 2 / from.tile * from.tile})
    if (dims >= from.tile && dims < from.dv) all.add([&](Problem& p) { p.d -= p.dv - dims, p.dv = dims; });
  for (const std::int64_t tile : {from.tile / 2, from.tile / 4})
    if (tile >= 4) all.add([&](Problem& p) { p.d -= p.dv - tile, p.dv = p.tile = tile; });
  all.add([](Problem& p) { p.d = p.dv; });
  all.add([](Problem& p) { p.page_gap = 0; });
  all.add([](Problem& p) { p.gap = 0; });
  all.add([&](Problem& p) { p.page_size = 1, fit(p); });
  all.add([&](Problem& p) { fit(p); });
}

constexpr auto fit_pages = [](auto& p) {
  p.num_pages = std::max<std::int64_t>(1, up(p.tokens, p.page_size));
};

}  // namespace

std::vector<store_problem> smaller(const store_problem& from) {
  edits<store_problem> all(from);
  shrink_cache(from, fit_pages, all);
  all.add([](store_problem& p) { p.has_slots = false; });
  all.add([](store_problem& p) { p.separate = false; });
  return all.take();
}

std::vector<dequantize_problem> smaller(const dequantize_problem& from) {
  edits<dequantize_problem> all(from);
  shrink_cache(from, fit_pages, all);
  all.add([](dequantize_problem& p) { p.has_indices = false, fit_pages(p); });
  all.add([](dequantize_problem& p) { p.extra = 0; });
  all.add([](dequantize_problem& p) { p.out_type = p.type; });
  return all.take();
}

}  // namespace plumbline::generate
