// Problems of quantize as one line of text, and back.
//
// Defaults follow what was read before them (the policy's group, then tile and d, then the pages that the
// tokens fill), so a short line is a whole problem and a line is written in the order in which it is read.
#include <limits>

#include "reference/core/keyed_text.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::string_view cache_layouts[] = {"rows", "pages", "split"};
constexpr std::string_view scale_layouts[] = {"row_major", "column_major", "packed"};

dtype type_from(const keyed_text& text, std::string_view key, dtype fallback) {
  const std::string word = text.word(key, name_of(fallback));
  if (const auto type = dtype_from(word)) return *type;
  throw bad_argument(std::string(key), "expected bf16, f16, f32, e4m3, e8m0, i8 or u8, got \"" + word + "\"");
}

policy rule_from(const keyed_text& text) {
  const std::string name = text.word("policy", policy().name);
  if (const auto found = policy_named(name)) return *found;
  std::string known;
  for (const policy& one : policies) known += (known.empty() ? "" : ", ") + std::string(one.name);
  throw bad_argument("policy", "expected one of " + known + ", got \"" + name + "\"");
}

template <class Enum, std::size_t N>
Enum layout_from(const keyed_text& text, const std::string_view (&names)[N]) {
  const std::string word = text.word("layout", names[0]);
  for (std::size_t i = 0; i < N; ++i)
    if (word == names[i]) return static_cast<Enum>(i);
  std::string known(names[0]);
  for (std::size_t i = 1; i < N; ++i) known += ", " + std::string(names[i]);
  throw bad_argument("layout", "expected one of " + known + ", got \"" + word + "\"");
}

std::int64_t pages_for(std::int64_t tokens, std::int64_t page_size) {
  return page_size > 0 ? tokens / page_size + (tokens % page_size != 0) : 0;
}
std::int64_t usual_page(const cache_shape& p) {
  return p.layout == cache_layout::split ? 1 : cache_shape().page_size;
}
dtype usual_scale(const cache_shape& p) { return p.layout == cache_layout::pages ? dtype::e8m0 : dtype::f32; }
constexpr std::int64_t usual_rope = 64;

void write(keyed_text& text, const cache_shape& p, std::int64_t usual_tile, std::int64_t tokens) {
  const cache_shape fallback;
  text.put_word("dtype", name_of(p.type), name_of(fallback.type));
  text.put_word("layout", cache_layouts[static_cast<int>(p.layout)], cache_layouts[0]);
  text.put_word("scale_type", name_of(p.scale_type), name_of(usual_scale(p)));
  text.put("dv", p.dv, fallback.dv);
  text.put("tile", p.tile, usual_tile > 0 ? usual_tile : p.dv);
  text.put("d", p.d, p.dv + usual_rope);
  text.put("page_size", p.page_size, usual_page(p));
  text.put("num_pages", p.num_pages, pages_for(tokens, p.page_size));
  text.put("page_gap", p.page_gap, 0);
}

void read(const keyed_text& text, cache_shape& p, std::int64_t usual_tile, std::int64_t tokens) {
  p.type = type_from(text, "dtype", p.type);
  p.layout = layout_from<cache_layout>(text, cache_layouts);
  p.scale_type = type_from(text, "scale_type", usual_scale(p));
  p.dv = text.bounded("dv", p.dv);
  p.tile = text.bounded("tile", usual_tile > 0 ? usual_tile : p.dv);
  p.d = text.bounded("d", p.dv + usual_rope);
  p.page_size = text.bounded("page_size", usual_page(p));
  p.num_pages = text.bounded("num_pages", pages_for(tokens, p.page_size));
  p.page_gap = text.bounded("page_gap", 0);
}

}  // namespace

std::string to_text(const store_problem& p) {
  keyed_text text;
  text.put_word("policy", p.rule.name, policy().name);
  text.put("tokens", p.tokens, 1);
  write(text, p, p.rule.group, p.tokens);
  text.put("hk", p.hk, 1);
  text.put_flag("separate", p.separate, false);
  text.put_flag("has_slots", p.has_slots, false);
  text.put("gap", p.gap, 0);
  return text.str();
}

store_problem parse_store(const keyed_text& text) {
  store_problem p;
  p.rule = rule_from(text);
  p.tokens = text.bounded("tokens", 1);
  read(text, p, p.rule.group, p.tokens);
  p.hk = text.bounded("hk", 1);
  p.separate = text.flag("separate", false);
  p.has_slots = text.flag("has_slots", false);
  p.gap = text.bounded("gap", 0);
  return checked_problem(text, p);
}

std::string to_text(const dequantize_problem& p) {
  keyed_text text;
  text.put("tokens", p.tokens, 1);
  write(text, p, cache_shape().tile, p.tokens);
  text.put_flag("has_indices", p.has_indices, false);
  text.put("extra", p.extra, 0);
  text.put_word("out_type", name_of(p.out_type), name_of(p.type));
  text.put("gap", p.gap, 0);
  return text.str();
}

