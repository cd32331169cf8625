// A module costs what its weights do, so widths shrink as heads grow and tokens as all of them do.  The real
// dimensions come up a few times in a thousand, with one token.
#include "properties/mla/forward_shapes.hpp"

#include <string>

#include "properties/mla/sizes.hpp"

namespace plumbline::generate {

using mla::attention_form;
using mla::forward_problem;

namespace {

constexpr std::int64_t most_products = 2'000'000, most_cached = 60'000;

bool of_16b(const forward_problem& p) {
  return p.dim == 2048 && p.n_heads == 16 && p.q_lora_rank == 0 && p.kv_lora_rank == 512 &&
         p.qk_head_dim() == 192 && p.v_head_dim == 128;
}

bool is_odd(const forward_problem& p) {
  for (const std::int64_t width :
       {p.dim, p.q_lora_rank, p.kv_lora_rank, p.qk_nope_head_dim, p.qk_rope_head_dim, p.v_head_dim})
    if (width % 8 != 0) return true;
  return false;
}

constexpr problem_class<forward_problem> rows[] = {
    {"naive", 0.16, [](const forward_problem& p) { return p.form == attention_form::naive; }},
    {"absorb", 0.16, [](const forward_problem& p) { return p.form == attention_form::absorb; }},
    {"query_through_a_latent", 0.15, [](const forward_problem& p) { return p.q_lora_rank > 0; }},
    {"weight_in_codes", 0.1, [](const forward_problem& p) { return p.weight_type == dtype::e4m3; }},
    {"tokens_before", 0.2, [](const forward_problem& p) { return p.start_pos > 0; }},
    {"nothing_before", 0.1, [](const forward_problem& p) { return p.start_pos == 0; }},
    {"several_tokens", 0.15, [](const forward_problem& p) { return p.sq > 1; }},
    {"several_tokens_causal", 0.08, [](const forward_problem& p) { return p.sq > 1 && p.causal; }},
    {"several_tokens_without_a_mask", 0.05, [](const forward_problem& p) { return p.sq > 1 && !p.causal; }},
    {"several_sequences", 0.2, [](const forward_problem& p) { return p.b > 1; }},
    {"batch_of_8_and_more", 0.03, [](const forward_problem& p) { return p.b >= 8; }},
    {"more_than_a_page", 0.05, [](const forward_problem& p) { return p.end_pos() > 64; }},
    {"caches_of_more_sequences", 0.1, [](const forward_problem& p) { return p.max_batch_size > p.b; }},
    {"caches_of_more_tokens", 0.15, [](const forward_problem& p) { return p.max_seq_len > p.end_pos(); }},
    {"scale_of_the_caller", 0.08, [](const forward_problem& p) { return p.softmax_scale > 0; }},
    {"heads_that_no_tile_divides", 0.05,
     [](const forward_problem& p) {
       return p.n_heads == 3 || p.n_heads == 9 || p.n_heads == 63 || p.n_heads == 126;
     }},
    {"heads_of_a_model", 0.03, [](const forward_problem& p) { return p.n_heads == 16 || p.n_heads == 128; }},
    {"not_multiple_of_8", 0.1, is_odd},
    {"no_token", 0, [](const forward_problem& p) { return p.b * p.sq == 0; }},
    {"dimensions_of_16b", 0, of_16b}};

// Products of one token, all projections together.
std::int64_t products_a_token(const forward_problem& p) {
  const std::int64_t q = p.n_heads * p.qk_head_dim(), from = p.q_lora_rank > 0 ? p.q_lora_rank : p.dim;
  return p.q_lora_rank * p.dim + q * from + (p.kv_lora_rank + p.qk_rope_head_dim) * p.dim +
         p.n_heads * (p.qk_nope_head_dim + p.v_head_dim) * (p.kv_lora_rank + 1) +
         p.dim * p.n_heads * p.v_head_dim;
}

void draw_widths(forward_problem& p, draws& draw) {
  const std::int64_t most = p.n_heads > 16 ? 2 : p.n_heads > 4 ? 4 : 9;  // eights
  const auto width = [&](std::int64_t eights) {
    const std::int64_t w = 8 * draw.between(1, eights);
    return draw.chance(10) ? w - draw.between(1, 7) : w;
  };
  p.dim = width(most);
  p.q_lora_rank = draw.chance(50) ? width(most) : 0;
  p.kv_lora_rank = width(most);
  p.qk_nope_head_dim = width((most + 1) / 2);
  p.qk_rope_head_dim = draw.chance(50) ? 8 * draw.between(1, 2) : 2 * draw.between(1, 8);
  p.v_head_dim = width((most + 1) / 2);
}

}  // namespace

forward_problem draw_forward(const contract& promised, std::string_view, std::uint64_t seed,
                             std::uint64_t index) {
  draws draw(seed, index, "forward shape of " + std::string(name_of(promised.in)));
  forward_problem p;
  p.type = p.cache_type = promised.in;
  p.weight_type = draw.chance(35) ? dtype::e4m3 : p.type;
  p.form = draw.chance(50) ? attention_form::naive : attention_form::absorb;
  p.causal = draw.chance(60);
  if (draw.chance(35)) p.softmax_scale = 0.25 * static_cast<double>(draw.between(1, 6));
  if (draw.between(0, 999) < 7) {
    p.start_pos = draw.between(0, 2);
  } else {
    p.n_heads = draw.chance(85) ? draw.one_of({1, 2, 3, 9, 16}) : draw_heads(draw);
    draw_widths(p, draw);
    p.b = draw.chance(15) ? draw.one_of({8, 16, 32}) : draw.between(1, 3);
    p.sq = draw.chance(50) ? 1 : draw.chance(80) ? draw.between(2, 9) : draw.one_of({32, 64, 65});
    if (draw.chance(1)) (draw.chance(50) ? p.b : p.sq) = 0;
    p.start_pos = draw.chance(35) ? 0 : draw.chance(70) ? draw.between(1, 40) : draw.between(41, 200);
    const std::int64_t each = products_a_token(p);
    p.b = affordable(p.b, each, most_products);
    p.sq = affordable(p.sq, p.b * each, most_products);
    p.start_pos = affordable(p.start_pos, p.b * p.n_heads * (p.qk_head_dim() + p.v_head_dim), most_cached);
  }
  p.max_batch_size = std::max<std::int64_t>(1, p.b) + (draw.chance(40) ? draw.between(1, 2) : 0);
  p.max_seq_len = std::max<std::int64_t>(1, p.end_pos()) + (draw.chance(60) ? draw.between(1, 5) : 0);
  p.rotary_rows = p.max_seq_len + (draw.chance(20) ? 3 : 0);
  return p;
}

std::vector<forward_problem> smaller(const forward_problem& from) {
  edits<forward_problem> all(from);
  // What holds tokens follows their number.
  const auto fit = [](forward_problem& p) {
    p.max_batch_size = std::max<std::int64_t>(1, p.b);
    p.max_seq_len = p.rotary_rows = std::max<std::int64_t>(1, p.end_pos());
  };
  const auto fitting = [&](std::int64_t forward_problem::*member, std::int64_t least) {
    for (const std::int64_t value : {least, from.*member / 2, from.*member - 1})
      if (value >= least && value < from.*member)
        all.add([&](forward_problem& p) { p.*member = value, fit(p); });
  };
  fitting(&forward_problem::b, 1);
  fitting(&forward_problem::sq, 1);
  fitting(&forward_problem::start_pos, 0);
  fewer(from, &forward_problem::n_heads, 1, all);
  fewer(from, &forward_problem::q_lora_rank, 0, all);
  fewer(from, &forward_problem::dim, 1, all);
  fewer(from, &forward_problem::kv_lora_rank, 1, all);
  fewer(from, &forward_problem::qk_nope_head_dim, 1, all);
  fewer(from, &forward_problem::v_head_dim, 1, all);
  for (const std::int64_t rope : {std::int64_t{2}, from.qk_rope_head_dim / 4 * 2, from.qk_rope_head_dim - 2})
    all.add([&](forward_problem& p) { p.qk_rope_head_dim = rope; });
  all.add(fit);
  all.add([](forward_problem& p) { p.softmax_scale = 0; });
  all.add([](forward_problem& p) { p.causal = false; });
  all.add([](forward_problem& p) { p.weight_type = p.type; });
  return all.take();
}

std::span<const problem_class<forward_problem>> forward_classes() { return rows; }

}  // namespace plumbline::generate
