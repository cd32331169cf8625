#include "properties/mla/row_shapes.hpp"

#include <string>

#include "properties/generate/far_rows.hpp"
#include "properties/mla/sizes.hpp"

namespace plumbline::generate {

using mla::rms_norm_problem;
using mla::rotary_problem;
using mla::write_cache_problem;

namespace {

constexpr std::int64_t most_elements = 60'000;

std::int64_t page_stride(const write_cache_problem& p) {
  return (p.page_size + p.page_gap) * (p.kv_lora_rank + p.qk_rope_head_dim + p.gap);
}

// Rows of x beyond 2^31 elements.
void spread_rows(draws draw, std::int64_t rows, std::int64_t& gap) {
  if (rows < least_far_rows || rows > most_far_rows || !draw.chance(6)) return;
  gap = far_gap(rows, draw.chance(70) ? 8 : 1);
}

// Pages of the cache beyond 2^31 elements.
void spread_pages(draws draw, write_cache_problem& p) {
  if (!draw.chance(8)) return;
  p.num_pages = std::max(p.num_pages, least_far_rows);
  if (p.num_pages > most_far_rows) return;
  const std::int64_t row = p.kv_lora_rank + p.qk_rope_head_dim + p.gap;
  p.page_gap = far_gap(p.num_pages, 64) / row + 1;
}

std::int64_t rows_of(const rotary_problem& p) { return p.b * p.sq * p.heads; }

constexpr problem_class<rms_norm_problem> rms_norm_rows[] = {
    {"latent_of_512", 0.1, [](const rms_norm_problem& p) { return p.dim == 512; }},
    {"latent_of_1536", 0.05, [](const rms_norm_problem& p) { return p.dim == 1536; }},
    {"dim_odd_eights", 0.06, [](const rms_norm_problem& p) { return odd_eights(p.dim); }},
    {"dim_not_multiple_of_8", 0.04, [](const rms_norm_problem& p) { return p.dim % 8 != 0; }},
    {"weight_in_f32", 0.06, [](const rms_norm_problem& p) { return p.weight_type == dtype::f32; }},
    {"rotary_part_behind", 0.05, [](const rms_norm_problem& p) { return p.gap == 64; }},
    {"gap", 0.12, [](const rms_norm_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const rms_norm_problem& p) { return beyond_32_bits(p.tokens, p.dim + p.gap); }},
    {"no_eps", 0.02, [](const rms_norm_problem& p) { return p.eps == 0; }},
    {"one_token", 0.03, [](const rms_norm_problem& p) { return p.tokens == 1; }},
    {"tokens_at_a_width", 0.1, [](const rms_norm_problem& p) { return beside_a_width(p.tokens); }}};

constexpr problem_class<rotary_problem> rotary_rows[] = {
    {"d_64", 0.12, [](const rotary_problem& p) { return p.d == 64; }},
    {"d_odd_eights", 0.06, [](const rotary_problem& p) { return odd_eights(p.d); }},
    {"d_not_multiple_of_8", 0.05, [](const rotary_problem& p) { return p.d % 8 != 0; }},
    {"one_head", 0.05, [](const rotary_problem& p) { return p.heads == 1; }},
    {"heads_that_no_tile_divides", 0.1,
     [](const rotary_problem& p) { return p.heads == 3 || p.heads == 9 || p.heads == 63 || p.heads == 126; }},
    {"heads_of_a_model", 0.06, [](const rotary_problem& p) { return p.heads == 16 || p.heads == 128; }},
    {"start_behind_zero", 0.15, [](const rotary_problem& p) { return p.start_pos > 0; }},
    {"far_position", 0.02, [](const rotary_problem& p) { return p.start_pos > 1000; }},
    {"gap", 0.12, [](const rotary_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const rotary_problem& p) { return beyond_32_bits(rows_of(p), p.d + p.gap); }},
    {"several_sequences", 0.15, [](const rotary_problem& p) { return p.b > 1; }},
    {"one_token", 0.03, [](const rotary_problem& p) { return p.sq == 1; }},
    {"tokens_at_a_width", 0.03, [](const rotary_problem& p) { return beside_a_width(p.sq); }}};

constexpr problem_class<write_cache_problem> write_cache_rows[] = {
    {"row_of_576", 0.1,
     [](const write_cache_problem& p) { return p.kv_lora_rank == 512 && p.qk_rope_head_dim == 64; }},
    {"width_odd_eights", 0.05, [](const write_cache_problem& p) { return odd_eights(p.kv_lora_rank); }},
    {"width_not_multiple_of_8", 0.06,
     [](const write_cache_problem& p) { return p.kv_lora_rank % 8 != 0 || p.qk_rope_head_dim % 8 != 0; }},
    {"no_rotary", 0.03, [](const write_cache_problem& p) { return p.qk_rope_head_dim == 0; }},
    {"page_of_64", 0.06, [](const write_cache_problem& p) { return p.page_size == 64; }},
    {"page_of_1", 0.03, [](const write_cache_problem& p) { return p.page_size == 1; }},
    {"tokens_not_written", 0.1, [](const write_cache_problem& p) { return p.skip_percent > 0; }},
    {"nothing_written", 0.01, [](const write_cache_problem& p) { return p.skip_percent == 100; }},
    {"pages_beyond_32_bits", 0.02,
     [](const write_cache_problem& p) { return beyond_32_bits(p.num_pages, page_stride(p)); }},
    {"page_gap", 0.06, [](const write_cache_problem& p) { return p.page_gap > 0; }},
    {"gap", 0.12, [](const write_cache_problem& p) { return p.gap > 0; }},
    {"no_token", 0.005, [](const write_cache_problem& p) { return p.tokens == 0; }},
    {"one_token", 0.03, [](const write_cache_problem& p) { return p.tokens == 1; }},
    {"tokens_at_a_width", 0.06, [](const write_cache_problem& p) { return beside_a_width(p.tokens); }}};

}  // namespace

rms_norm_problem draw_rms_norm(const contract& promised, std::string_view regime, std::uint64_t seed,
                               std::uint64_t index) {
  draws draw(seed, index, "rms_norm shape of " + std::string(name_of(promised.in)));
  rms_norm_problem p;
  p.type = promised.in;
  const std::int64_t kind = draw.between(0, 99);
  p.dim = kind < 35   ? 512
          : kind < 52 ? 1536
          : kind < 72 ? draw_odd_eights(draw)
          : kind < 86 ? draw.one_of({1, 7, 33, 100, 255, 257, 513})
                      : draw.one_of({64, 128, 256, 2048, 7168});
  const std::int64_t weight = draw.between(0, 99);
  p.weight_type = weight < 70 ? p.type : weight < 90 ? dtype::f32 : dtype::bf16;
  p.tokens = affordable(draw_some_tokens(draw), p.dim, most_elements);
  p.gap = draw.chance(20) ? 64 : draw_row_gap(draw);
  const std::int64_t eps = draw.between(0, 99);
  p.eps = eps < 75 || regime == "near_eps" ? 1e-6 : eps < 88 ? 1e-5 : 0;
  spread_rows(draws(seed, index, "far rows of rms_norm"), p.tokens, p.gap);
  return p;
}

rotary_problem draw_rotary(const contract& promised, std::string_view, std::uint64_t seed,
                           std::uint64_t index) {
  draws draw(seed, index, "rotary shape of " + std::string(name_of(promised.in)));
  rotary_problem p;
  p.type = promised.in;
  const std::int64_t kind = draw.between(0, 99);
  p.d = kind < 45   ? 64
        : kind < 65 ? draw_odd_eights(draw)
        : kind < 85 ? draw.one_of({2, 4, 6, 10, 34, 66})
                    : draw.one_of({16, 32, 128, 512});
  p.heads = draw_heads(draw);
  p.sq = affordable(draw_some_tokens(draw), p.d * p.heads, most_elements);
  p.b = affordable(draw.chance(45) ? draw.between(2, 4) : 1, p.d * p.heads * p.sq, most_elements);
  const std::int64_t start = draw.between(0, 99);
  p.start_pos = start < 40 ? 0 : start < 92 ? draw.between(1, 300) : draw.between(1001, 4096);
  p.rotary_rows = p.start_pos + p.sq + (draw.chance(50) ? draw.between(1, 9) : 0);
  p.gap = draw.chance(20) ? 128 : draw_row_gap(draw);
  spread_rows(draws(seed, index, "far rows of rotary"), rows_of(p), p.gap);
  return p;
}

write_cache_problem draw_write_cache(const contract& promised, std::string_view, std::uint64_t seed,
                                     std::uint64_t index) {
  draws draw(seed, index, "write_cache shape of " + std::string(name_of(promised.in)));
  write_cache_problem p;
  p.type = promised.in;
  if (draw.chance(60)) {
    p.kv_lora_rank = draw.chance(50) ? draw_odd_eights(draw) : draw.one_of({1, 5, 16, 100, 128, 513});
    p.qk_rope_head_dim = draw.one_of({0, 1, 7, 8, 24, 64, 64});
  }
  const std::int64_t width = p.kv_lora_rank + p.qk_rope_head_dim;
  p.tokens = draw.chance(4) ? 0 : affordable(draw_some_tokens(draw), width, most_elements);
  p.page_size = draw.weighted({{30, 64}, {14, 1}, {10, 2}, {10, 3}, {12, 16}, {12, 61}, {12, 5}});
  p.num_pages = std::max<std::int64_t>(1, (p.tokens + p.page_size - 1) / p.page_size + draw.between(0, 2));
  p.gap = draw_row_gap(draw);
  p.page_gap = draw.chance(25) ? draw.between(1, 3) : 0;
  p.skip_percent = draw.chance(40) ? draw.one_of({10, 50, 50, 100}) : 0;
  spread_pages(draws(seed, index, "far pages of write_cache"), p);
  return p;
}

std::vector<rms_norm_problem> smaller(const rms_norm_problem& from) {
  edits<rms_norm_problem> all(from);
  fewer(from, &rms_norm_problem::tokens, 1, all);
  fewer(from, &rms_norm_problem::dim, 1, all);
  all.add([](rms_norm_problem& p) { p.weight_type = p.type; });
  all.add([](rms_norm_problem& p) { p.gap = 0; });
  all.add([](rms_norm_problem& p) { p.eps = 1e-6; });
  return all.take();
}

std::vector<rotary_problem> smaller(const rotary_problem& from) {
  edits<rotary_problem> all(from);
  fewer(from, &rotary_problem::b, 1, all);
  fewer(from, &rotary_problem::sq, 1, all);
  fewer(from, &rotary_problem::heads, 1, all);
  for (const std::int64_t d : {std::int64_t{2}, from.d / 4 * 2, from.d - 2})
    if (d >= 2 && d < from.d) all.add([d](rotary_problem& p) { p.d = d; });
  for (const std::int64_t start : {std::int64_t{0}, std::int64_t{1}, from.start_pos / 2})
    if (start < from.start_pos)
      all.add([start](rotary_problem& p) { p.start_pos = start, p.rotary_rows = start + p.sq; });
  all.add([](rotary_problem& p) { p.rotary_rows = p.start_pos + p.sq; });
  all.add([](rotary_problem& p) { p.gap = 0; });
  return all.take();
}

std::vector<write_cache_problem> smaller(const write_cache_problem& from) {
  edits<write_cache_problem> all(from);
  const auto fill = [](write_cache_problem& p) { p.num_pages = (p.tokens + p.page_size - 1) / p.page_size; };
  for (const std::int64_t tokens : {std::int64_t{1}, from.tokens / 2, from.tokens - 1})
    if (tokens >= 1 && tokens < from.tokens)
      all.add([&](write_cache_problem& p) { p.tokens = tokens, fill(p); });
  fewer(from, &write_cache_problem::kv_lora_rank, 1, all);
  fewer(from, &write_cache_problem::qk_rope_head_dim, 0, all);
  all.add([&](write_cache_problem& p) { p.page_size = 1, fill(p); });
  all.add(fill);
  all.add([](write_cache_problem& p) { p.gap = 0; });
  all.add([](write_cache_problem& p) { p.page_gap = 0; });
  all.add([](write_cache_problem& p) { p.skip_percent = 0; });
  return all.take();
}

std::span<const problem_class<rms_norm_problem>> rms_norm_classes() { return rms_norm_rows; }
std::span<const problem_class<rotary_problem>> rotary_classes() { return rotary_rows; }
std::span<const problem_class<write_cache_problem>> write_cache_classes() { return write_cache_rows; }

}  // namespace plumbline::generate
