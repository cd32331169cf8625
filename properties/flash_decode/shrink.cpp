#include "properties/flash_decode/shrink.hpp"

#include <algorithm>

#include "properties/generate/edits.hpp"
#include "reference/core/index.hpp"

namespace plumbline::generate {

using flash_decode::append_problem;
using flash_decode::attend_problem;
using flash_decode::cache_shape;
using flash_decode::combine_problem;

namespace {

std::vector<std::int64_t>* packed(attend_problem&) { return nullptr; }
std::vector<std::int64_t>* packed(append_problem& p) { return &p.seqlens_new; }

// Capacity and page counts that just hold the lengths.
template <class Problem>
void fit_cache(Problem& p, const std::vector<std::int64_t>& room) {
  std::int64_t most = 1, pages = 0;
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t slots = p.cache_seqlens[at(n)] + (room.empty() ? 0 : room[at(n)]);
    most = std::max(most, slots);
    if (p.page_size > 0) pages += (slots + p.page_size - 1) / p.page_size;
  }
  p.capacity = most;
  if (p.page_size == 0) {
    p.max_pages = p.num_pages = 0;
    return;
  }
  p.max_pages = (most + p.page_size - 1) / p.page_size;
  p.capacity = p.max_pages * p.page_size;
  p.num_pages = std::max<std::int64_t>(pages, 1);
}

void fit(attend_problem& p) {
  if (!p.seqlens_q.empty())
    p.sq = std::max<std::int64_t>(1, *std::max_element(p.seqlens_q.begin(), p.seqlens_q.end()));
  fit_cache(p, {});
}

void fit(append_problem& p) {
  if (!p.seqlens_q.empty())
    p.sq = std::max<std::int64_t>(1, *std::max_element(p.seqlens_q.begin(), p.seqlens_q.end()));
  if (!p.seqlens_new.empty())
    p.sn = std::max<std::int64_t>(1, *std::max_element(p.seqlens_new.begin(), p.seqlens_new.end()));
  std::vector<std::int64_t> room = p.seqlens_new;
  if (room.empty()) room.assign(at(p.b), p.sn);
  fit_cache(p, room);
  if (p.rotary_dim > 0) {
    std::int64_t last = 0;
    for (std::int64_t n = 0; n < p.b; ++n)
      last = std::max(last, (p.rotary_seqlens.empty() ? p.cache_seqlens[at(n)] : p.rotary_seqlens[at(n)]) +
                                std::max(p.sn, p.sq));
    p.seqlen_rotary = std::max(last, p.page_size > 0 ? p.capacity : 0);
    p.sq = std::min(p.sq, p.capacity);
  } else {
    p.seqlen_rotary = 0;
  }
}

template <class Problem>
void keep_sequences(Problem& p, std::int64_t first, std::int64_t count) {
  const auto cut = [&](std::vector<std::int64_t>& list) {
    if (!list.empty()) list.assign(list.begin() + first, list.begin() + first + count);
  };
  cut(p.cache_seqlens);
  cut(p.cache_leftpad);
  cut(p.seqlens_q);
  if (auto* list = packed(p)) cut(*list);
  if constexpr (requires { p.rotary_seqlens; }) cut(p.rotary_seqlens);
  p.batch_cache -= p.b - count;
  p.b = count;
  if (p.b == 1) p.shared_pages = false;
}

void set_length(cache_shape& p, std::int64_t n, std::int64_t keys) {
  const std::int64_t pad = p.cache_leftpad.empty() ? 0 : p.cache_leftpad[at(n)];
  p.cache_seqlens[at(n)] = pad + keys;
}

// Steps on what the two cache problems share.
template <class Problem>
void shrink_cache(const Problem& from, edits<Problem>& all) {
  if (from.b > 1) {
    const std::int64_t half = from.b / 2;
    all.add([&](Problem& p) { keep_sequences(p, 0, half), fit(p); });
    all.add([&](Problem& p) { keep_sequences(p, half, p.b - half), fit(p); });
    if (from.b > 2)
      for (std::int64_t n = 0; n < from.b; ++n) all.add([&](Problem& p) { keep_sequences(p, n, 1), fit(p); });
  }
  all.add([](Problem& p) { p.page_size = 0, p.shared_pages = false, fit(p); });
  all.add([](Problem& p) { p.hq /= p.hk, p.hk = 1; });
  all.add([](Problem& p) { p.hq = p.hk; });
  all.add([](Problem& p) { p.hq = p.hk * std::max<std::int64_t>(1, p.hq / p.hk / 2); });
  for (std::int64_t d : {std::int64_t{64}, from.d / 2 / 16 * 16, from.d - 16}) {
    if (d < 8 || d >= from.d) continue;
    all.add([&](Problem& p) {
      p.d = d;
      p.dv = std::min(p.dv, d);
      if constexpr (requires { p.rotary_dim; }) p.rotary_dim = std::min(p.rotary_dim, d / 16 * 16);
      fit(p);
    });
  }
  all.add([](Problem& p) { p.dv = p.d; });
  for (std::int64_t n = 0; n < from.b; ++n) {
    const std::int64_t keys = flash_decode::cached_keys(from, n);
    for (std::int64_t shorter : {std::int64_t{0}, std::int64_t{1}, keys / 2, keys - 64, keys - 1})
      if (shorter >= 0 && shorter < keys) all.add([&](Problem& p) { set_length(p, n, shorter), fit(p); });
  }
  all.add([](Problem& p) {
    for (std::int64_t n = 0; n < p.b && !p.cache_leftpad.empty(); ++n)
      p.cache_seqlens[at(n)] -= p.cache_leftpad[at(n)];
    p.cache_leftpad.clear();
    fit(p);
  });
  all.add([](Problem& p) { p.has_batch_idx = false, p.batch_cache = p.b; });
  all.add([](Problem& p) { p.shared_pages = false; });
  all.add([](Problem& p) { p.gap = 0; });
  all.add([](Problem& p) { fit(p); });
  if (from.page_size > 1) all.add([](Problem& p) { p.page_size = 1, fit(p); });
}

template <class Problem>
void shrink_masks(edits<Problem>& all) {
  all.add([](Problem& p) { p.attention_chunk = 0; });
  all.add([](Problem& p) { p.window_left = -1; });
  all.add([](Problem& p) { p.window_right = -1; });
  all.add([](Problem& p) { p.causal = false; });
}

void shrink_tokens(std::vector<std::int64_t>& list, std::int64_t& most, std::int64_t to) {
  for (std::int64_t& tokens : list) tokens = std::min(tokens, to);
  most = to;
}

}  // namespace

