// Problems of flash_decode as one line of text, and back.
//
// Defaults follow what was read before them (dv = d, batch_cache = b, ...), so a short line is a whole
// problem and a line is written in the order in which it is read.  Numbers are bounded before anything is
// sized by them.
#include <algorithm>
#include <limits>

#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::int64_t most_sequences = 1 << 20;
constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();

std::int64_t longest_of(const std::vector<std::int64_t>& lengths, std::int64_t otherwise) {
  return lengths.empty() ? otherwise : *std::max_element(lengths.begin(), lengths.end());
}
std::int64_t pages_for(std::int64_t slots, std::int64_t page_size) {
  return page_size > 0 ? slots / page_size + (slots % page_size != 0) : 0;
}
dtype natural_out(dtype in) { return in == dtype::e4m3 ? dtype::bf16 : in; }

std::vector<std::int64_t> lengths_from(const keyed_text& text, std::string_view key) {
  std::vector<std::int64_t> lengths = text.list(key, {});
  for (std::int64_t n : lengths)
    if (n < 0 || n > largest)
      throw bad_argument(std::string(key), "expected lengths of at least 0, got " + std::to_string(n));
  return lengths;
}

dtype type_from(const keyed_text& text, std::string_view key, dtype fallback) {
  const std::string word = text.word(key, name_of(fallback));
  const auto type = dtype_from(word);
  if (!type) throw bad_argument(std::string(key), "expected bf16, f16, e4m3 or f32, got \"" + word + "\"");
  return *type;
}

void write(keyed_text& text, const cache_shape& p, std::int64_t usual_length) {
  const cache_shape fallback;
  text.put_word("dtype", name_of(p.type), name_of(fallback.type));
  text.put("b", p.b, fallback.b);
  text.put("hq", p.hq, fallback.hq);
  text.put("hk", p.hk, fallback.hk);
  text.put("d", p.d, fallback.d);
  text.put("dv", p.dv, p.d);
  text.put("page_size", p.page_size, 0);
  text.put("max_pages", p.max_pages, p.page_size > 0 ? -1 : 0);
  text.put("capacity", p.capacity, p.page_size > 0 ? p.max_pages * p.page_size : fallback.capacity);
  text.put("batch_cache", p.batch_cache, p.b);
  text.put("num_pages", p.num_pages, p.page_size > 0 ? p.batch_cache * p.max_pages : 0);
  text.put_flag("has_batch_idx", p.has_batch_idx, false);
  text.put_flag("shared_pages", p.shared_pages, false);
  text.put("gap", p.gap, 0);
  const std::vector<std::int64_t>& lengths = p.cache_seqlens;
  const bool alike = !lengths.empty() && std::count(lengths.begin(), lengths.end(), lengths[0]) ==
                                             static_cast<std::ptrdiff_t>(lengths.size());
  if (alike && static_cast<std::int64_t>(lengths.size()) == p.b)
    text.put("cache_seqlens", lengths[0], usual_length);
  else
    text.put_list("cache_seqlens", lengths);
  text.put_list("cache_leftpad", p.cache_leftpad);
  text.put_list("seqlens_q", p.seqlens_q);
}

void read(const keyed_text& text, cache_shape& p) {
  p.type = type_from(text, "dtype", p.type);
  p.b = text.bounded("b", p.b);
  if (p.b < 0 || p.b > most_sequences)
    throw bad_argument(
        "b", "expected 0.." + std::to_string(most_sequences) + " sequences, got " + std::to_string(p.b));
  p.hq = text.bounded("hq", p.hq);
  p.hk = text.bounded("hk", p.hk);
  p.d = text.bounded("d", p.d);
  p.dv = text.bounded("dv", p.d);
  p.page_size = text.bounded("page_size", p.page_size);
  p.max_pages = text.bounded("max_pages", pages_for(text.bounded("capacity", p.capacity), p.page_size));
  p.capacity = text.bounded("capacity", p.page_size > 0 ? p.max_pages * p.page_size : p.capacity);
  p.batch_cache = text.bounded("batch_cache", p.b);
  p.num_pages = text.bounded("num_pages", p.page_size > 0 ? p.batch_cache * p.max_pages : 0);
  p.has_batch_idx = text.flag("has_batch_idx", p.has_batch_idx);
  p.shared_pages = text.flag("shared_pages", p.shared_pages);
  p.gap = text.bounded("gap", p.gap);
  p.cache_seqlens = lengths_from(text, "cache_seqlens");
  if (p.cache_seqlens.empty()) p.cache_seqlens = {p.capacity};
  if (p.cache_seqlens.size() == 1) p.cache_seqlens.assign(static_cast<std::size_t>(p.b), p.cache_seqlens[0]);
  p.cache_leftpad = lengths_from(text, "cache_leftpad");
  p.seqlens_q = lengths_from(text, "seqlens_q");
}

