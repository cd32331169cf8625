// Recorded K caches: writers of rows, pages and separate buffers, and their readers.
#include <algorithm>

#include "properties/quantize/upstream.hpp"
#include "properties/upstream_source.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

namespace {

struct writer {
  std::string_view said, policy;
};
constexpr writer writers[] = {{"sglang slow", "sglang_slow"},
                              {"sglang fast (Triton)", "sglang_fast"},
                              {"sglang separate (Triton)", "sglang_fast"},
                              {"FlashMLA tests, September 2025", "flashmla_2025"},
                              {"FlashMLA tests 2026, V3.2 656-byte rows", "flashmla_2026"},
                              {"FlashMLA tests 2026, MODEL1 584 bytes a token", "flashmla_2026"},
                              {"sglang DeepSeek V4 store (Triton)", "sglang_dsv4"},
                              {"vLLM DeepSeek V4 CPU tests", "vllm_v4_cpu"}};

policy rule_of(std::string_view said) {
  for (const writer& one : writers)
    if (one.said == said) return *policy_named(one.policy);
  throw bad_argument("writer", "expected one that the policy table knows, got \"" + std::string(said) + "\"");
}

// The bytes of pages, in the shape in which a call has them; what lies behind a page stays behind.
tensor pages_of(const cache_shape& p, const tensor& from, const char* name) {
  tensor_set made = make_cache(p);
  const auto shape = made.at("cache").shape();
  if (from.type() != dtype::u8 || from.size() != p.num_pages * page_stride(p))
    throw bad_argument(name, "expected " + counted(p.num_pages * page_stride(p), "byte") + ", got " +
                                 std::to_string(from.size()));
  tensor to(dtype::u8, {shape.begin(), shape.end()});
  const std::int64_t used = p.page_size * slot_bytes(p);
  for (std::int64_t page = 0; page < p.num_pages; ++page)
    std::copy_n(from.data() + page * page_stride(p), used, to.data() + page * used);
  return to;
}

tensor nothing_stored(const cache_shape& p) {
  const tensor like = make_cache(p).at("cache");
  return tensor(dtype::u8, {like.shape().begin(), like.shape().end()});
}

// Bytes behind a page that a writer changed are no store's.
void require_untouched_gap(const cache_shape& p, const tensor& before, const tensor& after) {
  for (std::int64_t page = 0; page < p.num_pages; ++page) {
    const std::int64_t gap = page * page_stride(p) + p.page_size * slot_bytes(p),
                       end = (page + 1) * page_stride(p);
    if (!std::equal(before.data() + gap, before.data() + end, after.data() + gap))
      throw bad_argument("expected_cache", "expected the bytes behind a page as they were");
  }
}

recorded_case reading(const upstream_source& from, const cache_shape& p, std::int64_t tokens, dtype out,
                      const tensor* slots) {
  dequantize_problem q;
  static_cast<cache_shape&>(q) = p;
  q.tokens = tokens;
  q.out_type = out;
  q.has_indices = slots != nullptr;
  recorded_case call = from.call("dequantize", to_text(q));
  if (slots) call.tensors.set("indices", *slots);
  return call;
}

std::vector<recorded_case> separate_calls(upstream_source& from) {
  const tensor &nope = from.at("k_nope"), &rope = from.at("k_rope");
  store_problem p;
  p.rule = rule_of(from.word("writer"));
  p.layout = cache_layout::split;
  p.page_size = 1;
  p.dv = nope.dim(1), p.tile = from.integer("tile_size"), p.d = p.dv + rope.dim(1);
  p.num_pages = p.tokens = nope.dim(0);
  p.separate = true;
  recorded_case store = from.call("store", to_text(p));
  recorded_case read = reading(from, p, p.tokens, p.type, nullptr);
  store.tensors.set("k_nope", nope);
  store.tensors.set("k_rope", rope);
  for (const auto& [name, before] : make_cache(p)) store.tensors.set(name, before);
  for (const char* part : {"nope_part", "rope_part"}) {
    const std::string expected = "expected_" + std::string(part);
    store.tensors.set(expected, from.rows(expected.c_str()));
    read.tensors.set(part, from.rows(expected.c_str()));
  }
  read.tensors.set("expected_out", from.rows("expected_dequantized"));
  return {store, read};
}

std::vector<recorded_case> k_cache_calls(upstream_source& from) {
  if (from.has("k_nope")) return separate_calls(from);
  const tensor k = from.rows({"k_cache", "k"});
  store_problem p;
  p.rule = rule_of(from.word("writer"));
  p.type = k.type();
  p.dv = from.integer("dv"), p.tile = from.integer("tile_size"), p.d = k.dim(1);
  p.tokens = k.dim(0);
  p.page_size = from.integer(from.says("page_size") ? "page_size" : "block_size");
  const bool pages = from.says("bytes_per_page") || from.integer("row_bytes") == 584;
  if (pages) p.layout = cache_layout::pages, p.scale_type = dtype::e8m0;
  const char* const packed = from.has("expected_packed") ? "expected_packed" : "expected_cache";
  const tensor& after = from.at(packed);
  p.num_pages = pages ? after.dim(0) : from.integer("num_blocks");
  if (pages) p.page_gap = after.dim(1) - p.page_size * slot_bytes(p);
  p.has_slots = from.has("slot_indices");

  recorded_case store = from.call("store", to_text(p));
  store.tensors.set("k", k);
  if (p.has_slots) store.tensors.set("slots", from.at("slot_indices"));
  if (from.has("cache_before")) {
    require_untouched_gap(p, from.at("cache_before"), after);
    store.tensors.set("cache", pages_of(p, from.at("cache_before"), "cache_before"));
  } else {
    store.tensors.set("cache", nothing_stored(p));
  }
  store.tensors.set("expected_cache", pages_of(p, after, packed));
  std::vector<recorded_case> calls = {store};
  if (from.has("expected_packed_torch_2_8")) {  // the cast that did not saturate
    store_problem older = p;
    older.rule = *policy_named("sglang_slow_torch_2_12");
    recorded_case call = from.call("store", to_text(older));
    call.tensors = store.tensors;
    call.tensors.set("expected_cache",
                     pages_of(p, from.at("expected_packed_torch_2_8"), "expected_packed_torch_2_8"));
    calls.push_back(call);
  }
  for (const char* name : {"expected_dequantized", "expected_dequantized_float32"}) {
    if (!from.has(name)) continue;
    const tensor out = from.rows(name);
    recorded_case read =
        reading(from, p, p.tokens, out.type(), p.has_slots ? &from.at("slot_indices") : nullptr);
    read.tensors.set("cache", pages_of(p, after, packed));
    read.tensors.set("expected_out", out);
    calls.push_back(read);
  }
  return calls;
}

std::vector<recorded_case> indexer_calls(upstream_source& from) {
  const tensor& k = from.at("k");
  store_problem p;
  p.rule = *policy_named("indexer_sglang");
  p.type = k.type();
  p.layout = cache_layout::pages;
  p.dv = p.d = k.dim(1), p.tokens = k.dim(0);
  p.page_size = from.integer("page_size"), p.num_pages = from.at("cache_before").dim(0);
  p.has_slots = true;
  recorded_case store = from.call("store", to_text(p));
  store.tensors.set("k", k);
  store.tensors.set("slots", from.at("slot_indices"));
  store.tensors.set("cache", pages_of(p, from.at("cache_before"), "cache_before"));
  store.tensors.set("expected_cache", pages_of(p, from.at("expected_cache"), "expected_cache"));
  return {store};
}

std::vector<recorded_case> concat_calls(upstream_source& from) {
  const tensor &nope = from.at("kv_c"), &rope = from.at("k_pe");
  store_problem p;
  p.rule = *policy_named("vllm_ds_mla");
  p.type = nope.type();
  p.dv = nope.dim(1), p.d = p.dv + rope.dim(1), p.tokens = nope.dim(0);
  p.page_size = from.integer("block_size"), p.num_pages = from.integer("num_blocks");
  p.separate = p.has_slots = true;
  if (from.word("cache_before") != "zero") throw bad_argument("cache_before", "expected zero");
  recorded_case store = from.call("store", to_text(p));
  store.tensors.set("k_nope", nope);
  store.tensors.set("k_rope", rope);
  store.tensors.set("slots", from.at("slot_mapping"));
  store.tensors.set("cache", nothing_stored(p));
  store.tensors.set("expected_cache", pages_of(p, from.at("expected_kv_cache"), "expected_kv_cache"));
  return {store};
}

std::vector<recorded_case> reader_calls(upstream_source& from) {
  const tensor &packed = from.at("packed"), expected = from.rows("expected_dequantized");
  cache_shape p;
  p.dv = from.integer("dv"), p.tile = from.integer("tile_size"), p.d = from.integer("head_dim");
  p.page_size = 1, p.num_pages = packed.dim(0);
  const char* const list = "page_table_1_flattened";
  recorded_case read =
      reading(from, p, expected.dim(0), expected.type(), from.has(list) ? &from.at(list) : nullptr);
  read.tensors.set("cache", pages_of(p, packed, "packed"));
  read.tensors.set("expected_out", expected);
  return {read};
}

}  // namespace

std::vector<recorded_case> upstream_cache_calls(upstream_source& from) {
  if (from.group() == "quantize_k_cache") return k_cache_calls(from);
  if (from.group() == "quantize_indexer_k_cache") return indexer_calls(from);
  if (from.group() == "concat_and_cache_mla") return concat_calls(from);
  if (from.group() == "dequantize_k_cache") return reader_calls(from);
  return {};
}

}  // namespace plumbline::quantize