std::vector<attend_problem> smaller(const attend_problem& from) {
  edits<attend_problem> all(from);
  shrink_cache(from, all);
  all.add([](attend_problem& p) { p.seqlens_q.clear(); });
  for (std::int64_t sq : {std::int64_t{1}, from.sq / 2, from.sq - 1})
    if (sq >= 1) all.add([&](attend_problem& p) { shrink_tokens(p.seqlens_q, p.sq, sq); });
  for (std::int64_t splits : {std::int64_t{1}, std::int64_t{2}, from.num_splits / 2, from.num_splits - 1})
    if (splits >= 1 && (splits < from.num_splits || from.num_splits == 0))
      all.add([&](attend_problem& p) { p.num_splits = splits; });
  shrink_masks(all);
  all.add([](attend_problem& p) { p.softcap = 0; });
  all.add([](attend_problem& p) { p.softmax_scale = 0; });
  all.add([](attend_problem& p) { p.has_qv = false; });
  all.add([](attend_problem& p) { p.has_sink = false; });
  return all.take();
}

std::vector<append_problem> smaller(const append_problem& from) {
  edits<append_problem> all(from);
  shrink_cache(from, all);
  all.add([](append_problem& p) { p.seqlens_new.clear(), fit(p); });
  all.add([](append_problem& p) { p.seqlens_q.clear(); });
  for (std::int64_t sn : {std::int64_t{1}, from.sn / 2, from.sn - 1})
    if (sn >= 1) all.add([&](append_problem& p) { shrink_tokens(p.seqlens_new, p.sn, sn), fit(p); });
  for (std::int64_t sq : {std::int64_t{1}, from.sq / 2, from.sq - 1})
    if (sq >= 1 && sq < from.sq)
      all.add([&](append_problem& p) { shrink_tokens(p.seqlens_q, p.sq, sq), fit(p); });
  all.add([](append_problem& p) { p.sq = 0, p.seqlens_q.clear(), fit(p); });
  all.add([](append_problem& p) {
    p.rotary_dim = 0, p.sq = 0, p.seqlens_q.clear(), p.rotary_seqlens.clear(), p.rotary_interleaved = true;
    fit(p);
  });
  all.add([](append_problem& p) { p.rotary_dim = std::min<std::int64_t>(p.rotary_dim, 16); });
  all.add([](append_problem& p) { p.rotary_seqlens.clear(), fit(p); });
  shrink_masks(all);
  return all.take();
}

std::vector<combine_problem> smaller(const combine_problem& from) {
  edits<combine_problem> all(from);
  const auto fewer = [&](std::int64_t combine_problem::*member, std::int64_t least) {
    for (std::int64_t value : {least, from.*member / 2, from.*member - 1})
      if (value >= least && value < from.*member) all.add([&](combine_problem& p) { p.*member = value; });
  };
  fewer(&combine_problem::b, 1);
  fewer(&combine_problem::hq, 1);
  fewer(&combine_problem::sq, 1);
  fewer(&combine_problem::num_splits, 1);
  fewer(&combine_problem::dv, 4);
  all.add([](combine_problem& p) { p.empty_percent = 0; });
  all.add([](combine_problem& p) { p.gap = 0; });
  return all.take();
}

}  // namespace plumbline::generate
