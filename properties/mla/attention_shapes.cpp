// Shapes of mla's attention.
//
// Heads, lengths and widths come from the models and from the edges of tiles, pages and of the short path;
// what a case costs on the host is bounded by giving up sequences, then query tokens, then heads, never the
// length under test.  One case in thirty may be ten times as large, so that the models' own sizes come up
// whole.
#include "properties/mla/attention_shapes.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "properties/generate/far_rows.hpp"
#include "properties/mla/sizes.hpp"

namespace plumbline::generate {

using mla::decode_indices_problem;
using mla::decode_problem;
using mla::prefill_indices_problem;
using mla::prefill_problem;

namespace {

constexpr double most_products = 8e6, most_outputs = 6e4;
// A prefill has every length of queries under test: the longest are dear, and one head shows them.
constexpr double most_prefill_products = 4e6;

struct widths {
  std::int64_t d, dv;
};

// A latent with its rotary part.
widths draw_latent(draws& draw, bool real) {
  if (real) return {576, 512};
  const std::int64_t dv = draw.one_of({8, 16, 24, 32, 64, 100, 128, 256});
  return {dv + draw.one_of({0, 1, 8, 16, 32, 64}), dv};
}

std::int64_t draw_keys(draws& draw) {
  switch (draw.weighted({{3, 0}, {5, 1}, {4, 2}})) {
    case 0:
      return draw.between(1, 3);
    case 1: {
      const std::int64_t edge = draw.one_of({64, 64, 128, 192, 256});
      return edge + draw.between(-1, 1);
    }
    default:
      return draw.between(4, 300);
  }
}

// A warp's lanes run out at 32 requests, or at 32 parts of one request: narrow rows pay for more than either.
enum class extent : std::uint8_t { usual, crowd, far };
extent draw_extent(draws& draw) {
  const std::int64_t kind = draw.between(0, 99);
  return kind < 5 ? extent::crowd : kind < 10 ? extent::far : extent::usual;
}
std::int64_t draw_crowd(draws& draw) { return draw.one_of({33, 64, 100}); }
std::int64_t draw_many_parts(draws& draw) { return draw.one_of({0, 132, 160}); }

std::vector<std::int64_t> draw_lengths(draws& draw, std::int64_t b, std::int64_t longest) {
  std::vector<std::int64_t> all;
  const std::int64_t kind = draw.weighted({{40, 0}, {35, 1}, {25, 2}});
  for (std::int64_t n = 0; n < b; ++n)
    all.push_back(kind == 0 ? longest
                  : kind == 2 && draw.chance(60)
                      ? 0
                      : std::min(longest, draw.chance(50) ? draw_keys(draw) : draw.between(0, longest)));
  all[static_cast<std::size_t>(draw.between(0, b - 1))] = longest;
  return all;
}

double draw_scale(draws& draw, std::int64_t d) {
  const std::int64_t kind = draw.between(0, 99);
  return kind < 50   ? 0
         : kind < 75 ? mla::model_softmax_scale(192, 16384, 4096, 40, 1)
         : kind < 90 ? 1 / static_cast<double>(d)
                     : 0.25;
}

// Gives up sequences, query tokens and heads until the case is affordable.
template <class Problem>
void afford(draws& draw, double keys, Problem& p) {
  const double grace = draw.chance(3) ? 10 : 1;
  const auto rows = [&] { return static_cast<double>(p.b * p.sq * p.hq); };
  const auto fits = [&] {
    return rows() * keys * static_cast<double>(p.d + p.dv) <= grace * most_products &&
           rows() * static_cast<double>(p.dv) <= grace * most_outputs;
  };
  while (p.b > 1 && !fits()) p.b = (p.b + 1) / 2;
  while (p.sq > 1 && !fits()) p.sq = (p.sq + 1) / 2;
  constexpr std::int64_t fewer_heads[] = {64, 63, 16, 9, 3, 1};
  for (const std::int64_t heads : fewer_heads)
    if (!fits() && heads < p.hq) p.hq = heads;
}

std::int64_t up(std::int64_t x, std::int64_t step) { return (x + step - 1) / step; }

std::int64_t pages_of(const decode_problem& p) {
  std::int64_t pages = 0;
  for (const std::int64_t length : p.cache_seqlens) pages += up(length, p.page_size);
  return pages;
}

std::int64_t draw_page_size(draws& draw) {
  return draw.weighted({{60, 64}, {8, 1}, {6, 2}, {6, 3}, {10, 16}, {5, 61}, {5, 256}});
}

std::int64_t draw_parts(draws& draw) {
  switch (draw.weighted({{20, 0}, {15, 1}, {40, 2}, {25, 3}})) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return draw.between(2, 16);
    default:
      return draw.between(17, 132);
  }
}

// Pages, or rows of keys, that end beyond 2^31 elements: `width` is that of a row of them.
std::int64_t far_page_gap(std::int64_t& pages, std::int64_t width) {
  pages = std::max(pages, least_far_rows);
  return far_gap(pages, 64) / width + 1;
}
bool few_enough(std::int64_t rows) { return rows <= most_far_rows; }
// Queries have the gap of the keys: more of them than this, and nothing addresses them.
bool few_beside(std::int64_t queries, std::int64_t keys) { return few_enough(queries) && queries < 4 * keys; }
constexpr int far_percent = 5;

void spread_pages(draws draw, decode_problem& p) {
  if (few_enough(p.num_pages) && draw.chance(far_percent))
    p.page_gap = far_page_gap(p.num_pages, p.hk * (p.d + p.gap));
}
void spread_pages(draws draw, decode_indices_problem& p) {
  if (p.format == mla::kv_format::model1 || p.extra_num_pages > p.num_pages || !few_enough(p.num_pages))
    return;
  if (!draw.chance(far_percent)) return;
  p.page_gap = p.format == mla::kv_format::plain ? far_page_gap(p.num_pages, p.d + p.gap)
                                                 : 64 * far_page_gap(p.num_pages, 64);
}
void spread_rows(draws draw, prefill_problem& p) {
  const std::int64_t keys = p.b * p.capacity * p.hk, queries = p.b * p.sq * p.hq;
  if (keys >= least_far_rows && few_enough(keys) && few_beside(queries, keys) && draw.chance(far_percent))
    p.gap = far_gap(keys, draw.chance(70) ? 8 : 1);
}
void spread_rows(draws draw, prefill_indices_problem& p) {
  if (p.skv >= least_far_rows && few_enough(p.skv) && few_beside(p.sq * p.hq, p.skv) &&
      draw.chance(far_percent))
    p.gap = far_gap(p.skv, draw.chance(70) ? 8 : 1);
}

std::vector<std::int64_t> draw_list_lengths(draws& draw, std::int64_t count, std::int64_t topk) {
  std::vector<std::int64_t> all;
  for (std::int64_t n = 0; n < count; ++n) all.push_back(draw.chance(20) ? 0 : draw.between(0, topk));
  all[static_cast<std::size_t>(draw.between(0, count - 1))] = topk;
  return all;
}

}  // namespace

