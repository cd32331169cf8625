// Every bad argument is refused by its name.
//
// A table: what is wrong, the name that the message must carry, and the one edit that makes a good call bad.
// The good call itself passes, so it is the edit that is refused.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <string>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;

namespace {

template <class Problem>
struct call {
  Problem p;
  tensor_set inputs;
};
using attend_args = call<attend_problem>;
using append_args = call<append_problem>;
using combine_args = call<combine_problem>;

template <class Call>
struct bad_edit {
  const char* what;
  const char* argument;
  std::function<void(Call&)> edit;
};

tensor integers(std::vector<std::int64_t> shape, const std::vector<double>& values) {
  tensor t(dtype::i32, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
  return t;
}

// Paged, with left padding and a batch index: two sequences of three page-table rows.
template <class Problem>
void give_cache(call<Problem>& c) {
  Problem& p = c.p;
  p.b = 2;
  p.batch_cache = 3;
  p.has_batch_idx = true;
  p.hq = 4;
  p.hk = 2;
  p.d = p.dv = 16;
  p.page_size = 4;
  p.max_pages = 2;
  p.num_pages = 6;
  p.capacity = 8;
  p.cache_seqlens = {4, 2};
  p.cache_leftpad = {1, 0};
  c.inputs.set("k_cache", tensor(p.type, {6, 4, 2, 16}));
  c.inputs.set("v_cache", tensor(p.type, {6, 4, 2, 16}));
  c.inputs.set("cache_seqlens", integers({2}, {4, 2}));
  c.inputs.set("cache_leftpad", integers({2}, {1, 0}));
  c.inputs.set("cache_batch_idx", integers({2}, {2, 0}));
  c.inputs.set("page_table", integers({3, 2}, {5, 4, -9, -9, 3, 2}));
}

attend_args good_attend() {
  attend_args c;
  give_cache(c);
  c.p.sq = 2;
  c.inputs.set("q", tensor(c.p.type, {2, 2, 4, 16}));
  return c;
}

append_args good_append() {
  append_args c;
  give_cache(c);
  c.p.sq = c.p.sn = 2;
  c.p.rotary_dim = 16;
  c.p.seqlen_rotary = 6;
  c.inputs.set("q", tensor(c.p.type, {2, 2, 4, 16}));
  c.inputs.set("k_new", tensor(c.p.type, {2, 2, 2, 16}));
  c.inputs.set("v_new", tensor(c.p.type, {2, 2, 2, 16}));
  c.inputs.set("rotary_cos", tensor(c.p.type, {6, 8}));
  c.inputs.set("rotary_sin", tensor(c.p.type, {6, 8}));
  return c;
}

combine_args good_combine() {
  combine_args c;
  c.p.num_splits = 3;
  c.p.sq = 2;
  c.p.hq = 4;
  c.p.dv = 8;
  c.inputs.set("out_partial", tensor(dtype::f32, {3, 1, 2, 4, 8}));
  c.inputs.set("lse_partial", lse_by_head({3, 1, 2, 4}));
  return c;
}

// The argument that `check` complains about, or "" when it does not.
template <class Call>
std::string refused(const Call& c) {
  try {
    check(c.p, c.inputs);
  } catch (const bad_argument& e) {
    const std::string message = e.what();
    BOOST_TEST((message.find("expected") != std::string::npos && message.find('\n') == std::string::npos),
               message);
    return e.argument();
  }
  return "";
}

template <class Call>
void every_edit_is_refused(const Call& good, const std::vector<bad_edit<Call>>& edits) {
  BOOST_TEST(refused(good) == "");
  for (const bad_edit<Call>& e : edits) {
    Call bad = good;
    e.edit(bad);
    BOOST_TEST(refused(bad) == e.argument, e.what << ": refused \"" << refused(bad) << "\"");
  }
}

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

BOOST_AUTO_TEST_CASE(append_refuses_what_only_it_takes) {
  using c = append_args;
  every_edit_is_refused<c>(
      good_append(),
      {{"k without v", "v_new", [](c& a) { a.inputs.erase("v_new"); }},
       {"v without k", "k_new", [](c& a) { a.inputs.erase("k_new"); }},
       {"new k of another dtype", "k_new",
        [](c& a) {
          a.inputs.set("k_new", tensor(dtype::f16, {2, 2, 2, 16}));
        }},
       {"new v of another shape", "v_new",
        [](c& a) {
          a.inputs.set("v_new", tensor(dtype::bf16, {2, 1, 2, 16}));
        }},
       {"more queries than slots", "sq", [](c& a) { a.p.sq = 9; }},
       {"no room for the new tokens", "cache_seqlens", [](c& a) { a.p.sn = 5; }},
       {"packed new tokens without their maximum", "sn",
        [](c& a) {
          a.p.seqlens_new = {1, 3};
        }},
       {"two sequences append to one row", "cache_batch_idx",
        [](c& a) {
          a.inputs.at("cache_batch_idx").set_value(1, 2),
              a.p.cache_seqlens = {4, 4}, a.inputs.set("cache_seqlens", integers({2}, {4, 4}));
        }},
       {"two sequences append to one page", "cache_batch_idx",
        [](c& a) {
          a.inputs.at("page_table").set_value(0, 2), a.p.cache_seqlens = {4, 0},
                                                     a.inputs.set("cache_seqlens", integers({2}, {4, 0}));
        }},
       {"written page out of range", "page_table", [](c& a) { a.inputs.at("page_table").set_value(5, 6); }},
       {"only cos", "rotary_sin", [](c& a) { a.inputs.erase("rotary_sin"); }},
       {"only sin", "rotary_cos", [](c& a) { a.inputs.erase("rotary_cos"); }},
       {"rotary dim not a multiple of 16", "rotary_dim", [](c& a) { a.p.rotary_dim = 8; }},
       {"rotary dim above d", "rotary_dim", [](c& a) { a.p.rotary_dim = 32; }},
       {"cos of another dtype", "rotary_cos",
        [](c& a) {
          a.inputs.set("rotary_cos", tensor(dtype::f32, {6, 8}));
        }},
       {"sin of another shape", "rotary_sin",
        [](c& a) {
          a.inputs.set("rotary_sin", tensor(dtype::bf16, {6, 16}));
        }},
       {"strided cos", "rotary_cos",
        [](c& a) {
          a.inputs.set("rotary_cos", tensor(dtype::bf16, {6, 8}, {9, 1}));
        }},
       {"tables without rotary", "rotary_cos", [](c& a) { a.p.rotary_dim = a.p.seqlen_rotary = 0; }},
       {"position beyond the tables", "seqlen_rotary", [](c& a) { a.p.seqlen_rotary = 5; }},
       {"moved queries beyond the tables", "seqlen_rotary", [](c& a) { a.p.sq = 3, a.p.causal = true; }},
       {"rotary lengths without rotary", "rotary_seqlens",
        [](c& a) {
          a.p.rotary_dim = a.p.seqlen_rotary = 0, a.p.rotary_seqlens = {0, 0};
        }},
       {"rotary length of one sequence", "rotary_seqlens", [](c& a) { a.p.rotary_seqlens = {0}; }},
       {"no q to rotate", "q", [](c& a) { a.inputs.erase("q"); }}});
}

BOOST_AUTO_TEST_CASE(unused_page_entries_and_fixed_queries_are_not_refused) {
  append_args c = good_append();
  c.p.sq = 8;  // at one position, because no mask moves them
  c.inputs.set("q", tensor(c.p.type, {2, 8, 4, 16}));
  c.inputs.at("page_table").set_value(4, 99);  // holds cached keys, takes no new one

  BOOST_TEST(refused(c) == "");
}

BOOST_AUTO_TEST_CASE(combine_refuses_by_name) {
  using c = combine_args;
  every_edit_is_refused<c>(
      good_combine(),
      {{"no split", "num_splits", [](c& a) { a.p.num_splits = 0; }},
       {"more than 256 splits", "num_splits", [](c& a) { a.p.num_splits = 257; }},
       {"e4m3 out", "out_type", [](c& a) { a.p.out_type = dtype::e4m3; }},
       {"more than all of them empty", "empty_percent", [](c& a) { a.p.empty_percent = 101; }},
       {"partials of bf16", "out_partial",
        [](c& a) {
          a.inputs.set("out_partial", tensor(dtype::bf16, {3, 1, 2, 4, 8}));
        }},
       {"partials of another split count", "out_partial",
        [](c& a) {
          a.inputs.set("out_partial", tensor(dtype::f32, {2, 1, 2, 4, 8}));
        }},
       {"no lse", "lse_partial", [](c& a) { a.inputs.erase("lse_partial"); }},
       {"lse contiguous along heads", "lse_partial", [](c& a) {
          a.inputs.set("lse_partial", tensor(dtype::f32, {3, 1, 2, 4}));
        }}});
}

BOOST_AUTO_TEST_SUITE_END()
