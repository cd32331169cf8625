// Bad calls of append and combine.
#include "tests/flash_decode_refusals.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;
using namespace plumbline::flash_decode::refusals;

BOOST_AUTO_TEST_SUITE(flash_decode_append_refusals)

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
