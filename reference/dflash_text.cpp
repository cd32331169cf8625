// Problems of dflash as one line of text, and back.
#include "reference/core/described.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

namespace {

// As many rows of the cache as the list, or the sequences, need.
std::int64_t usual_rows(const attention_problem& p) {
  std::int64_t rows = p.cache_batch_idx.empty() ? p.b : 1;
  for (const std::int64_t row : p.cache_batch_idx) rows = std::max(rows, row + 1);
  return rows;
}

// The most keys of a sequence, with lists as they are written: one number for all.
std::int64_t usual_capacity(const attention_problem& p) {
  const auto longest = [](const int_list& list, std::int64_t otherwise) {
    return list.empty() ? otherwise : *std::max_element(list.begin(), list.end());
  };
  if (p.context_lens.size() != p.cache_seqlens.size() || p.context_lens.size() < 2)
    return longest(p.context_lens, 1) + longest(p.cache_seqlens, 0) + p.block_size;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < p.context_lens.size(); ++i)
    most = std::max(most, p.context_lens[i] + p.cache_seqlens[i]);
  return most + p.block_size;
}

}  // namespace

template <class Way>
void describe(Way& way, project_problem& p) {
  const project_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("block_size", p.block_size, usual.block_size);
  way.number("context_len", p.context_len, usual.context_len);
  way.number("hidden_size", p.hidden_size, usual.hidden_size);
  way.number("hq", p.hq, usual.hq);
  way.number("hk", p.hk, usual.hk);
  way.number("d", p.d, usual.d);
  way.flag("bias", p.has_bias, false);
  way.real("eps", p.eps, usual.eps);
  way.number("gap", p.gap, 0);
}

template <class Way>
void describe(Way& way, attention_problem& p) {
  const attention_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("block_size", p.block_size, usual.block_size);
  way.number("hq", p.hq, usual.hq);
  way.number("hk", p.hk, usual.hk);
  way.number("d", p.d, usual.d);
  way.number("hidden_size", p.hidden_size, usual.hidden_size);
  way.list("context_lens", p.context_lens);
  way.list("cache_seqlens", p.cache_seqlens);
  way.list("cache_batch_idx", p.cache_batch_idx);
  way.number("batch_cache", p.batch_cache, usual_rows(p));
  way.number("capacity", p.capacity, usual_capacity(p));
  way.number("mask_batch", p.mask_batch, 0);
  way.number("mask_rows", p.mask_rows, p.mask_batch == 0 ? 0 : p.block_size);
  way.flag("bias", p.has_bias, false);
  way.real("softmax_scale", p.softmax_scale, 0);
  way.number("gap", p.gap, 0);
  way.number("hidden_percent", p.hidden_percent, 0);
}

template <class Way>
void describe(Way& way, accept_problem& p) {
  const accept_problem usual;
  way.type("dtype", p.type, usual.type);
  describe_batch(way, p.b);
  way.number("block_size", p.block_size, usual.block_size);
  way.number("vocab_size", p.vocab_size, usual.vocab_size);
  way.real("temperature", p.temperature, 0);
  way.number("gap", p.gap, 0);
  way.number("agree_percent", p.agree_percent, 0);
}

template <class Way>
void describe(Way& way, crop_problem& p) {
  const crop_problem usual;
  way.type("dtype", p.type, usual.type);
  way.number("layers", p.layers, usual.layers);
  describe_batch(way, p.b);
  way.number("capacity", p.capacity, usual.capacity);
  way.number("hk", p.hk, usual.hk);
  way.number("d", p.d, usual.d);
  way.list("cache_seqlens", p.cache_seqlens);
  way.list("keep", p.keep);
  way.flag("scrub", p.scrub, false);
  way.number("gap", p.gap, 0);
}

std::string to_text(const project_problem& p) { return line_of(p); }
std::string to_text(const accept_problem& p) { return line_of(p); }
std::string to_text(const attention_problem& given) {
  attention_problem p = given;
  collapse(p.context_lens, 1);
  collapse(p.cache_seqlens, 0);
  return line_of(p);
}
std::string to_text(const crop_problem& given) {
  crop_problem p = given;
  collapse(p.cache_seqlens, p.capacity);
  collapse(p.keep, 0);
  return line_of(p);
}

project_problem parse_project(const keyed_text& text) { return parsed<project_problem>(text); }
accept_problem parse_accept(const keyed_text& text) { return parsed<accept_problem>(text); }
attention_problem parse_attention(const keyed_text& text) {
  return parsed<attention_problem>(text, [](attention_problem& p) {
    expand(p.context_lens, p.b, 1);
    expand(p.cache_seqlens, p.b, 0);
  });
}
crop_problem parse_crop(const keyed_text& text) {
  return parsed<crop_problem>(text, [](crop_problem& p) {
    expand(p.cache_seqlens, p.b, p.capacity);
    expand(p.keep, p.b, 0);
  });
}

}  // namespace plumbline::dflash
