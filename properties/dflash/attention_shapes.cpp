// Lengths come from the edges of a tile of 64 keys; what a case costs is bounded by giving up sequences and
// heads, then rows of the block, never the length under test.
#include "properties/dflash/attention_shapes.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "properties/dflash/sizes.hpp"

namespace plumbline::generate {

using dflash::attention_problem;
using dflash::int_list;

namespace {

constexpr std::int64_t most_products = 1'500'000, most_outputs = 16'000, most_weights = 60'000;
constexpr std::int64_t tile = 64;

std::int64_t most_keys(const attention_problem& p) {
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < p.b; ++i) most = std::max(most, keys_of(p, i));
  return most;
}

template <class Holds>
bool some(const attention_problem& p, Holds holds) {
  for (std::int64_t i = 0; i < p.b; ++i)
    if (holds(i)) return true;
  return false;
}

bool at_a_tile(const attention_problem& p) {
  return some(p, [&](std::int64_t i) {
    const std::int64_t rest = keys_of(p, i) % tile;
    return keys_of(p, i) > 2 && (rest < 2 || rest == tile - 1);
  });
}

bool new_rows_cross_a_tile(const attention_problem& p) {
  return some(p, [&](std::int64_t i) {
    return p.cache_seqlens[at(i)] > 0 && p.cache_seqlens[at(i)] / tile != (keys_of(p, i) - 1) / tile;
  });
}

bool aligned(const attention_problem& p) { return p.d % 8 == 0 && p.gap % 8 == 0; }

constexpr problem_class<attention_problem> rows[] = {
    {"several_sequences", 0.1, [](const attention_problem& p) { return p.b > 1; }},
    {"no_sequence", 0, [](const attention_problem& p) { return p.b == 0; }},
    {"ragged", 0.05,
     [](const attention_problem& p) {
       return some(p, [&](std::int64_t i) { return keys_of(p, i) != keys_of(p, 0); });
     }},
    {"empty_cache", 0.1,
     [](const attention_problem& p) {
       return some(p, [&](std::int64_t i) { return p.cache_seqlens[at(i)] == 0; });
     }},
    {"rows_in_use", 0.2,
     [](const attention_problem& p) {
       return some(p, [&](std::int64_t i) { return p.cache_seqlens[at(i)] > 0; });
     }},
    {"no_context", 0.05,
     [](const attention_problem& p) {
       return some(p, [&](std::int64_t i) { return p.context_lens[at(i)] == 0; });
     }},
    {"keys_at_a_tile", 0.1, at_a_tile},
    {"several_tiles", 0.15, [](const attention_problem& p) { return most_keys(p) > tile; }},
    {"new_rows_cross_a_tile", 0.05, new_rows_cross_a_tile},
    {"block_of_16", 0.1, [](const attention_problem& p) { return p.block_size == 16; }},
    {"block_of_1", 0.02, [](const attention_problem& p) { return p.block_size == 1; }},
    {"more_rows_than_a_tile", 0.05,
     [](const attention_problem& p) { return p.block_size * (p.hq / p.hk) > tile; }},
    {"several_heads_a_kv_head", 0.2, [](const attention_problem& p) { return p.hq > p.hk; }},
    {"several_kv_heads", 0.12, [](const attention_problem& p) { return p.hk > 1; }},
    {"heads_of_128", 0.04, [](const attention_problem& p) { return p.d == 128; }},
    {"heads_wider_than_a_tile", 0, [](const attention_problem& p) { return p.d > 128; }},
    {"broken_pieces", 0.1, [](const attention_problem& p) { return !aligned(p); }},
    {"whole_pieces", 0.15, [](const attention_problem& p) { return aligned(p); }},
    {"rows_of_the_cache_permuted", 0.02,
     [](const attention_problem& p) {
       return !std::is_sorted(p.cache_batch_idx.begin(), p.cache_batch_idx.end());
     }},
    {"rows_of_the_cache_named", 0.1, [](const attention_problem& p) { return !p.cache_batch_idx.empty(); }},
    {"full_cache", 0.1, [](const attention_problem& p) { return p.b > 0 && p.capacity == most_keys(p); }},
    {"mask", 0.07, [](const attention_problem& p) { return p.mask_batch > 0; }},
    {"mask_of_every_query", 0.03, [](const attention_problem& p) { return p.mask_rows > 1; }},
    {"mask_that_hides_nothing", 0,
     [](const attention_problem& p) { return p.mask_batch > 0 && p.hidden_percent == 0; }},
    {"bias", 0.07, [](const attention_problem& p) { return p.has_bias; }},
    {"own_scale", 0.07, [](const attention_problem& p) { return p.softmax_scale > 0; }},
    {"gap", 0.12, [](const attention_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0, [](const attention_problem& p) {
       return beyond_32_bits(p.batch_cache * p.capacity * p.hk, p.d + p.gap);
     }}};

// Rows in use before the call, so that the keys end where a tile does, or beside it, or anywhere.
std::int64_t draw_used(draws& draw, std::int64_t fresh) {
  const std::int64_t kind = draw.between(0, 99);
  if (kind < 25) return 0;
  if (kind < 65) {
    const std::int64_t edge = tile * draw.between(1, 3) + draw.between(-1, 1);
    return std::max<std::int64_t>(0, edge - fresh);
  }
  return kind < 85 ? draw.between(1, 40) : draw.between(41, 200);
}

void draw_places(draws& draw, attention_problem& p) {
  const std::int64_t most = most_keys(p);
  p.capacity = most + (draw.chance(45) ? 0 : draw.one_of({1, 3, 16}));
  p.batch_cache = p.b;
  if (!draw.chance(40)) {
    p.batch_cache += draw.chance(70) ? 0 : 1;
    return;
  }
  p.batch_cache = p.b + draw.between(0, 2);
  p.cache_batch_idx.resize(at(p.batch_cache));
  std::iota(p.cache_batch_idx.begin(), p.cache_batch_idx.end(), 0);
  for (std::size_t i = p.cache_batch_idx.size(); i-- > 1;)
    std::swap(p.cache_batch_idx[i], p.cache_batch_idx[at(draw.between(0, static_cast<std::int64_t>(i)))]);
  p.cache_batch_idx.resize(at(p.b));
}

void draw_mask(draws& draw, attention_problem& p) {
  if (!draw.chance(25)) return;
  p.mask_batch = draw.chance(50) ? 1 : p.b;
  p.mask_rows = draw.chance(40) ? 1 : p.block_size;
  p.hidden_percent = draw.one_of({0, 10, 50, 90, 100});
  p.context_lens.assign(at(p.b), p.context_lens[0]);
  p.cache_seqlens.assign(at(p.b), p.cache_seqlens[0]);
}

}  // namespace

attention_problem draw_dflash_attention(const contract& promised, std::string_view, std::uint64_t seed,
                                        std::uint64_t index) {
  draws draw(seed, index, "dflash attention of " + std::string(name_of(promised.in)));
  attention_problem p;
  p.type = promised.in;
  p.b = draw.one_of({1, 1, 2, 3});
  p.block_size = draw_block(draw);
  const head_counts heads = draw_head_counts(draw);
  p.hq = heads.hq, p.hk = heads.hk;
  p.d = draw.chance(3) ? 160 : draw.one_of({4, 8, 9, 16, 24, 37, 40, 64, 64, 80, 96, 128, 128});
  p.hidden_size = draw.one_of({1, 8, 24, 63, 64, 65, 130, 200});
  for (std::int64_t i = 0; i < p.b; ++i) {
    p.context_lens.push_back(draw_context(draw, p.block_size));
    p.cache_seqlens.push_back(draw_used(draw, p.context_lens.back() + p.block_size));
  }
  draw_mask(draw, p);
  p.has_bias = draw.chance(25);
  p.softmax_scale = draw.chance(70) ? 0 : draw.chance(50) ? 0.25 : 1 / static_cast<double>(p.d);
  p.gap = draw_row_gap(draw);
  if (draw.chance(1)) {
    p.b = 0, p.batch_cache = 2, p.capacity = 3;
    p.context_lens.clear(), p.cache_seqlens.clear();
    p.mask_batch = p.mask_rows = p.hidden_percent = 0;
    return p;
  }
  const auto fits = [&] {
    const std::int64_t outputs = p.b * p.block_size * p.hq * p.d;
    return outputs * 2 * most_keys(p) <= most_products && outputs <= most_outputs &&
           p.hidden_size * p.hq * p.d <= most_weights * 4;
  };
  while (p.b > 1 && !fits()) {
    if (p.mask_batch == p.b) p.mask_batch = p.b - 1;
    --p.b;
    p.context_lens.resize(at(p.b)), p.cache_seqlens.resize(at(p.b));
  }
  while (p.hk > 1 && !fits()) p.hq = p.hq / p.hk * (p.hk / 2), p.hk /= 2;
  while (p.hq / p.hk > 2 && !fits()) p.hq = (p.hq / p.hk + 1) / 2 * p.hk;
  while (p.block_size > 1 && !fits()) {
    const std::int64_t block = (p.block_size + 1) / 2;
    if (p.mask_rows == p.block_size) p.mask_rows = block;
    for (std::int64_t& used : p.cache_seqlens) used += p.block_size - block;
    p.block_size = block;
  }
  draw_places(draw, p);
  const std::int64_t fresh = new_row_starts(p).back() * p.hk;
  p.gap = draw_far_gap(draws(seed, index, "dflash attention far rows"), p.batch_cache * p.capacity * p.hk,
                       std::max(fresh, p.b * p.block_size * p.hq), p.gap);
  return p;
}

std::vector<attention_problem> smaller(const attention_problem& from) {
  edits<attention_problem> all(from);
  // The caches hold what the sequences need, and masks have their axes.
  const auto fit = [](attention_problem& p) {
    p.batch_cache = std::max<std::int64_t>(1, p.b);
    for (const std::int64_t row : p.cache_batch_idx) p.batch_cache = std::max(p.batch_cache, row + 1);
    p.capacity = std::max<std::int64_t>(1, most_keys(p));
  };
  for (std::int64_t i = 0; i < from.b && from.b > 1; ++i)
    all.add([&](attention_problem& p) {
      if (p.mask_batch == p.b) --p.mask_batch;
      --p.b;
      for (const auto list : {&attention_problem::context_lens, &attention_problem::cache_seqlens,
                              &attention_problem::cache_batch_idx})
        p.*list = without(p.*list, i);
      fit(p);
    });
  for (const std::int64_t block : {std::int64_t{1}, from.block_size / 2, from.block_size - 1})
    if (block > 0 && block < from.block_size)
      all.add([&](attention_problem& p) {
        if (p.mask_rows == p.block_size) p.mask_rows = block;
        p.block_size = block, fit(p);
      });
  for (const auto list : {&attention_problem::cache_seqlens, &attention_problem::context_lens})
    for (std::size_t i = 0; i < (from.*list).size(); ++i)
      for (const std::int64_t less : {std::int64_t{0}, (from.*list)[i] / 2, (from.*list)[i] - 1})
        if (less >= 0 && less < (from.*list)[i])
          all.add([&](attention_problem& p) {
            for (std::size_t n = 0; n < (p.*list).size(); ++n)
              if (n == i || p.mask_batch > 0) (p.*list)[n] = less;
            fit(p);
          });
  all.add([](attention_problem& p) { p.hq = p.hk = 1; });
  all.add([](attention_problem& p) { p.hq /= p.hk, p.hk = 1; });
  all.add([](attention_problem& p) { p.hq = p.hk; });
  fewer(from, &attention_problem::d, 1, all);
  fewer(from, &attention_problem::hidden_size, 1, all);
  all.add([&](attention_problem& p) { p.cache_batch_idx.clear(), fit(p); });
  all.add(fit);
  all.add([](attention_problem& p) { p.mask_batch = p.mask_rows = p.hidden_percent = 0; });
  all.add([](attention_problem& p) { p.gap = 0; });
  all.add([](attention_problem& p) { p.has_bias = false; });
  all.add([](attention_problem& p) { p.softmax_scale = 0; });
  return all.take();
}

std::span<const problem_class<attention_problem>> dflash_attention_classes() { return rows; }

}  // namespace plumbline::generate