prefill_problem draw_prefill(const contract& promised, std::string_view, std::uint64_t seed,
                             std::uint64_t index) {
  draws draw(seed, index, "prefill shape of " + std::string(name_of(promised.in)));
  prefill_problem p;
  p.type = promised.in;
  if (!draw.chance(50)) {
    p.d = draw.one_of({8, 16, 40, 64, 100, 128, 192});
    p.dv = draw.chance(50) ? p.d : draw.one_of({8, 16, 24, 64, 128});
  }
  p.sq = draw.one_of({1, 2, 32, 64, 128, 255, 256, 257, 512});
  const std::int64_t before = draw.chance(40) ? draw_keys(draw) : 0;
  if (p.sq >= 255) p.d = p.sq == 512 ? 40 : 64, p.dv = 32;
  p.hq = draw_heads(draw);
  p.b = draw.one_of({1, 1, 2, 3, 8, 16, 32});
  const std::int64_t longest = p.sq + before;
  const auto fits = [&] {
    const auto rows = static_cast<double>(p.b * p.hq * p.sq), keys = static_cast<double>(longest);
    return rows * keys * static_cast<double>(p.d + p.dv) <= most_prefill_products &&
           rows * static_cast<double>(p.dv) <= most_outputs;
  };
  constexpr std::int64_t fewer_heads[] = {64, 63, 16, 9, 3, 1};
  const bool heads_first = draw.chance(50);
  for (const bool heads_now : {heads_first, !heads_first}) {
    if (heads_now)
      for (const std::int64_t heads : fewer_heads) p.hq = fits() ? p.hq : std::min(p.hq, heads);
    else
      while (p.b > 1 && !fits()) p.b = (p.b + 1) / 2;
  }
  if (p.hq % 3 == 0 && draw.chance(20))
    p.hk = p.hq / 3;
  else
    p.hk = p.hq;
  p.causal = draw.chance(55);
  p.cache_seqlens = draw_lengths(draw, p.b, longest);
  p.capacity = longest + (draw.chance(40) ? draw.between(1, 9) : 0);
  p.gap = draw_row_gap(draw);
  p.softmax_scale = draw_scale(draw, p.d);
  spread_rows(draws(seed, index, "far rows of prefill"), p);
  return p;
}

