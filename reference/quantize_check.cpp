// What quantize refuses before anything runs, from the problem alone.
//
// Sizes come before what is derived from them, and the order within `store` is that of the first upstream
// writer: dv by tile, then heads.  Where upstream reads out of bounds or fails inside a view (d below dv,
// rows whose fp32 scales would lie across words), the argument is refused by name.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "reference/core/keyed_text.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
constexpr double most_bytes = 0x1p40;  // of one tensor; a typing error, not a cache

template <class... Args>
void require(bool holds, const char* argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(argument, fmt::format(expected, std::forward<Args>(args)...));
}

void require_between(const char* argument, std::int64_t x, std::int64_t low, std::int64_t high) {
  require(x >= low && x <= high, argument, "expected {}..{}, got {}", low, high, x);
}

void require_type(const char* argument, dtype t, std::initializer_list<dtype> known) {
  std::string names;
  for (const dtype one : known) {
    if (one == t) return;
    names += (names.empty() ? "" : ", ") + std::string(name_of(one));
  }
  throw bad_argument(argument, fmt::format("expected one of {}, got {}", names, name_of(t)));
}

void require_bytes(const char* argument, std::initializer_list<std::int64_t> shape) {
  double bytes = 1;
  for (const std::int64_t n : shape) bytes *= static_cast<double>(n);
  require(bytes <= most_bytes, argument, "expected at most 2^40 bytes, got {:.3g}", bytes);
}

void require_multiple(const char* argument, std::int64_t bytes, dtype of, const char* what) {
  const auto step = static_cast<std::int64_t>(size_of(of));
  require(bytes % step == 0, argument, "expected {} at a multiple of {} bytes, got {}", what, step, bytes);
}

void check_cache(const cache_shape& p) {
  require_type("dtype", p.type, {dtype::bf16, dtype::f16, dtype::f32});
  require_between("dv", p.dv, 1, largest);
  require_between("tile", p.tile, 1, largest);
  require(p.dv % p.tile == 0, "tile", "expected a divisor of dv = {}, got {}", p.dv, p.tile);
  require_between("d", p.d, 1, largest);
  require(p.d >= p.dv, "d", "expected at least dv = {}, got {}", p.dv, p.d);
  require_type("scale_type", p.scale_type, {dtype::f32, dtype::e8m0});
  require(p.layout == cache_layout::pages || p.scale_type == dtype::f32, "scale_type",
          "expected f32 outside the layout pages, got {}", name_of(p.scale_type));
  require_between("page_size", p.page_size, 1, largest);
  require(p.layout != cache_layout::split || p.page_size == 1, "page_size",
          "expected 1 with the layout split, got {}", p.page_size);
  require_between("num_pages", p.num_pages, 0, largest);
  require_between("page_gap", p.page_gap, 0, largest);
  require(p.layout != cache_layout::split || p.page_gap == 0, "page_gap",
          "expected 0 with the layout split, got {}", p.page_gap);
  require_bytes("num_pages", {p.num_pages, page_stride(p)});
  require(slots(p) <= largest, "num_pages", "expected at most {} slots, got {}", largest, slots(p));
  const slot_place second = place_of(p, p.page_size > 1 ? 1 : 0);
  require_multiple("dv", place_of(p, 0).scales, p.scale_type, "scales");
  require_multiple("dv", place_of(p, 0).rope, p.type, "the rotary dims");
  require_multiple("d", second.scales, p.scale_type, "scales of the next slot");
  require_multiple("d", second.rope, p.type, "the rotary dims of the next slot");
  require_multiple("d", slot_bytes(p), p.layout == cache_layout::pages ? p.type : p.scale_type,
                   "the next slot");
  require_multiple("page_gap", page_stride(p), p.scale_type, "scales of the next page");
  require_multiple("page_gap", page_stride(p), p.type, "the next page");
}

void check_code(const char* argument, dtype code) { require_type(argument, code, {dtype::e4m3, dtype::i8}); }
void check_float(const char* argument, dtype t) {
  require_type(argument, t, {dtype::bf16, dtype::f16, dtype::f32});
}

}  // namespace

