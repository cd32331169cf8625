// What flash_decode refuses before anything runs, from the problem alone.
//
// Upstream raises on most of these; it corrupts silently on lengths below the left padding, appends beyond
// the capacity and rotary positions beyond the tables: those are refused as well.  Checks run from general to
// special, so the first message is the cause and not a consequence.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
constexpr double most_elements = 0x1p34;  // of one tensor; a typing error, not a cache

template <class... Args>
void require(bool holds, const char* argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(argument, fmt::format(expected, std::forward<Args>(args)...));
}

void require_between(const char* argument, std::int64_t x, std::int64_t low, std::int64_t high) {
  require(x >= low && x <= high, argument, "expected {}..{}, got {}", low, high, x);
}

void require_one_each(const char* argument, const std::vector<std::int64_t>& list, std::int64_t b,
                      bool optional) {
  require((optional && list.empty()) || static_cast<std::int64_t>(list.size()) == b, argument,
          "expected {} values, one a sequence, got {}", b, list.size());
  for (std::size_t s = 0; s < list.size(); ++s)
    require(list[s] >= 0 && list[s] <= largest, argument,
            "sequence {}: expected a length of at least 0, got {}", s, list[s]);
}

void require_packed(const char* lengths_name, const std::vector<std::int64_t>& lengths,
                    const char* longest_name, std::int64_t longest, std::int64_t b) {
  require_one_each(lengths_name, lengths, b, true);
  for (std::size_t s = 0; s < lengths.size(); ++s)
    require(lengths[s] <= longest, longest_name,
            "expected at least the longest sequence's {} tokens ({} {}), got {}", lengths[s], lengths_name, s,
            longest);
}

void require_size(const char* argument, std::initializer_list<std::int64_t> shape) {
  double elements = 1;
  for (std::int64_t n : shape) elements *= static_cast<double>(n);
  require(elements <= most_elements, argument, "expected at most 2^34 elements, got {:.3g}", elements);
}

void check_head_dims(const cache_shape& p) {
  const std::int64_t step = p.type == dtype::e4m3 ? 16 : 8;
  require(p.d >= step && p.d % step == 0, "d", "expected a positive multiple of {} for {}, got {}", step,
          name_of(p.type), p.d);
  require(p.d <= 256, "d", "expected at most 256, got {}", p.d);
  require(p.dv >= step && p.dv % step == 0, "dv", "expected a positive multiple of {} for {}, got {}", step,
          name_of(p.type), p.dv);
  const bool narrow_v = p.d > 128 && p.d <= 192 && p.dv > 96 && p.dv <= 128;
  const bool wide_v = p.d <= 64 && p.dv <= 512;
  require(p.dv == p.d || narrow_v || wide_v, "dv",
          "expected d = {}, or 97..128 with d in 129..192, or at most 512 with d at most 64, got {}", p.d,
          p.dv);
}

void check_cache(const cache_shape& p) {
  require(p.type == dtype::bf16 || p.type == dtype::f16 || p.type == dtype::e4m3, "dtype",
          "expected bf16, f16 or e4m3, got {}", name_of(p.type));
  require_between("b", p.b, 0, largest);
  require_between("hk", p.hk, 1, largest);
  require_between("hq", p.hq, 1, largest);
  require(p.hq % p.hk == 0, "hq", "expected a multiple of hk = {}, got {}", p.hk, p.hq);
  check_head_dims(p);
  require_between("batch_cache", p.batch_cache, 0, largest);
  require(p.has_batch_idx || p.batch_cache == p.b, "batch_cache",
          "expected b = {} rows without cache_batch_idx, got {}", p.b, p.batch_cache);
  require(!p.has_batch_idx || p.batch_cache > 0 || p.b == 0, "batch_cache",
          "expected at least one row, got 0");
  require_between("page_size", p.page_size, 0, largest);
  require_between("max_pages", p.max_pages, 0, p.page_size > 0 ? largest : 0);
  require_between("num_pages", p.num_pages, 0, p.page_size > 0 ? largest : 0);
  require_between("capacity", p.capacity, 0, largest);
  require(p.page_size == 0 || p.capacity == p.max_pages * p.page_size, "capacity",
          "expected max_pages * page_size = {}, got {}", p.max_pages * p.page_size, p.capacity);
  require(!p.shared_pages || p.page_size > 0, "shared_pages",
          "expected a paged cache (page_size of at least 1)");
  require_between("gap", p.gap, 0, largest);
  const std::int64_t row = std::max(p.d, p.dv) + p.gap;
  require_size("k_cache", {p.page_size > 0 ? p.num_pages : p.batch_cache,
                           p.page_size > 0 ? p.page_size : p.capacity, p.hk, row});
  require_one_each("cache_seqlens", p.cache_seqlens, p.b, false);
  require_one_each("cache_leftpad", p.cache_leftpad, p.b, true);
  for (std::size_t s = 0; s < p.cache_seqlens.size(); ++s) {
    const std::int64_t length = p.cache_seqlens[s], pad = left_padding(p, static_cast<std::int64_t>(s));
    require(length <= p.capacity, "cache_seqlens", "sequence {}: expected at most the capacity {}, got {}", s,
            p.capacity, length);
    require(length >= pad, "cache_seqlens", "sequence {}: expected at least its cache_leftpad {}, got {}", s,
            pad, length);
  }
}

