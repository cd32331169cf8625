// What mla refuses from the problem alone, attention side.  Upstream raises on some of these, ends the
// process on others and reads out of bounds on the rest.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "reference/core/requirements.hpp"
#include "reference/mla_cache_format.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();

void require_widths(std::int64_t d, std::int64_t dv) {
  require_least("d", d, 1);
  require_between("dv", dv, 1, d);
}

void require_shares(std::int64_t invalid, std::int64_t duplicate) {
  require_between("invalid_percent", invalid, 0, 100);
  require_between("duplicate_percent", duplicate, 0, 100);
}

// Behind a page of codes the gap counts bytes.
void require_pages(const char* name, const decode_indices_problem& p, std::int64_t pages, std::int64_t rows) {
  if (p.format == kv_format::plain)
    require_size(name, {pages, rows + p.page_gap, p.d + p.gap});
  else
    require_size(name, {pages, rows * quantize::slot_bytes(stored_cache(p)) + p.page_gap});
}

}  // namespace

void check(const prefill_problem& p) {
  require_narrow("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("sq", p.sq, 0);
  require_heads(p.hq, p.hk);
  require_least("d", p.d, 1);
  require_least("dv", p.dv, 1);
  require_least("capacity", p.capacity, 0);
  require_least("gap", p.gap, 0);
  require_size("q", {p.b, p.sq, p.hq, std::max(p.d, p.dv) + p.gap});
  require_size("k", {p.b, p.capacity, p.hk, std::max(p.d, p.dv) + p.gap});
  require_list("cache_seqlens", p.cache_seqlens, p.b, 0, p.capacity, "sequence");
  require_scale("softmax_scale", p.softmax_scale, "d^-0.5");
}

void check(const decode_problem& p) {
  require_narrow("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("sq", p.sq, 0);
  require_heads(p.hq, p.hk);
  require_widths(p.d, p.dv);
  require_least("page_size", p.page_size, 1);
  require_least("max_pages", p.max_pages, 0);
  require_least("num_pages", p.num_pages, 0);
  require_least("gap", p.gap, 0);
  require_least("page_gap", p.page_gap, 0);
  require_size("q", {p.b, p.sq, p.hq, p.d + p.gap});
  require_size("k_cache", {p.num_pages, p.page_size + p.page_gap, p.hk, p.d + p.gap});
  require_size("block_table", {p.b, p.max_pages});
  require_list("cache_seqlens", p.cache_seqlens, p.b, 0, std::min(largest, p.max_pages * p.page_size),
               "sequence");
  require_scale("softmax_scale", p.softmax_scale, "d^-0.5");
  require_least("num_sm_parts", p.num_sm_parts, 0);
}

void check(const decode_indices_problem& p) {
  require_narrow("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("sq", p.sq, 0);
  require_least("hq", p.hq, 1);
  require_widths(p.d, p.dv);
  require_between("qk_rope_head_dim", p.qk_rope_head_dim, 0, p.format == kv_format::plain ? 0 : p.d - 1);
  if (p.format != kv_format::plain) {
    const quantize::cache_shape shape = stored_cache(p);
    if (shape.dv % shape.tile != 0)
      refuse("qk_rope_head_dim", fmt::format("expected d - qk_rope_head_dim to be a multiple of {}, got {}",
                                             shape.tile, shape.dv));
  }
  require_least("page_size", p.page_size, 1);
  require_least("num_pages", p.num_pages, 0);
  require_least("gap", p.gap, 0);
  require_least("page_gap", p.page_gap, 0);
  require_size("q", {p.b, p.sq, p.hq, p.d + p.gap});
  require_pages("k_cache", p, p.num_pages, p.page_size);
  require_least("topk", p.topk, 0);
  require_size("indices", {p.b, p.sq, p.topk});
  if (!p.topk_length.empty()) require_list("topk_length", p.topk_length, p.b, 0, p.topk, "sequence");
  require_between("extra_topk", p.extra_topk, 0, largest - p.topk);
  require_size("extra_indices", {p.b, p.sq, p.extra_topk});
  require_least("extra_page_size", p.extra_page_size, 1);
  require_between("extra_num_pages", p.extra_num_pages, 0, p.extra_topk > 0 ? largest : 0);
  require_pages("extra_k_cache", p, p.extra_num_pages, p.extra_page_size);
  if (!p.extra_topk_length.empty())
    require_list("extra_topk_length", p.extra_topk_length, p.b, 0, p.extra_topk, "sequence");
  require_scale("softmax_scale", p.softmax_scale, "d^-0.5");
  require_least("num_sm_parts", p.num_sm_parts, 0);
  require_shares(p.invalid_percent, p.duplicate_percent);
}

void check(const prefill_indices_problem& p) {
  require_narrow("dtype", p.type);
  require_least("sq", p.sq, 0);
  require_least("hq", p.hq, 1);
  require_least("skv", p.skv, 0);
  require_widths(p.d, p.dv);
  require_least("gap", p.gap, 0);
  require_size("q", {p.sq, p.hq, p.d + p.gap});
  require_size("kv", {p.skv, p.d + p.gap});
  require_least("topk", p.topk, 0);
  require_size("indices", {p.sq, p.topk});
  if (!p.topk_length.empty()) require_list("topk_length", p.topk_length, p.sq, 0, p.topk, "query");
  require_scale("softmax_scale", p.softmax_scale, "d^-0.5");
  require_shares(p.invalid_percent, p.duplicate_percent);
}

void check(const schedule_problem& p) {
  require_least("b", p.b, 0);
  require_least("num_sm_parts", p.num_sm_parts, 1);
  require_least("block_size", p.block_size, 1);
  require_least("fixed_overhead", p.fixed_overhead, 0);
  require_between("topk", p.topk, -1, largest);
  require_size("tile_scheduler_metadata", {p.num_sm_parts, 8});
  if (p.topk < 0) {
    require_list("cache_seqlens", p.cache_seqlens, p.b, 0, largest, "sequence");
    require_list("topk_length", p.topk_length, 0, 0, 0, "sequence");
    require_between("extra_topk", p.extra_topk, 0, 0);
  } else {
    require_list("cache_seqlens", p.cache_seqlens, 0, 0, 0, "sequence");
    if (!p.topk_length.empty()) require_list("topk_length", p.topk_length, p.b, 0, p.topk, "sequence");
    require_between("extra_topk", p.extra_topk, 0, largest - p.topk);
  }
  if (!p.extra_topk_length.empty())
    require_list("extra_topk_length", p.extra_topk_length, p.b, 0, p.extra_topk, "sequence");
}

void check(const combine_problem& p) {
  require_least("b", p.b, 0);
  require_least("sq", p.sq, 0);
  require_least("hq", p.hq, 1);
  require_least("dv", p.dv, 1);
  require_list("splits", p.splits, p.b, 1, largest, "request");
  require_output("out_type", p.out_type);
  require_least("gap", p.gap, 0);
  require_between("empty_percent", p.empty_percent, 0, 100);
  double total = 0;
  for (std::int64_t n : p.splits) total += static_cast<double>(n);
  if (total > largest) refuse("splits", "expected at most 2^31 - 1 in all");
  require_size("out_partial", {static_cast<std::int64_t>(total), p.sq, p.hq, p.dv + p.gap});
  require_size("out", {p.b, p.sq, p.hq, p.dv + p.gap});
}

}  // namespace plumbline::mla
