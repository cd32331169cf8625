// Bad caches and bad calls of attend.
#include <cmath>

#include "tests/flash_decode_refusals.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;
using namespace plumbline::flash_decode::refusals;

namespace {

// Edits of what attend and append share.
template <class Call>
std::vector<bad_edit<Call>> cache_edits() {
  return {
      {"fp32 inputs", "dtype", [](Call& c) { c.p.type = dtype::f32; }},
      {"no KV head", "hk", [](Call& c) { c.p.hk = 0; }},
      {"heads that do not divide", "hq", [](Call& c) { c.p.hq = 3; }},
      {"head dim not a multiple of 8", "d", [](Call& c) { c.p.d = 12; }},
      {"head dim 264", "d", [](Call& c) { c.p.d = c.p.dv = 264; }},
      {"head dim 0", "d", [](Call& c) { c.p.d = 0; }},
      {"e4m3 head dim not a multiple of 16", "d",
       [](Call& c) { c.p.type = dtype::e4m3, c.p.d = c.p.dv = 24; }},
      {"dv too large", "dv", [](Call& c) { c.p.dv = 520; }},
      {"dv below d", "dv", [](Call& c) { c.p.d = 128, c.p.dv = 64; }},
      {"dv of (192, 96)", "dv", [](Call& c) { c.p.d = 192, c.p.dv = 96; }},
      {"dv of (200, 128)", "dv", [](Call& c) { c.p.d = 200, c.p.dv = 128; }},
      {"cache rows without batch index", "batch_cache", [](Call& c) { c.p.has_batch_idx = false; }},
      {"capacity that is not whole pages", "capacity", [](Call& c) { c.p.capacity = 7; }},
      {"pages of a dense cache", "max_pages", [](Call& c) { c.p.page_size = 0; }},
      {"a length for each sequence", "cache_seqlens", [](Call& c) { c.p.cache_seqlens.pop_back(); }},
      {"length above the capacity", "cache_seqlens", [](Call& c) { c.p.cache_seqlens[0] = 9; }},
      {"length below the left padding", "cache_seqlens", [](Call& c) { c.p.cache_seqlens[0] = 0; }},
      {"negative length", "cache_seqlens", [](Call& c) { c.p.cache_seqlens[1] = -1; }},
      {"left padding of one sequence", "cache_leftpad", [](Call& c) { c.p.cache_leftpad.pop_back(); }},
      {"negative left padding", "cache_leftpad", [](Call& c) { c.p.cache_leftpad[1] = -1; }},
      {"negative window", "window_left", [](Call& c) { c.p.window_left = -2; }},
      {"negative window", "window_right", [](Call& c) { c.p.window_right = -2; }},
      {"negative chunk", "attention_chunk", [](Call& c) { c.p.attention_chunk = -1; }},
      {"negative gap", "gap", [](Call& c) { c.p.gap = -1; }},
      {"a cache beyond reason", "k_cache", [](Call& c) { c.p.num_pages = 2147483647; }},
      {"no K cache", "k_cache", [](Call& c) { c.inputs.erase("k_cache"); }},
      {"K cache of another dtype", "k_cache",
       [](Call& c) {
         c.inputs.set("k_cache", tensor(dtype::f16, {6, 4, 2, 16}));
       }},
      {"V cache of another dtype", "v_cache",
       [](Call& c) {
         c.inputs.set("v_cache", tensor(dtype::f32, {6, 4, 2, 16}));
       }},
      {"V cache of another shape", "v_cache",
       [](Call& c) {
         c.inputs.set("v_cache", tensor(c.p.type, {6, 4, 2, 8}));
       }},
      {"K cache with a strided last dim", "k_cache",
       [](Call& c) {
         c.inputs.set("k_cache", tensor(c.p.type, {6, 4, 2, 16}, {256, 64, 32, 2}));
       }},
      {"no lengths", "cache_seqlens", [](Call& c) { c.inputs.erase("cache_seqlens"); }},
      {"64-bit lengths", "cache_seqlens",
       [](Call& c) { c.inputs.set("cache_seqlens", tensor(dtype::f64, {2})); }},
      {"lengths of another batch", "cache_seqlens",
       [](Call& c) {
         c.inputs.set("cache_seqlens", integers({3}, {4, 2, 1}));
       }},
      {"strided lengths", "cache_seqlens",
       [](Call& c) { c.inputs.set("cache_seqlens", tensor(dtype::i32, {2}, {2})); }},
      {"lengths that are not the problem's", "cache_seqlens",
       [](Call& c) { c.inputs.at("cache_seqlens").set_value(0, 3); }},
      {"left padding that was not announced", "cache_leftpad", [](Call& c) { c.p.cache_leftpad.clear(); }},
      {"no batch index", "cache_batch_idx", [](Call& c) { c.inputs.erase("cache_batch_idx"); }},
      {"batch index of a row too many", "cache_batch_idx",
       [](Call& c) { c.inputs.at("cache_batch_idx").set_value(1, 3); }},
      {"negative batch index", "cache_batch_idx",
       [](Call& c) { c.inputs.at("cache_batch_idx").set_value(0, -1); }},
      {"no page table", "page_table", [](Call& c) { c.inputs.erase("page_table"); }},
      {"page table of another dtype", "page_table",
       [](Call& c) {
         c.inputs.set("page_table", tensor(dtype::f32, {3, 2}));
       }},
      {"page table of too few rows", "page_table",
       [](Call& c) {
         c.inputs.set("page_table", tensor(dtype::i32, {2, 2}));
       }},
      {"page table with a strided last dim", "page_table",
       [](Call& c) {
         c.inputs.set("page_table", tensor(dtype::i32, {3, 2}, {4, 2}));
       }},
      {"page table together with cu_seqlens_k", "cu_seqlens_k",
       [](Call& c) {
         c.inputs.set("cu_seqlens_k", integers({3}, {0, 4, 6}));
       }},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flash_decode_refusals)

BOOST_AUTO_TEST_CASE(attend_and_append_refuse_a_bad_cache) {
  every_edit_is_refused(good_attend(), cache_edits<attend_args>());
  every_edit_is_refused(good_append(), cache_edits<append_args>());
}

BOOST_AUTO_TEST_CASE(attend_refuses_what_only_it_takes) {
  using c = attend_args;
  every_edit_is_refused<c>(
      good_attend(),
      {{"more than 256 splits", "num_splits", [](c& a) { a.p.num_splits = 257; }},
       {"negative splits", "num_splits", [](c& a) { a.p.num_splits = -1; }},
       {"negative query tokens", "sq", [](c& a) { a.p.sq = -1; }},
       {"packed q without max_seqlen_q", "max_seqlen_q",
        [](c& a) {
          a.p.seqlens_q = {1, 3};
        }},
       {"packed lengths of one sequence", "seqlens_q", [](c& a) { a.p.seqlens_q = {1}; }},
       {"negative scale", "softmax_scale", [](c& a) { a.p.softmax_scale = -1; }},
       {"scale not a number", "softmax_scale", [](c& a) { a.p.softmax_scale = std::nan(""); }},
       {"infinite softcap", "softcap", [](c& a) { a.p.softcap = INFINITY; }},
       {"negative softcap", "softcap", [](c& a) { a.p.softcap = -1; }},
       {"out of another dtype", "out_type", [](c& a) { a.p.out_type = dtype::f16; }},
       {"e4m3 out", "out_type", [](c& a) { a.p.type = a.p.out_type = dtype::e4m3; }},
       {"qv with a narrow V", "qv", [](c& a) { a.p.has_qv = true; }},
       {"qv with e4m3", "qv",
        [](c& a) { a.p.type = dtype::e4m3, a.p.has_qv = true, a.p.d = 64, a.p.dv = 256; }},
       {"qv that was not announced", "qv",
        [](c& a) {
          a.inputs.set("qv", tensor(dtype::bf16, {2, 2, 4, 16}));
        }},
       {"no q", "q", [](c& a) { a.inputs.erase("q"); }},
       {"q of another dtype", "q",
        [](c& a) {
          a.inputs.set("q", tensor(dtype::f16, {2, 2, 4, 16}));
        }},
       {"q of another batch", "q",
        [](c& a) {
          a.inputs.set("q", tensor(dtype::bf16, {1, 2, 4, 16}));
        }},
       {"q with a strided last dim", "q",
        [](c& a) {
          a.inputs.set("q", tensor(dtype::bf16, {2, 2, 4, 16}, {256, 128, 32, 2}));
        }},
       {"used page out of range", "page_table", [](c& a) { a.inputs.at("page_table").set_value(4, 6); }},
       {"used page negative", "page_table", [](c& a) { a.inputs.at("page_table").set_value(0, -1); }},
       {"descale of 16-bit inputs", "k_descale",
        [](c& a) {
          a.inputs.set("k_descale", tensor(dtype::f32, {2, 2}));
        }},
       {"rotary without new keys", "rotary_cos",
        [](c& a) {
          a.inputs.set("rotary_cos", tensor(dtype::bf16, {6, 8}));
        }},
       {"new keys in attend", "k_new",
        [](c& a) {
          a.inputs.set("k_new", tensor(dtype::bf16, {2, 2, 2, 16}));
        }},
       {"sink that was not announced", "learnable_sink",
        [](c& a) { a.inputs.set("learnable_sink", tensor(dtype::f32, {4})); }},
       {"no sink", "learnable_sink", [](c& a) { a.p.has_sink = true; }},
       {"sink a KV head", "learnable_sink",
        [](c& a) { a.p.has_sink = true, a.inputs.set("learnable_sink", tensor(dtype::f32, {2})); }}});
}

BOOST_AUTO_TEST_CASE(descales_are_fp32_one_a_kv_head) {
  attend_args good = good_attend();
  good.p.type = dtype::e4m3;
  for (const char* name : {"q", "k_cache", "v_cache"}) {
    const auto shape = good.inputs.at(name).shape();
    good.inputs.set(name, tensor(dtype::e4m3, {shape.begin(), shape.end()}));
  }
  for (const char* name : {"q_descale", "k_descale", "v_descale"})
    good.inputs.set(name, tensor(dtype::f32, {2, 2}, {1, 7}));

  every_edit_is_refused<attend_args>(
      good, {{"one a query head", "q_descale",
              [](attend_args& a) {
                a.inputs.set("q_descale", tensor(dtype::f32, {2, 4}));
              }},
             {"one number", "v_descale",
              [](attend_args& a) { a.inputs.set("v_descale", tensor(dtype::f32, {1})); }},
             {"bf16", "k_descale", [](attend_args& a) {
                a.inputs.set("k_descale", tensor(dtype::bf16, {2, 2}));
              }}});
}

BOOST_AUTO_TEST_CASE(packed_offsets_grow_and_fit_the_lengths) {
  attend_args good = good_attend();
  good.p.seqlens_q = {1, 2};
  good.inputs.set("q", tensor(dtype::bf16, {3, 4, 16}));
  good.inputs.set("cu_seqlens_q", cumulative_lengths({1, 2}));
  const auto offsets = [](std::vector<double> values) {
    return [values](attend_args& a) {
      a.inputs.set("cu_seqlens_q", integers({static_cast<std::int64_t>(values.size())}, values));
    };
  };

  every_edit_is_refused<attend_args>(
      good, {{"going down", "cu_seqlens_q", offsets({0, 4, 3})},
             {"not from 0", "cu_seqlens_q", offsets({1, 2, 3})},
             {"another total", "cu_seqlens_q", offsets({0, 1, 4})},
             {"too short", "cu_seqlens_q", offsets({0, 1})},
             {"without packed q", "q", [](attend_args& a) { a.p.seqlens_q.clear(); }}});
}

BOOST_AUTO_TEST_SUITE_END()