decode_problem draw_decode(const contract& promised, std::string_view, std::uint64_t seed,
                           std::uint64_t index) {
  draws draw(seed, index, "decode shape of " + std::string(name_of(promised.in)));
  decode_problem p;
  p.type = promised.in;
  const widths w = draw_latent(draw, draw.chance(40));
  p.d = w.d, p.dv = w.dv;
  p.hq = draw_heads(draw);
  p.sq = draw.one_of({1, 1, 1, 2, 2, 3, 4, 7});
  p.b = draw.one_of({1, 1, 2, 3, 8, 16, 32});
  std::int64_t longest = draw_keys(draw);
  const extent reach = draw_extent(draw);
  if (reach != extent::usual) p.d = 24, p.dv = 16, p.sq = 1, p.hq = draw.one_of({1, 3});
  if (reach == extent::crowd) p.b = draw_crowd(draw), longest = draw.between(1, 70);
  if (reach == extent::far) p.b = draw.one_of({1, 2}), longest = draw.between(7'000, 26'000);
  afford(draw, static_cast<double>(longest), p);
  if (p.hq % 3 == 0 && draw.chance(20)) p.hk = p.hq / 3;
  p.cache_seqlens = draw_lengths(draw, p.b, longest);
  p.page_size = reach == extent::far ? draw.one_of({16, 61, 64}) : draw_page_size(draw);
  p.max_pages = up(longest, p.page_size) + (draw.chance(40) ? draw.between(1, 5) : 0);
  p.num_pages = std::max<std::int64_t>(1, pages_of(p) + draw.between(0, 3));
  p.gap = draw_row_gap(draw);
  p.page_gap = draw.chance(25) ? draw.between(1, 3) : 0;
  p.causal = draw.chance(50);
  p.softmax_scale = draw_scale(draw, p.d);
  p.num_sm_parts = reach == extent::far ? draw_many_parts(draw) : draw_parts(draw);
  spread_pages(draws(seed, index, "far pages of decode"), p);
  return p;
}