dequantize_problem parse_dequantize(const keyed_text& text) {
  dequantize_problem p;
  p.tokens = text.bounded("tokens", 1);
  read(text, p, cache_shape().tile, p.tokens);
  p.has_indices = text.flag("has_indices", false);
  p.extra = text.bounded("extra", 0);
  p.out_type = type_from(text, "out_type", p.type);
  p.gap = text.bounded("gap", 0);
  return checked_problem(text, p);
}

std::string to_text(const groups_problem& p) {
  const groups_problem fallback;
  keyed_text text;
  text.put_word("policy", p.rule.name, policy().name);
  text.put_word("dtype", name_of(p.type), name_of(fallback.type));
  text.put("rows", p.rows, fallback.rows);
  text.put("k", p.k, fallback.k);
  text.put("group_rows", p.group_rows, fallback.group_rows);
  text.put("group", p.group, p.rule.group > 0 ? p.rule.group : p.k);
  text.put_word("layout", scale_layouts[static_cast<int>(p.layout)], scale_layouts[0]);
  text.put("scale_ub", p.scale_ub, 0.0);
  text.put_flag("has_static", p.has_static, false);
  text.put("gap", p.gap, 0);
  return text.str();
}

groups_problem parse_groups(const keyed_text& text) {
  groups_problem p;
  p.rule = rule_from(text);
  p.type = type_from(text, "dtype", p.type);
  p.rows = text.bounded("rows", p.rows);
  p.k = text.bounded("k", p.k);
  p.group_rows = text.bounded("group_rows", p.group_rows);
  p.group = text.bounded("group", p.rule.group > 0 ? p.rule.group : p.k);
  p.layout = layout_from<scale_layout>(text, scale_layouts);
  p.scale_ub = text.real("scale_ub", 0);
  p.has_static = text.flag("has_static", false);
  p.gap = text.bounded("gap", 0);
  return checked_problem(text, p);
}

std::string to_text(const weight_dequant_problem& p) {
  const weight_dequant_problem fallback;
  keyed_text text;
  text.put_word("code", name_of(p.code), name_of(fallback.code));
  text.put("m", p.m, fallback.m);
  text.put("n", p.n, fallback.n);
  text.put("block", p.block, fallback.block);
  text.put_word("out_type", name_of(p.out_type), name_of(fallback.out_type));
  return text.str();
}

weight_dequant_problem parse_weight_dequant(const keyed_text& text) {
  weight_dequant_problem p;
  p.code = type_from(text, "code", p.code);
  p.m = text.bounded("m", p.m);
  p.n = text.bounded("n", p.n);
  p.block = text.bounded("block", p.block);
  p.out_type = type_from(text, "out_type", p.out_type);
  return checked_problem(text, p);
}

std::string to_text(const block_gemm_problem& p) {
  const block_gemm_problem fallback;
  keyed_text text;
  text.put_word("code", name_of(p.code), name_of(fallback.code));
  text.put("m", p.m, fallback.m);
  text.put("n", p.n, fallback.n);
  text.put("k", p.k, fallback.k);
  text.put("block_n", p.block_n, fallback.block_n);
  text.put("block_k", p.block_k, fallback.block_k);
  text.put_word("out_type", name_of(p.out_type), name_of(fallback.out_type));
  return text.str();
}

block_gemm_problem parse_block_gemm(const keyed_text& text) {
  block_gemm_problem p;
  p.code = type_from(text, "code", p.code);
  p.m = text.bounded("m", p.m);
  p.n = text.bounded("n", p.n);
  p.k = text.bounded("k", p.k);
  p.block_n = text.bounded("block_n", p.block_n);
  p.block_k = text.bounded("block_k", p.block_k);
  p.out_type = type_from(text, "out_type", p.out_type);
  return checked_problem(text, p);
}

std::string to_text(const scatter_problem& p) {
  const scatter_problem fallback;
  keyed_text text;
  text.put_word("dtype", name_of(p.type), name_of(fallback.type));
  text.put_word("stored", name_of(p.stored), name_of(p.type));
  text.put("tokens", p.tokens, fallback.tokens);
  text.put("rows", p.rows, p.tokens);
  text.put("nope_width", p.nope_width, fallback.nope_width);
  text.put("rope_width", p.rope_width, fallback.rope_width);
  text.put("world", p.world, fallback.world);
  text.put("rank", p.rank, fallback.rank);
  text.put("gap", p.gap, 0);
  return text.str();
}

scatter_problem parse_scatter(const keyed_text& text) {
  scatter_problem p;
  p.type = type_from(text, "dtype", p.type);
  p.stored = type_from(text, "stored", p.type);
  p.tokens = text.bounded("tokens", p.tokens);
  p.rows = text.bounded("rows", p.tokens);
  p.nope_width = text.bounded("nope_width", p.nope_width);
  p.rope_width = text.bounded("rope_width", p.rope_width);
  p.world = text.bounded("world", p.world);
  p.rank = text.bounded("rank", p.rank);
  p.gap = text.bounded("gap", 0);
  return checked_problem(text, p);
}

}  // namespace plumbline::quantize