template <class Problem>
void check_masks(const Problem& p) {
  require_between("window_left", p.window_left, -1, largest);
  require_between("window_right", p.window_right, -1, largest);
  require_between("attention_chunk", p.attention_chunk, 0, largest);
}

void check_rotary(const append_problem& p) {
  if (p.rotary_dim == 0) {
    require(p.rotary_seqlens.empty(), "rotary_seqlens", "expected only with rotary_dim above 0");
    require(p.seqlen_rotary == 0, "seqlen_rotary", "expected 0 without rotary_dim, got {}", p.seqlen_rotary);
    return;
  }
  require(p.rotary_dim > 0 && p.rotary_dim % 16 == 0, "rotary_dim",
          "expected a positive multiple of 16, got {}", p.rotary_dim);
  require(p.rotary_dim <= p.d, "rotary_dim", "expected at most d = {}, got {}", p.d, p.rotary_dim);
  require_between("seqlen_rotary", p.seqlen_rotary, 0, largest);
  require_size("rotary_cos", {p.seqlen_rotary, p.rotary_dim / 2});
  require_one_each("rotary_seqlens", p.rotary_seqlens, p.b, true);
  const bool moving = q_positions_move(p);
  for (std::int64_t s = 0; s < p.b; ++s) {
    const auto at = static_cast<std::size_t>(s);
    const std::int64_t first = p.rotary_seqlens.empty() ? p.cache_seqlens[at] : p.rotary_seqlens[at];
    const std::int64_t q = query_tokens(p, s);
    const std::int64_t used = std::max(new_tokens(p, s), moving ? q : std::min<std::int64_t>(q, 1));
    require(used == 0 || first + used <= p.seqlen_rotary, "seqlen_rotary",
            "sequence {}: expected more rows than its last rotary position {}, got {}", s, first + used - 1,
            p.seqlen_rotary);
  }
}

}  // namespace

void check(const attend_problem& p) {
  check_cache(p);
  require_between("sq", p.sq, 0, largest);
  require_packed("seqlens_q", p.seqlens_q, "max_seqlen_q", p.sq, p.b);
  require_size("q", {p.b, p.sq, p.hq, std::max(p.d, p.dv) + p.gap});
  require(std::isfinite(p.softmax_scale) && p.softmax_scale >= 0, "softmax_scale",
          "expected a positive number (0: 1/sqrt(d)), got {}", p.softmax_scale);
  check_masks(p);
  require(std::isfinite(p.softcap) && p.softcap >= 0, "softcap",
          "expected a positive number (0: off), got {}", p.softcap);
  require(p.num_splits >= 0 && p.num_splits <= 256, "num_splits", "expected 1..256 (0: heuristic), got {}",
          p.num_splits);
  require(!p.has_qv || p.type != dtype::e4m3, "qv", "expected bf16 or f16 inputs, got e4m3");
  require(!p.has_qv || (p.d <= 64 && p.dv >= 256), "qv",
          "expected d at most 64 and dv at least 256, got d {} dv {}", p.d, p.dv);
  const dtype out = p.type == dtype::e4m3 ? dtype::bf16 : p.type;
  require(p.out_type == out, "out_type", "expected {} for {} inputs, got {}", name_of(out), name_of(p.type),
          name_of(p.out_type));
}

void check(const append_problem& p) {
  check_cache(p);
  require_between("sn", p.sn, 0, largest);
  require_packed("seqlens_new", p.seqlens_new, "sn", p.sn, p.b);
  require_between("sq", p.sq, 0, largest);
  require_packed("seqlens_q", p.seqlens_q, "max_seqlen_q", p.sq, p.b);
  require(p.sq <= p.capacity, "sq", "expected at most the capacity {} when k is appended, got {}", p.capacity,
          p.sq);
  require_size("k_new", {p.b, p.sn, p.hk, std::max(p.d, p.dv) + p.gap});
  require_size("q", {p.b, p.sq, p.hq, p.d + p.gap});
  for (std::int64_t s = 0; s < p.b; ++s) {
    const std::int64_t length = p.cache_seqlens[static_cast<std::size_t>(s)], added = new_tokens(p, s);
    require(length + added <= p.capacity, "cache_seqlens",
            "sequence {}: expected room for {} new tokens within the capacity {}, got length {}", s, added,
            p.capacity, length);
  }
  check_masks(p);
  check_rotary(p);
}

void check(const combine_problem& p) {
  require_between("num_splits", p.num_splits, 1, 256);
  require_between("b", p.b, 0, largest);
  require_between("sq", p.sq, 0, largest);
  require_between("hq", p.hq, 1, largest);
  require_between("dv", p.dv, 1, largest);
  require(p.out_type == dtype::f32 || p.out_type == dtype::f16 || p.out_type == dtype::bf16, "out_type",
          "expected f32, f16 or bf16, got {}", name_of(p.out_type));
  require_between("gap", p.gap, 0, largest);
  require_between("empty_percent", p.empty_percent, 0, 100);
  require_size("out_partial", {p.num_splits, p.b, p.sq, p.hq, p.dv + p.gap});
}

}  // namespace plumbline::flash_decode