decode_indices_problem draw_decode_indices(const contract& promised, std::string_view, std::uint64_t seed,
                                           std::uint64_t index) {
  draws draw(seed, index, "decode_indices shape of " + std::string(name_of(promised.in)));
  decode_indices_problem p;
  p.type = promised.in;
  const std::int64_t kind = draw.weighted({{45, 0}, {40, 1}, {15, 2}});
  p.format = kind == 0 ? mla::kv_format::plain : kind == 1 ? mla::kv_format::v32 : mla::kv_format::model1;
  const extent reach = draw_extent(draw);
  const bool real = draw.chance(50) && reach == extent::usual;
  const widths w = draw_latent(draw, real);
  p.d = w.d, p.dv = w.dv;
  if (p.format != mla::kv_format::plain) {
    const std::int64_t tile = p.format == mla::kv_format::v32 ? 128 : 64;
    const std::int64_t latent = real ? (tile == 128 ? 512 : 448) : tile * draw.between(1, 3);
    p.qk_rope_head_dim = real ? 64 : draw.one_of({8, 16, 64});
    p.d = latent + p.qk_rope_head_dim;
    p.dv = tile == 64 && real ? 512 : draw.chance(80) ? latent : p.d;
  }
  p.hq = draw_heads(draw);
  p.sq = draw.one_of({1, 1, 1, 2, 3});
  p.b = draw.one_of({1, 1, 2, 3, 8, 16});
  p.topk = draw.chance(50) ? 64 * draw.between(1, 4) : draw_keys(draw);
  if (draw.chance(30)) p.extra_topk = draw.chance(50) ? 64 : draw.between(1, 130);
  if (reach != extent::usual) p.sq = 1, p.hq = draw.one_of({1, 3});
  if (reach == extent::crowd) p.b = draw_crowd(draw), p.topk = draw.between(1, 40);
  if (reach == extent::far) p.b = 1, p.topk = draw.between(7'000, 12'000);
  afford(draw, static_cast<double>(p.topk + p.extra_topk), p);
  if (draw.chance(35)) p.topk_length = draw_list_lengths(draw, p.b, p.topk);
  p.page_size = draw_page_size(draw);
  p.num_pages =
      std::max<std::int64_t>(1, up(std::max<std::int64_t>(p.topk, 2) + draw.between(0, 70), p.page_size));
  if (p.extra_topk > 0) {
    p.extra_page_size = draw_page_size(draw);
    p.extra_num_pages = up(p.extra_topk + draw.between(0, 30), p.extra_page_size);
    if (draw.chance(50)) p.extra_topk_length = draw_list_lengths(draw, p.b, p.extra_topk);
  }
  if (p.format == mla::kv_format::plain) p.gap = draw_row_gap(draw);
  if (p.format != mla::kv_format::model1 && draw.chance(25))
    p.page_gap = p.format == mla::kv_format::plain ? draw.between(1, 3) : 16 * draw.between(1, 9);
  p.has_sink = draw.chance(35);
  p.softmax_scale = draw_scale(draw, p.d);
  p.num_sm_parts = reach == extent::far ? draw_many_parts(draw) : draw_parts(draw);
  p.invalid_percent = draw.weighted({{50, 0}, {25, 10}, {20, 50}, {5, 95}});
  p.duplicate_percent = draw.weighted({{60, 0}, {25, 10}, {15, 50}});
  spread_pages(draws(seed, index, "far pages of decode_indices"), p);
  return p;
}

prefill_indices_problem draw_prefill_indices(const contract& promised, std::string_view, std::uint64_t seed,
                                             std::uint64_t index) {
  draws draw(seed, index, "prefill_indices shape of " + std::string(name_of(promised.in)));
  prefill_indices_problem p;
  p.type = promised.in;
  const widths w = draw_latent(draw, draw.chance(40));
  p.d = w.d, p.dv = w.dv;
  p.hq = draw_heads(draw);
  p.sq = draw.one_of({1, 2, 3, 17, 32, 64});
  p.topk = draw.chance(50) ? 64 * draw.between(1, 4) : draw_keys(draw);
  const auto fits = [&] {
    const double rows = static_cast<double>(p.sq * p.hq);
    return rows * static_cast<double>(p.topk * (p.d + p.dv)) <= most_products &&
           rows * static_cast<double>(p.dv) <= most_outputs;
  };
  while (p.sq > 1 && !fits()) p.sq = (p.sq + 1) / 2;
  constexpr std::int64_t fewer_heads[] = {64, 63, 16, 9, 3, 1};
  for (const std::int64_t heads : fewer_heads)
    if (!fits() && heads < p.hq) p.hq = heads;
  p.skv = std::max<std::int64_t>(1, p.topk + draw.between(-20, 70));
  if (draw.chance(35)) p.topk_length = draw_list_lengths(draw, p.sq, p.topk);
  p.gap = draw_row_gap(draw);
  p.has_sink = draw.chance(35);
  p.softmax_scale = draw_scale(draw, p.d);
  p.invalid_percent = draw.weighted({{50, 0}, {25, 10}, {20, 50}, {5, 95}});
  p.duplicate_percent = draw.weighted({{60, 0}, {25, 10}, {15, 50}});
  spread_rows(draws(seed, index, "far rows of prefill_indices"), p);
  return p;
}

}  // namespace plumbline::generate