template <class Problem>
void write_mask(keyed_text& text, const Problem& p) {
  text.put_flag("causal", p.causal, false);
  text.put("window_left", p.window_left, -1);
  text.put("window_right", p.window_right, -1);
  text.put("attention_chunk", p.attention_chunk, 0);
}

template <class Problem>
void read_mask(const keyed_text& text, Problem& p) {
  p.causal = text.flag("causal", p.causal);
  p.window_left = text.bounded("window_left", p.window_left, -1);
  p.window_right = text.bounded("window_right", p.window_right, -1);
  p.attention_chunk = text.bounded("attention_chunk", p.attention_chunk);
}

std::int64_t rotary_rows(const append_problem& p) {
  return p.rotary_dim > 0 ? p.capacity + std::max(p.sq, p.sn) : 0;
}

}  // namespace

std::string to_text(const attend_problem& p) {
  keyed_text text;
  write(text, p, p.capacity);
  text.put("sq", p.sq, longest_of(p.seqlens_q, 1));
  text.put("softmax_scale", p.softmax_scale, 0.0);
  write_mask(text, p);
  text.put("softcap", p.softcap, 0.0);
  text.put("num_splits", p.num_splits, 0);
  text.put_flag("has_qv", p.has_qv, false);
  text.put_flag("has_sink", p.has_sink, false);
  text.put_word("out_type", name_of(p.out_type), name_of(natural_out(p.type)));
  return text.str();
}

attend_problem parse_attend(const keyed_text& text) {
  attend_problem p;
  read(text, p);
  p.sq = text.bounded("sq", longest_of(p.seqlens_q, p.sq));
  p.softmax_scale = text.real("softmax_scale", p.softmax_scale);
  read_mask(text, p);
  p.softcap = text.real("softcap", p.softcap);
  p.num_splits = text.bounded("num_splits", p.num_splits);
  p.has_qv = text.flag("has_qv", p.has_qv);
  p.has_sink = text.flag("has_sink", p.has_sink);
  p.out_type = type_from(text, "out_type", natural_out(p.type));
  text.require_all_read();
  check(p);
  return p;
}

std::string to_text(const append_problem& p) {
  keyed_text text;
  write(text, p, 0);
  text.put_list("seqlens_new", p.seqlens_new);
  text.put("sq", p.sq, longest_of(p.seqlens_q, 0));
  text.put("sn", p.sn, longest_of(p.seqlens_new, 1));
  text.put("rotary_dim", p.rotary_dim, 0);
  text.put_flag("rotary_interleaved", p.rotary_interleaved, true);
  text.put("seqlen_rotary", p.seqlen_rotary, rotary_rows(p));
  text.put_list("rotary_seqlens", p.rotary_seqlens);
  write_mask(text, p);
  return text.str();
}

append_problem parse_append(const keyed_text& text) {
  append_problem p;
  read(text, p);
  if (!text.has("cache_seqlens")) std::fill(p.cache_seqlens.begin(), p.cache_seqlens.end(), 0);
  p.seqlens_new = lengths_from(text, "seqlens_new");
  p.sq = text.bounded("sq", longest_of(p.seqlens_q, p.sq));
  p.sn = text.bounded("sn", longest_of(p.seqlens_new, p.sn));
  p.rotary_dim = text.bounded("rotary_dim", p.rotary_dim);
  p.rotary_interleaved = text.flag("rotary_interleaved", p.rotary_interleaved);
  p.seqlen_rotary = text.bounded("seqlen_rotary", rotary_rows(p));
  p.rotary_seqlens = lengths_from(text, "rotary_seqlens");
  read_mask(text, p);
  text.require_all_read();
  check(p);
  return p;
}

std::string to_text(const combine_problem& p) {
  const combine_problem fallback;
  keyed_text text;
  text.put("num_splits", p.num_splits, fallback.num_splits);
  text.put("b", p.b, fallback.b);
  text.put("sq", p.sq, fallback.sq);
  text.put("hq", p.hq, fallback.hq);
  text.put("dv", p.dv, fallback.dv);
  text.put_word("out_type", name_of(p.out_type), name_of(fallback.out_type));
  text.put("gap", p.gap, fallback.gap);
  text.put("empty_percent", p.empty_percent, fallback.empty_percent);
  return text.str();
}

combine_problem parse_combine(const keyed_text& text) {
  combine_problem p;
  p.num_splits = text.bounded("num_splits", p.num_splits);
  p.b = text.bounded("b", p.b);
  p.sq = text.bounded("sq", p.sq);
  p.hq = text.bounded("hq", p.hq);
  p.dv = text.bounded("dv", p.dv);
  p.out_type = type_from(text, "out_type", p.out_type);
  p.gap = text.bounded("gap", p.gap);
  p.empty_percent = text.bounded("empty_percent", p.empty_percent);
  text.require_all_read();
  check(p);
  return p;
}

}  // namespace plumbline::flash_decode
