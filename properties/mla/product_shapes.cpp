#include "properties/mla/product_shapes.hpp"

#include <string>

#include "properties/mla/sizes.hpp"

namespace plumbline::generate {

using mla::project_problem;
using mla::projection;

namespace {

constexpr std::int64_t most_products = 1'500'000, most_results = 60'000;

bool of_model(const project_problem& p, std::int64_t dim, std::int64_t heads) {
  if (p.kind == projection::linear) return p.in_features == dim && p.out_features == 576;
  return p.heads == heads && p.qk_nope_head_dim == 128 && p.v_head_dim == 128 && p.kv_lora_rank == 512;
}

bool is_odd(const project_problem& p) {
  const auto shape = shape_of(p);
  return shape.inner % 8 != 0 || shape.outer % 8 != 0;
}

constexpr problem_class<project_problem> rows[] = {
    {"linear", 0.12, [](const project_problem& p) { return p.kind == projection::linear; }},
    {"absorb_query", 0.1, [](const project_problem& p) { return p.kind == projection::absorb_query; }},
    {"absorb_output", 0.1, [](const project_problem& p) { return p.kind == projection::absorb_output; }},
    {"weight_in_codes", 0.15, [](const project_problem& p) { return p.weight_type == dtype::e4m3; }},
    {"heads_of_128_rows", 0.06,
     [](const project_problem& p) {
       return p.kind != projection::linear && p.qk_nope_head_dim == 128 && p.v_head_dim == 128;
     }},
    {"heads_share_scale_blocks", 0.04,
     [](const project_problem& p) {
       return p.kind != projection::linear && p.weight_type == dtype::e4m3 && p.qk_nope_head_dim % 128 != 0;
     }},
    {"odd_eights", 0.1,
     [](const project_problem& p) { return odd_eights(shape_of(p).inner) || odd_eights(shape_of(p).outer); }},
    {"not_multiple_of_8", 0.05, is_odd},
    {"several_k_tiles", 0.1, [](const project_problem& p) { return shape_of(p).inner > 128; }},
    {"heads_that_no_tile_divides", 0.04,
     [](const project_problem& p) {
       return p.kind != projection::linear &&
              (p.heads == 3 || p.heads == 9 || p.heads == 63 || p.heads == 126);
     }},
    {"dimensions_of_16b", 0, [](const project_problem& p) { return of_model(p, 2048, 16); }},
    {"dimensions_of_671b", 0, [](const project_problem& p) { return of_model(p, 7168, 128); }},
    {"gap", 0.12, [](const project_problem& p) { return p.gap > 0; }},
    {"one_token", 0.05, [](const project_problem& p) { return p.tokens == 1; }},
    {"tokens_at_a_width", 0.1, [](const project_problem& p) { return beside_a_width(p.tokens); }},
    {"more_tokens_than_a_tile", 0.05, [](const project_problem& p) { return p.tokens > 64; }}};

std::int64_t draw_features(draws& draw) {
  const std::int64_t kind = draw.between(0, 99);
  return kind < 40   ? draw_odd_eights(draw)
         : kind < 60 ? draw.one_of({1, 7, 33, 100, 129, 257})
                     : draw.one_of({16, 64, 128, 192, 384, 512, 576});
}

}  // namespace

project_problem draw_project(const contract& promised, std::string_view, std::uint64_t seed,
                             std::uint64_t index) {
  draws draw(seed, index, "project shape of " + std::string(name_of(promised.in)));
  project_problem p;
  p.type = promised.in;
  p.weight_type = draw.chance(50) ? dtype::e4m3 : p.type;
  p.kind = static_cast<projection>(draw.weighted({{40, 0}, {30, 1}, {30, 2}}));
  const std::int64_t model = draw.between(0, 199);  // the real dimensions, with few tokens
  if (model < 5) {
    const bool large = model < 2;
    p.heads = large ? 128 : 16;
    if (p.kind == projection::linear) p.heads = 1, p.in_features = large ? 7168 : 2048, p.out_features = 576;
    p.tokens = draw.between(1, 2);
    p.gap = draw.chance(50) ? 64 : 0;
    return p;
  }
  if (p.kind == projection::linear) {
    p.in_features = draw_features(draw);
    p.out_features = draw_features(draw);
  } else if (draw.chance(40)) {
    p.kv_lora_rank = draw.one_of({128, 256, 512});
    p.heads = draw.between(1, 4);
  } else {
    p.qk_nope_head_dim = draw.chance(60) ? draw_odd_eights(draw) : draw.one_of({16, 64, 33});
    p.v_head_dim = draw.chance(60) ? draw_odd_eights(draw) : draw.one_of({16, 64, 7});
    p.kv_lora_rank = draw.chance(70) ? draw_odd_eights(draw) : draw.one_of({16, 64, 130});
    p.heads = draw_heads(draw);
  }
  const auto shape = shape_of(p);
  const std::int64_t heads = p.kind == projection::linear ? 1 : p.heads;
  p.tokens = affordable(draw_some_tokens(draw), heads * shape.inner * shape.outer, most_products);
  p.tokens = affordable(p.tokens, heads * (shape.outer + shape.inner), most_results);
  p.gap = draw_row_gap(draw);
  return p;
}

std::vector<project_problem> smaller(const project_problem& from) {
  edits<project_problem> all(from);
  fewer(from, &project_problem::tokens, 1, all);
  fewer(from, &project_problem::heads, 1, all);
  if (from.kind == projection::linear) {
    fewer(from, &project_problem::in_features, 1, all);
    fewer(from, &project_problem::out_features, 1, all);
  } else {
    fewer(from, &project_problem::qk_nope_head_dim, 1, all);
    fewer(from, &project_problem::v_head_dim, 1, all);
    fewer(from, &project_problem::kv_lora_rank, 1, all);
  }
  all.add([](project_problem& p) { p.gap = 0; });
  all.add([](project_problem& p) { p.weight_type = p.type; });
  return all.take();
}

std::span<const problem_class<project_problem>> project_classes() { return rows; }

}  // namespace plumbline::generate
