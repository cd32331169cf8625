// Smaller attentions of mla: what to try when one fails, big steps first.
#include <algorithm>

#include "properties/mla/attention_shapes.hpp"
#include "properties/mla/sizes.hpp"

namespace plumbline::generate {

using mla::decode_indices_problem;
using mla::decode_problem;
using mla::prefill_indices_problem;
using mla::prefill_problem;

namespace {

void halve(std::vector<std::int64_t>& lengths) {
  for (std::int64_t& one : lengths) one /= 2;
}

template <class Problem>
void one_sequence(const Problem& from, std::vector<std::int64_t> Problem::*lengths, edits<Problem>& all) {
  for (std::int64_t n = 0; n < from.b && from.b > 1; ++n)
    all.add([&](Problem& p) {
      p.b = 1;
      if (!(from.*lengths).empty()) p.*lengths = {(from.*lengths)[static_cast<std::size_t>(n)]};
    });
}

template <class Problem>
void narrower(const Problem& from, edits<Problem>& all) {
  const std::int64_t rotary = from.d - from.dv;
  if (rotary >= 0)
    for (const std::int64_t dv : {std::int64_t{16}, std::int64_t{64}, from.dv / 2})
      if (dv > 0 && dv < from.dv)
        all.add([=](Problem& p) { p.dv = dv, p.d = dv + std::min<std::int64_t>(rotary, 16); });
  all.add([](Problem& p) { p.gap = 0; });
  all.add([](Problem& p) { p.softmax_scale = 0; });
}

}  // namespace

std::vector<prefill_problem> smaller(const prefill_problem& from) {
  edits<prefill_problem> all(from);
  one_sequence(from, &prefill_problem::cache_seqlens, all);
  all.add([](prefill_problem& p) { p.hq = p.hk = 1; });
  all.add([](prefill_problem& p) { p.hk = p.hq; });
  fewer(from, &prefill_problem::sq, 1, all);
  all.add([](prefill_problem& p) { halve(p.cache_seqlens); });
  for (std::size_t n = 0; n < from.cache_seqlens.size(); ++n)
    all.add(
        [n](prefill_problem& p) { p.cache_seqlens[n] = std::max<std::int64_t>(0, p.cache_seqlens[n] - 1); });
  all.add([](prefill_problem& p) {
    p.capacity = std::max<std::int64_t>(1, *std::max_element(p.cache_seqlens.begin(), p.cache_seqlens.end()));
  });
  all.add([](prefill_problem& p) { p.d = p.dv = 16; });
  all.add([](prefill_problem& p) { p.causal = false; });
  all.add([](prefill_problem& p) { p.gap = 0; });
  all.add([](prefill_problem& p) { p.softmax_scale = 0; });
  return all.take();
}

std::vector<decode_problem> smaller(const decode_problem& from) {
  edits<decode_problem> all(from);
  one_sequence(from, &decode_problem::cache_seqlens, all);
  all.add([](decode_problem& p) { p.hq = p.hk = 1; });
  all.add([](decode_problem& p) { p.hk = 1; });
  fewer(from, &decode_problem::hq, from.hk, all);
  fewer(from, &decode_problem::sq, 1, all);
  all.add([](decode_problem& p) { halve(p.cache_seqlens); });
  for (std::size_t n = 0; n < from.cache_seqlens.size(); ++n)
    all.add(
        [n](decode_problem& p) { p.cache_seqlens[n] = std::max<std::int64_t>(0, p.cache_seqlens[n] - 1); });
  narrower(from, all);
  all.add([](decode_problem& p) { p.num_sm_parts = 1; });
  all.add([](decode_problem& p) { p.num_sm_parts = 2; });
  all.add([](decode_problem& p) { p.causal = false; });
  all.add([](decode_problem& p) { p.page_gap = 0; });
  all.add([](decode_problem& p) {
    std::int64_t pages = 0, most = 1;
    for (const std::int64_t length : p.cache_seqlens) {
      const std::int64_t own = (length + p.page_size - 1) / p.page_size;
      pages += own, most = std::max(most, own);
    }
    p.num_pages = std::max<std::int64_t>(1, pages), p.max_pages = most;
  });
  return all.take();
}

std::vector<decode_indices_problem> smaller(const decode_indices_problem& from) {
  edits<decode_indices_problem> all(from);
  one_sequence(from, &decode_indices_problem::topk_length, all);
  all.add([](decode_indices_problem& p) {
    p.extra_topk = 0, p.extra_topk_length.clear(), p.extra_num_pages = 0, p.extra_page_size = 64;
  });
  fewer(from, &decode_indices_problem::hq, 1, all);
  fewer(from, &decode_indices_problem::sq, 1, all);
  all.add([](decode_indices_problem& p) { p.topk_length.clear(); });
  all.add([](decode_indices_problem& p) { p.extra_topk_length.clear(); });
  for (const std::int64_t topk : {std::int64_t{1}, from.topk / 2, from.topk - 1})
    if (topk > 0 && topk < from.topk)
      all.add([topk](decode_indices_problem& p) {
        p.topk = topk;
        for (std::int64_t& one : p.topk_length) one = std::min(one, topk);
      });
  if (from.format == mla::kv_format::plain) narrower(from, all);
  all.add([](decode_indices_problem& p) { p.has_sink = false; });
  all.add([](decode_indices_problem& p) { p.num_sm_parts = 1; });
  all.add([](decode_indices_problem& p) { p.invalid_percent = 0; });
  all.add([](decode_indices_problem& p) { p.duplicate_percent = 0; });
  all.add([](decode_indices_problem& p) { p.page_gap = 0; });
  all.add([](decode_indices_problem& p) { p.num_pages = (p.topk + p.page_size - 1) / p.page_size; });
  return all.take();
}

std::vector<prefill_indices_problem> smaller(const prefill_indices_problem& from) {
  edits<prefill_indices_problem> all(from);
  const auto with_tokens = [&](std::int64_t sq) {
    if (sq > 0 && sq < from.sq)
      all.add([sq](prefill_indices_problem& p) {
        p.sq = sq;
        if (!p.topk_length.empty()) p.topk_length.resize(static_cast<std::size_t>(sq));
      });
  };
  with_tokens(1);
  with_tokens(from.sq / 2);
  with_tokens(from.sq - 1);
  fewer(from, &prefill_indices_problem::hq, 1, all);
  all.add([](prefill_indices_problem& p) { p.topk_length.clear(); });
  for (const std::int64_t topk : {std::int64_t{1}, from.topk / 2, from.topk - 1})
    if (topk > 0 && topk < from.topk)
      all.add([topk](prefill_indices_problem& p) {
        p.topk = topk;
        for (std::int64_t& one : p.topk_length) one = std::min(one, topk);
      });
  fewer(from, &prefill_indices_problem::skv, 1, all);
  narrower(from, all);
  all.add([](prefill_indices_problem& p) { p.has_sink = false; });
  all.add([](prefill_indices_problem& p) { p.invalid_percent = 0; });
  all.add([](prefill_indices_problem& p) { p.duplicate_percent = 0; });
  return all.take();
}

}  // namespace plumbline::generate