void check(const store_problem& p) {
  check_cache(p);
  require(p.hk == 1, "hk", "expected 1 KV head, got {}", p.hk);
  require(p.rule.code == dtype::e4m3, "policy", "expected e4m3 codes, got {} of {}", name_of(p.rule.code),
          p.rule.name);
  require(p.scale_type == dtype::f32 || p.rule.up != power_of_two::no, "policy",
          "expected power-of-two scales for scale_type e8m0, got {}", p.rule.name);
  require_between("tokens", p.tokens, 0, largest);
  require(p.has_slots || p.tokens <= slots(p), "tokens", "expected at most the {} slots of the cache, got {}",
          slots(p), p.tokens);
  require(!p.has_slots || p.layout != cache_layout::split, "slots", "expected none with the layout split");
  require_between("gap", p.gap, 0, largest);
  require_bytes("tokens", {p.tokens, p.d + p.gap, 4});
}

void check(const dequantize_problem& p) {
  check_cache(p);
  require_type("out_type", p.out_type, {dtype::bf16, dtype::f16, dtype::f32, dtype::e4m3});
  require_between("tokens", p.tokens, 0, largest);
  require(p.has_indices || p.tokens <= slots(p), "tokens",
          "expected at most the {} slots of the cache, got {}", slots(p), p.tokens);
  require(!p.has_indices || p.layout != cache_layout::split, "indices",
          "expected none with the layout split");
  require_between("extra", p.extra, 0, largest);
  require_between("gap", p.gap, 0, largest);
  require_bytes("tokens", {p.tokens + p.extra, p.d + p.gap, 4});
}

void check(const groups_problem& p) {
  check_float("dtype", p.type);
  check_code("policy", p.rule.code);
  require_between("rows", p.rows, 0, largest);
  require_between("k", p.k, 1, largest);
  require_between("group", p.group, 1, largest);
  require_between("group_rows", p.group_rows, 1, largest);
  require(p.rule.ragged || p.k % p.group == 0, "k", "expected a multiple of the group of {}, got {}", p.group,
          p.k);
  require(p.rule.ragged || p.rows % p.group_rows == 0, "rows",
          "expected a multiple of group_rows = {}, got {}", p.group_rows, p.rows);
  require(std::isfinite(p.scale_ub) && p.scale_ub >= 0, "scale_ub",
          "expected a positive number (0: none), got {}", p.scale_ub);
  require(p.layout != scale_layout::packed || p.rule.up != power_of_two::no, "layout",
          "expected packed only with power-of-two scales, got {}", p.rule.name);
  if (p.has_static) {
    require(p.rule.ratio != quotient::limit_over_amax, "static_scale",
            "expected a policy that divides by the scale, got {}", p.rule.name);
    require(p.scale_ub == 0, "scale_ub", "expected none with static_scale, got {}", p.scale_ub);
    require(p.layout == scale_layout::row_major, "layout", "expected row_major with static_scale");
  }
  require_between("gap", p.gap, 0, largest);
  require_bytes("x", {p.rows, p.k + p.gap, 4});
}

void check(const weight_dequant_problem& p) {
  check_code("code", p.code);
  require_between("m", p.m, 0, largest);
  require_between("n", p.n, 0, largest);
  require_between("block", p.block, 1, largest);
  check_float("out_type", p.out_type);
  require_bytes("weight", {p.m, p.n, 4});
}

void check(const block_gemm_problem& p) {
  check_code("code", p.code);
  require_between("m", p.m, 0, largest);
  require_between("n", p.n, 0, largest);
  require_between("k", p.k, 0, largest);
  require_between("block_n", p.block_n, 1, largest);
  require_between("block_k", p.block_k, 1, largest);
  check_float("out_type", p.out_type);
  require_bytes("a", {p.m, p.k});
  require_bytes("b", {p.n, p.k});
  require_bytes("out", {p.m, p.n, 4});
}

void check(const scatter_problem& p) {
  require_type("dtype", p.type, {dtype::u8, dtype::bf16, dtype::f16, dtype::f32});
  require(p.stored == p.type || (p.stored == dtype::e4m3 && is_floating(p.type)), "stored",
          "expected {}, or e4m3 from a float type, got {}", name_of(p.type), name_of(p.stored));
  require_between("tokens", p.tokens, 0, largest);
  require_between("rows", p.rows, 0, largest);
  require_between("nope_width", p.nope_width, 1, largest);
  require_between("rope_width", p.rope_width, 0, largest);
  require_between("world", p.world, 1, largest);
  require_between("rank", p.rank, 0, p.world - 1);
  require_between("gap", p.gap, 0, largest);
  require_bytes("rows", {p.rows, p.nope_width + p.rope_width, 4});
  require_bytes("tokens", {p.tokens, p.nope_width + p.rope_width + 2 * p.gap, 4});
}

}  // namespace plumbline::quantize
