// Every bad argument of mla is refused by its name.
#include <boost/test/unit_test.hpp>

#include <limits>

#include "reference/mla_problem.hpp"
#include "tests/flash_decode_refusals.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using flash_decode::refusals::call;
using flash_decode::refusals::every_edit_is_refused;

namespace {

using decode_args = call<decode_problem>;
using prefill_args = call<prefill_problem>;
using lists_args = call<decode_indices_problem>;
using prefill_lists_args = call<prefill_indices_problem>;
using schedule_args = call<schedule_problem>;
using combine_args = call<combine_problem>;

template <class Problem>
call<Problem> made(const Problem& p) {
  return {p, empty_inputs(p)};
}

decode_args good_decode() {
  decode_problem p;
  p.b = 2, p.sq = 2, p.hq = 4, p.hk = 2, p.d = 16, p.dv = 12;
  p.page_size = 4, p.max_pages = 2, p.num_pages = 3;
  p.cache_seqlens = {5, 2};
  decode_args c = made(p);
  c.inputs.set("block_table", flash_decode::refusals::integers({2, 2}, {2, 1, 0, -9}));
  return c;
}

combine_args good_combine() {
  combine_problem p;
  p.b = 2, p.sq = 2, p.hq = 3, p.dv = 8;
  p.splits = {1, 3};
  p.has_sink = true;
  return made(p);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_refusals)

BOOST_AUTO_TEST_CASE(decode_refuses_by_name) {
  every_edit_is_refused<decode_args>(
      good_decode(),
      {{"fp8 q", "dtype", [](auto& c) { c.p.type = dtype::e4m3; }},
       {"negative batch", "b", [](auto& c) { c.p.b = -1; }},
       {"negative query length", "sq", [](auto& c) { c.p.sq = -1; }},
       {"no KV head", "hk", [](auto& c) { c.p.hk = 0; }},
       {"heads that do not divide", "hq", [](auto& c) { c.p.hq = 3; }},
       {"no width", "d", [](auto& c) { c.p.d = 0; }},
       {"a value wider than its key", "dv", [](auto& c) { c.p.dv = 17; }},
       {"no value", "dv", [](auto& c) { c.p.dv = 0; }},
       {"no page size", "page_size", [](auto& c) { c.p.page_size = 0; }},
       {"negative gap", "gap", [](auto& c) { c.p.gap = -1; }},
       {"negative page gap", "page_gap", [](auto& c) { c.p.page_gap = -1; }},
       {"a missing length", "cache_seqlens", [](auto& c) { c.p.cache_seqlens.pop_back(); }},
       {"a negative length", "cache_seqlens", [](auto& c) { c.p.cache_seqlens[0] = -1; }},
       {"a length beyond the table", "cache_seqlens", [](auto& c) { c.p.cache_seqlens[0] = 9; }},
       {"a pool beyond any memory", "k_cache", [](auto& c) { c.p.num_pages = 1 << 30; }},
       {"a negative scale", "softmax_scale", [](auto& c) { c.p.softmax_scale = -1; }},
       {"an infinite scale", "softmax_scale",
        [](auto& c) { c.p.softmax_scale = std::numeric_limits<double>::infinity(); }},
       {"negative parts", "num_sm_parts", [](auto& c) { c.p.num_sm_parts = -1; }},
       {"no q", "q", [](auto& c) { c.inputs.erase("q"); }},
       {"q of another type", "q",
        [](auto& c) {
          c.inputs.set("q", tensor(dtype::f16, {2, 2, 4, 16}));
        }},
       {"q of another shape", "q",
        [](auto& c) {
          c.inputs.set("q", tensor(dtype::bf16, {2, 2, 16, 4}));
        }},
       {"q with strides in its last axis", "q",
        [](auto& c) {
          c.inputs.set("q", tensor(dtype::bf16, {2, 2, 4, 16}, {256, 128, 32, 2}));
        }},
       {"a cache of another page size", "k_cache",
        [](auto& c) {
          c.inputs.set("k_cache", tensor(dtype::bf16, {3, 8, 2, 16}));
        }},
       {"a table of another width", "block_table",
        [](auto& c) {
          c.inputs.set("block_table", tensor(dtype::i32, {2, 3}));
        }},
       {"a page beyond the pool", "block_table", [](auto& c) { c.inputs.at("block_table").set_value(1, 3); }},
       {"a negative page", "block_table", [](auto& c) { c.inputs.at("block_table").set_value(0, -1); }},
       {"lengths other than the problem's", "cache_seqlens",
        [](auto& c) { c.inputs.at("cache_seqlens").set_value(1, 3); }},
       {"a tensor that decode does not take", "attn_sink",
        [](auto& c) { c.inputs.set("attn_sink", tensor(dtype::f32, {4})); }}});
}

BOOST_AUTO_TEST_CASE(a_page_that_no_key_uses_may_be_wild) {
  decode_args c = good_decode();
  c.inputs.at("block_table").set_value(3, 2147480000);

  BOOST_TEST(flash_decode::refusals::refused(c) == "");
}

BOOST_AUTO_TEST_CASE(prefill_refuses_by_name) {
  prefill_problem p;
  p.b = 2, p.sq = 2, p.hq = 4, p.hk = 2, p.d = 16, p.dv = 12, p.capacity = 5;
  p.cache_seqlens = {5, 2};
  every_edit_is_refused<prefill_args>(
      made(p), {{"fp8 q", "dtype", [](auto& c) { c.p.type = dtype::e4m3; }},
                {"negative batch", "b", [](auto& c) { c.p.b = -1; }},
                {"negative query length", "sq", [](auto& c) { c.p.sq = -1; }},
                {"heads that do not divide", "hq", [](auto& c) { c.p.hq = 3; }},
                {"no width", "d", [](auto& c) { c.p.d = 0; }},
                {"no value", "dv", [](auto& c) { c.p.dv = 0; }},
                {"negative capacity", "capacity", [](auto& c) { c.p.capacity = -1; }},
                {"negative gap", "gap", [](auto& c) { c.p.gap = -1; }},
                {"keys beyond any memory", "k", [](auto& c) { c.p.capacity = 1 << 30; }},
                {"a length beyond the rows", "cache_seqlens", [](auto& c) { c.p.cache_seqlens[0] = 6; }},
                {"a scale that is no number", "softmax_scale",
                 [](auto& c) { c.p.softmax_scale = std::numeric_limits<double>::quiet_NaN(); }},
                {"no v", "v", [](auto& c) { c.inputs.erase("v"); }},
                {"k of another width", "k",
                 [](auto& c) {
                   c.inputs.set("k", tensor(dtype::bf16, {2, 5, 2, 12}));
                 }},
                {"v of another type", "v",
                 [](auto& c) {
                   c.inputs.set("v", tensor(dtype::f16, {2, 5, 2, 12}));
                 }},
                {"a mask tensor", "mask", [](auto& c) {
                   c.inputs.set("mask", tensor(dtype::f32, {2, 2}));
                 }}});
}

BOOST_AUTO_TEST_CASE(decode_indices_refuses_by_name) {
  decode_indices_problem p;
  p.b = 2, p.sq = 2, p.hq = 3, p.d = 16, p.dv = 12, p.page_size = 4, p.num_pages = 3, p.topk = 5;
  p.topk_length = {5, 3};
  p.extra_topk = 2, p.extra_page_size = 1, p.extra_num_pages = 2;
  p.extra_topk_length = {2, 1};
  p.has_sink = true;
  lists_args good = made(p);
  good.inputs.at("indices").set_value(19, 2147483647);  // behind the second sequence's length
  every_edit_is_refused<lists_args>(
      good, {{"fp8 q", "dtype", [](auto& c) { c.p.type = dtype::e4m3; }},
             {"no head", "hq", [](auto& c) { c.p.hq = 0; }},
             {"a value wider than its key", "dv", [](auto& c) { c.p.dv = 17; }},
             {"negative topk", "topk", [](auto& c) { c.p.topk = -1; }},
             {"a length beyond the list", "topk_length", [](auto& c) { c.p.topk_length[0] = 6; }},
             {"a missing length", "topk_length", [](auto& c) { c.p.topk_length.pop_back(); }},
             {"a length beyond the second list", "extra_topk_length",
              [](auto& c) { c.p.extra_topk_length[0] = 3; }},
             {"pages of a second cache without a second list", "extra_num_pages",
              [](auto& c) { c.p.extra_topk = 0; }},
             {"no extra page size", "extra_page_size", [](auto& c) { c.p.extra_page_size = 0; }},
             {"negative parts", "num_sm_parts", [](auto& c) { c.p.num_sm_parts = -1; }},
             {"more than all duplicates", "duplicate_percent", [](auto& c) { c.p.duplicate_percent = 101; }},
             {"a row beyond the cache", "indices", [](auto& c) { c.inputs.at("indices").set_value(4, 12); }},
             {"a negative row", "indices", [](auto& c) { c.inputs.at("indices").set_value(0, -2); }},
             {"a row beyond the second cache", "extra_indices",
              [](auto& c) { c.inputs.at("extra_indices").set_value(4, 2); }},
             {"no second list", "extra_indices", [](auto& c) { c.inputs.erase("extra_indices"); }},
             {"lengths other than the problem's", "topk_length",
              [](auto& c) { c.inputs.at("topk_length").set_value(0, 4); }},
             {"sinks of another number", "attn_sink",
              [](auto& c) { c.inputs.set("attn_sink", tensor(dtype::f32, {2})); }},
             {"a block table", "block_table", [](auto& c) {
                c.inputs.set("block_table", tensor(dtype::i32, {2, 2}));
              }}});
}

BOOST_AUTO_TEST_CASE(quantized_rows_are_refused_by_name) {
  decode_indices_problem p;
  p.format = kv_format::v32;
  p.qk_rope_head_dim = 64;
  p.page_size = 2, p.page_gap = 8;
  every_edit_is_refused<lists_args>(
      made(p),
      {{"dims that no scale divides", "qk_rope_head_dim", [](auto& c) { c.p.qk_rope_head_dim = 63; }},
       {"nothing quantized", "qk_rope_head_dim", [](auto& c) { c.p.qk_rope_head_dim = 576; }},
       {"a cache of numbers", "k_cache",
        [](auto& c) {
          c.inputs.set("k_cache", tensor(dtype::bf16, {1, 2, 1, 576}));
        }},
       {"rows of the other format", "k_cache",
        [](auto& c) {
          c.inputs.set("k_cache", tensor(dtype::u8, {1, 2, 1, 584}));
        }},
       {"rows with a gap", "k_cache", [](auto& c) {
          c.inputs.set("k_cache", tensor(dtype::u8, {1, 2, 1, 656}, {1400, 700, 656, 1}));
        }}});
}

BOOST_AUTO_TEST_CASE(prefill_indices_refuses_by_name) {
  prefill_indices_problem p;
  p.sq = 2, p.hq = 3, p.skv = 4, p.d = 16, p.dv = 12, p.topk = 5;
  p.topk_length = {5, 3};
  prefill_lists_args good = made(p);
  good.inputs.at("indices").set_value(0, 2147483647);  // skipped, not followed
  every_edit_is_refused<prefill_lists_args>(
      good, {{"fp8 q", "dtype", [](auto& c) { c.p.type = dtype::e4m3; }},
             {"negative query length", "sq", [](auto& c) { c.p.sq = -1; }},
             {"negative rows", "skv", [](auto& c) { c.p.skv = -1; }},
             {"no head", "hq", [](auto& c) { c.p.hq = 0; }},
             {"a value wider than its key", "dv", [](auto& c) { c.p.dv = 17; }},
             {"a length beyond the list", "topk_length", [](auto& c) { c.p.topk_length[0] = 6; }},
             {"more than all invalid", "invalid_percent", [](auto& c) { c.p.invalid_percent = 101; }},
             {"no lists", "indices", [](auto& c) { c.inputs.erase("indices"); }},
             {"rows of another width", "kv",
              [](auto& c) {
                c.inputs.set("kv", tensor(dtype::bf16, {4, 1, 12}));
              }},
             {"a sink that the problem does not have", "attn_sink",
              [](auto& c) { c.inputs.set("attn_sink", tensor(dtype::f32, {3})); }}});
}

BOOST_AUTO_TEST_CASE(schedule_refuses_by_name) {
  schedule_problem dense;
  dense.b = 2;
  dense.cache_seqlens = {3, 0};
  every_edit_is_refused<schedule_args>(
      made(dense), {{"negative batch", "b", [](auto& c) { c.p.b = -1; }},
                    {"no part", "num_sm_parts", [](auto& c) { c.p.num_sm_parts = 0; }},
                    {"no block", "block_size", [](auto& c) { c.p.block_size = 0; }},
                    {"negative overhead", "fixed_overhead", [](auto& c) { c.p.fixed_overhead = -1; }},
                    {"a missing length", "cache_seqlens", [](auto& c) { c.p.cache_seqlens.pop_back(); }},
                    {"a negative length", "cache_seqlens", [](auto& c) { c.p.cache_seqlens[1] = -1; }},
                    {"list lengths without a list", "topk_length",
                     [](auto& c) {
                       c.p.topk_length = {1, 1};
                     }},
                    {"a second list without a first", "extra_topk", [](auto& c) { c.p.extra_topk = 64; }},
                    {"no lengths", "cache_seqlens", [](auto& c) { c.inputs.erase("cache_seqlens"); }},
                    {"lengths other than the problem's", "cache_seqlens",
                     [](auto& c) { c.inputs.at("cache_seqlens").set_value(0, 4); }}});
  schedule_problem listed;
  listed.b = 2;
  listed.topk = 64;
  listed.topk_length = {3, 64};
  listed.extra_topk = 8;
  listed.extra_topk_length = {8, 0};
  every_edit_is_refused<schedule_args>(
      made(listed), {{"lengths beside a list", "cache_seqlens",
                      [](auto& c) {
                        c.p.cache_seqlens = {1, 1};
                      }},
                     {"a missing length", "topk_length", [](auto& c) { c.p.topk_length.pop_back(); }},
                     {"a length beyond the list", "topk_length", [](auto& c) { c.p.topk_length[0] = 65; }},
                     {"a length beyond the second list", "extra_topk_length",
                      [](auto& c) { c.p.extra_topk_length[0] = 9; }},
                     {"a topk that is no number of entries", "topk", [](auto& c) { c.p.topk = -2; }}});
}

BOOST_AUTO_TEST_CASE(combine_refuses_by_name) {
  every_edit_is_refused<combine_args>(
      good_combine(),
      {{"negative batch", "b", [](auto& c) { c.p.b = -1; }},
       {"negative query length", "sq", [](auto& c) { c.p.sq = -1; }},
       {"no head", "hq", [](auto& c) { c.p.hq = 0; }},
       {"no width", "dv", [](auto& c) { c.p.dv = 0; }},
       {"a request without a partial", "splits", [](auto& c) { c.p.splits[0] = 0; }},
       {"a missing number of partials", "splits", [](auto& c) { c.p.splits.pop_back(); }},
       {"an fp8 output", "out_type", [](auto& c) { c.p.out_type = dtype::e4m3; }},
       {"a share above all", "empty_percent", [](auto& c) { c.p.empty_percent = 101; }},
       {"bf16 partials", "out_partial",
        [](auto& c) {
          c.inputs.set("out_partial", tensor(dtype::bf16, {4, 2, 3, 8}));
        }},
       {"partials of another number", "out_partial",
        [](auto& c) {
          c.inputs.set("out_partial", tensor(dtype::f32, {5, 2, 3, 8}));
        }},
       {"the other sign of an empty partial", "lse_partial",
        [](auto& c) { c.inputs.at("lse_partial").set_value(3, std::numeric_limits<double>::infinity()); }},
       {"a partial lse that is no number", "lse_partial",
        [](auto& c) { c.inputs.at("lse_partial").set_value(3, std::numeric_limits<double>::quiet_NaN()); }},
       {"sums other than the problem's", "num_splits",
        [](auto& c) { c.inputs.at("num_splits").set_value(1, 2); }},
       {"no sink", "attn_sink", [](auto& c) { c.inputs.erase("attn_sink"); }},
       {"a sink that the problem does not have", "attn_sink", [](auto& c) { c.p.has_sink = false; }}});
}

BOOST_AUTO_TEST_SUITE_END()
