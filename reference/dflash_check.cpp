// What dflash refuses from the problem alone: heads that do not divide, rows that the cache has no room for,
// two sequences in one row, masks that no axis of theirs fits.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "reference/core/requirements.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

namespace {

void require_finite(const char* argument, double x) {
  if (!std::isfinite(x) || x < 0) refuse(argument, fmt::format("expected a number of at least 0, got {}", x));
}

void require_axis(const char* argument, std::int64_t x, std::int64_t full) {
  if (x != 1 && x != full) refuse(argument, fmt::format("expected 1 or {}, got {}", full, x));
}

void check_mask(const attention_problem& p) {
  require_between("hidden_percent", p.hidden_percent, 0, 100);
  if (p.mask_batch == 0 && p.mask_rows == 0) return;
  require_axis("mask_batch", p.mask_batch, p.b);
  require_axis("mask_rows", p.mask_rows, p.block_size);
  for (std::int64_t i = 1; i < p.b; ++i)
    if (keys_of(p, i) != keys_of(p, 0))
      refuse("mask_batch", fmt::format("expected as many keys in sequence {} as in sequence 0: {}, got {}", i,
                                       keys_of(p, 0), keys_of(p, i)));
}

}  // namespace

void check(const project_problem& p) {
  require_narrow("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("block_size", p.block_size, 1);
  require_least("context_len", p.context_len, 0);
  require_least("hidden_size", p.hidden_size, 1);
  require_heads(p.hq, p.hk);
  require_even("d", p.d);
  require_finite("eps", p.eps);
  require_least("gap", p.gap, 0);
  require_size("wq", {p.hq * p.d, p.hidden_size});
  require_size("q", {p.b, p.block_size, p.hq * p.d});
  require_size("k", {p.b, p.new_rows(), p.hk * p.d});
  require_size("hidden", {p.b, p.new_rows(), p.hidden_size + p.gap});
}

void check(const attention_problem& p) {
  require_narrow("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("block_size", p.block_size, 1);
  require_heads(p.hq, p.hk);
  require_least("d", p.d, 1);
  require_least("hidden_size", p.hidden_size, 1);
  require_least("capacity", p.capacity, 0);
  require_least("batch_cache", p.batch_cache, 0);
  require_list("context_lens", p.context_lens, p.b, 0, p.capacity, "sequence");
  require_list("cache_seqlens", p.cache_seqlens, p.b, 0, p.capacity, "sequence");
  require_least("gap", p.gap, 0);
  require_scale("softmax_scale", p.softmax_scale, "d^-0.5");
  if (!p.cache_batch_idx.empty())
    require_list("cache_batch_idx", p.cache_batch_idx, p.b, 0, p.batch_cache - 1, "sequence");
  else if (p.batch_cache < p.b)
    refuse("batch_cache", fmt::format("expected at least b = {}, got {}", p.b, p.batch_cache));
  std::set<std::int64_t> taken;
  for (std::int64_t i = 0; i < p.b; ++i) {
    if (!taken.insert(cache_row(p, i)).second)
      refuse("cache_batch_idx", fmt::format("sequence {}: expected a row that no other sequence has, got {}",
                                            i, cache_row(p, i)));
    if (keys_of(p, i) > p.capacity)
      refuse("capacity", fmt::format("expected at least {}, the keys of sequence {}, got {}", keys_of(p, i),
                                     i, p.capacity));
  }
  check_mask(p);
  const std::int64_t row = p.d + p.gap;
  require_size("q", {p.b, p.block_size, p.hq, row});
  require_size("k_cache", {p.batch_cache, p.capacity, p.hk, row});
  require_size("k", {p.b, p.capacity, p.hk, row});
  require_size("wo", {p.hidden_size, p.hq * p.d});
  require_size("mask", {p.mask_batch, p.mask_rows, p.capacity});
}

void check(const accept_problem& p) {
  require_output("dtype", p.type);
  require_least("b", p.b, 0);
  require_least("block_size", p.block_size, 1);
  require_least("vocab_size", p.vocab_size, 1);
  require_finite("temperature", p.temperature);
  require_least("gap", p.gap, 0);
  require_between("agree_percent", p.agree_percent, 0, 100);
  require_size("logits", {p.b, p.block_size, p.vocab_size + p.gap});
}

void check(const crop_problem& p) {
  require_narrow("dtype", p.type);
  require_least("layers", p.layers, 1);
  require_least("b", p.b, 0);
  require_least("capacity", p.capacity, 0);
  require_least("hk", p.hk, 1);
  require_least("d", p.d, 1);
  require_list("cache_seqlens", p.cache_seqlens, p.b, 0, p.capacity, "sequence");
  require_list("keep", p.keep, p.b, 0, 0x7fffffff, "sequence");
  require_least("gap", p.gap, 0);
  require_size("k_cache", {p.layers, p.b, p.capacity, p.hk, p.d + p.gap});
}

}  // namespace plumbline::dflash
