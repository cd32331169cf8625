// The classes of problems with a cache.
#include "properties/generate/far_rows.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/policy_classes.hpp"

namespace plumbline::generate {

using quantize::cache_layout;
using quantize::dequantize_problem;
using quantize::store_problem;

namespace {

bool beside_a_width(std::int64_t n) {
  for (const std::int64_t width : {8, 16, 32, 64, 128})
    if (n == width - 1 || n == width || n == width + 1) return true;
  return false;
}

template <class P>
constexpr problem_class<P> cache_rows[] = {
    {"layout_rows", 0.15, [](const P& p) { return p.layout == cache_layout::rows; }},
    {"layout_pages", 0.08, [](const P& p) { return p.layout == cache_layout::pages; }},
    {"layout_split", 0.05, [](const P& p) { return p.layout == cache_layout::split; }},
    {"scales_e8m0", 0.02, [](const P& p) { return p.scale_type == dtype::e8m0; }},
    {"row_of_656_bytes", 0,  // needs 16-bit elements: f32 has none
     [](const P& p) { return p.layout == cache_layout::rows && slot_bytes(p) == 656; }},
    {"no_rotary", 0.07, [](const P& p) { return p.d == p.dv; }},
    {"tile_128", 0.1, [](const P& p) { return p.tile == 128; }},
    {"tile_64", 0.01, [](const P& p) { return p.tile == 64; }},
    {"tile_below_32", 0.05, [](const P& p) { return p.tile < 32; }},
    {"tile_not_multiple_of_16", 0.02, [](const P& p) { return p.tile % 16 != 0; }},
    {"odd_tiles_of_8", 0, [](const P& p) { return p.tile == 8 && p.dv % 16 != 0; }},
    {"page_gap", 0.07, [](const P& p) { return p.page_gap > 0; }},
    {"gap", 0.15, [](const P& p) { return p.gap > 0; }},
    {"pages_beyond_32_bits", 0.01, [](const P& p) { return beyond_32_bits(p.num_pages, page_stride(p)); }},
    {"rows_beyond_32_bits", 0, [](const P& p) { return beyond_32_bits(p.tokens, p.d + p.gap); }},
    {"no_token", 0.01, [](const P& p) { return p.tokens == 0; }},
    {"one_token", 0.06, [](const P& p) { return p.tokens == 1; }},
    {"tokens_beside_a_width", 0.1, [](const P& p) { return beside_a_width(p.tokens); }}};

constexpr problem_class<store_problem> store_rows[] = {
    {"separate", 0.1, [](const store_problem& p) { return p.separate; }},
    {"slots", 0.12, [](const store_problem& p) { return p.has_slots; }}};

constexpr problem_class<dequantize_problem> dequantize_rows[] = {
    {"indices", 0.12, [](const dequantize_problem& p) { return p.has_indices; }},
    {"more_rows_than_slots", 0.03, [](const dequantize_problem& p) { return p.tokens > slots(p); }},
    {"zero_rows", 0.08, [](const dequantize_problem& p) { return p.extra > 0; }},
    {"out_in_another_type", 0.1,
     [](const dequantize_problem& p) { return p.out_type != p.type && p.out_type != dtype::e4m3; }},
    {"out_in_codes", 0.03, [](const dequantize_problem& p) { return p.out_type == dtype::e4m3; }}};

template <class P, std::size_t N>
std::vector<problem_class<P>> joined(std::vector<problem_class<P>> all, const problem_class<P> (&own)[N]) {
  all.insert(all.end(), std::begin(own), std::end(own));
  return all;
}

}  // namespace

std::span<const problem_class<store_problem>> store_classes() {
  static const auto all = joined(with_policies<false>(cache_rows<store_problem>), store_rows);
  return all;
}

std::span<const problem_class<dequantize_problem>> dequantize_classes() {
  static const auto all =
      joined(std::vector<problem_class<dequantize_problem>>(std::begin(cache_rows<dequantize_problem>),
                                                            std::end(cache_rows<dequantize_problem>)),
             dequantize_rows);
  return all;
}

}  // namespace plumbline::generate
