// Kernels over index lists on one executor: plain and quantized caches, two lists, sinks, empty lists.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "kernels/core/variants_of.hpp"
#include "tests/mla_kernels_lists.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::called;
namespace data = boost::unit_test::data;

namespace {

decode_indices_problem decode_from(const std::string& text) { return parse_decode_indices(keyed_text(text)); }
prefill_indices_problem prefill_from(const std::string& text) {
  return parse_prefill_indices(keyed_text(text));
}

// Lists, pages, formats and widths where something ends.
const char* const decodes[] = {
    "hq=64,topk=64,num_pages=3,softmax_scale=0.135234",
    "hq=128,sq=2,topk=70,num_pages=3,invalid_percent=20,duplicate_percent=20,has_sink=1",
    "hq=1,d=64,dv=32,topk=1,num_pages=1",
    "hq=9,b=3,sq=3,d=96,dv=80,topk=130,num_pages=5,page_size=53,topk_length=130/0/65,invalid_percent=10",
    "hq=3,d=48,dv=48,topk=64,num_pages=2,invalid_percent=100",
    "hq=65,d=64,dv=64,topk=200,num_pages=9,page_size=2,num_sm_parts=3,has_sink=1",
    "hq=2,b=2,d=20,dv=13,gap=1,page_gap=1,topk=40,num_pages=7,page_size=7,num_sm_parts=2",
    "hq=4,b=2,sq=2,d=64,dv=32,topk=70,num_pages=2,topk_length=3/64,extra_topk=80,extra_num_pages=4,"
    "extra_page_size=69,extra_topk_length=80/1,num_sm_parts=3,has_sink=1,duplicate_percent=50",
    "kv_format=v32,hq=64,topk=70,num_pages=3,softmax_scale=0.05",
    "kv_format=v32,hq=128,sq=2,b=2,topk=130,num_pages=3,page_size=61,page_gap=656,topk_length=64/100,"
    "invalid_percent=20,duplicate_percent=20,has_sink=1,num_sm_parts=3,softmax_scale=0.05",
    "kv_format=v32,hq=3,d=192,dv=128,topk=9,num_pages=3,page_size=2,softmax_scale=0.05",
    "kv_format=v32,hq=5,d=134,dv=70,qk_rope_head_dim=6,topk=66,num_pages=3,page_size=64,page_gap=8,"
    "softmax_scale=0.05",
    "kv_format=v32,dtype=f16,hq=16,d=576,dv=512,topk=64,num_pages=1,softmax_scale=0.05",
    "kv_format=model1,hq=64,d=512,dv=512,topk=100,num_pages=3,page_gap=64,softmax_scale=0.05",
    "kv_format=model1,hq=3,b=2,sq=2,d=128,dv=100,topk=70,num_pages=5,page_size=3,topk_length=70/"
    "0,extra_topk=64,"
    "extra_num_pages=2,extra_page_size=64,num_sm_parts=4,has_sink=1,page_gap=2,softmax_scale=0.05"};

BOOST_AUTO_TEST_SUITE(mla_kernels_lists)

BOOST_DATA_TEST_CASE(every_variant_of_decode_agrees_with_the_truth, data::make(decodes), text) {
  int runs = 0;
  for (const auto& row : variants_of<decode_indices_problem>(where))
    for (const contract& promised : row.contracts) {
      auto p = decode_from(text);
      if (p.type == dtype::bf16) p.type = promised.in;
      if (p.type != promised.in || !row.domain(p).empty()) continue;
      tensor_set inputs = make_inputs(p, 7);

      const tensor_set outputs = run_row(row, p, inputs);

      if (p.invalid_percent < 100)
        BOOST_TEST(disagreement(p, inputs, outputs, promised) == "", row.name << " " << promised.name);
      ++runs;
    }
  BOOST_TEST(runs > 0);
}

BOOST_AUTO_TEST_CASE(a_query_that_lists_nothing_is_zero_with_lse_plus_infinity) {
  for (const char* parts : {"1", "4"})
    for (const char* format : {"plain,d=64", "v32,d=192", "model1,d=128"}) {
      const auto p =
          decode_from("hq=2,dv=32,b=2,topk=300,topk_length=300/0,num_pages=1,has_sink=1,kv_format=" +
                      std::string(format) + ",num_sm_parts=" + parts);
      for (const auto& row : variants_of<decode_indices_problem>(where)) {
        if (!row.domain(p).empty()) continue;
        tensor_set inputs = make_inputs(p, 9);
        fill(inputs.at("indices"), -1);

        const tensor_set outputs = run_row(row, p, inputs);

        BOOST_TEST(outputs.at("out").values() == std::vector<double>(2 * 2 * 32, 0.0),
                   boost::test_tools::per_element());
        BOOST_TEST(outputs.at("lse").values() == std::vector<double>(4, plain::infinity),
                   boost::test_tools::per_element());
      }
    }
}

// Every scale is 1.5 * 2^k: a reader that takes the exponent alone is a third off.
BOOST_AUTO_TEST_CASE(a_row_alone_is_its_codes_times_their_own_scales) {
  const auto p = decode_from("kv_format=v32,d=576,dv=512,topk=1,num_pages=2");
  const auto& row = row_named<decode_indices_problem>("absorb_fp8");
  tensor_set inputs = make_inputs(p, 4);
  const auto slot = static_cast<integer>(inputs.at("indices").value(0));
  std::byte* const held = inputs.at("k_cache").data() + 656 * slot;
  for (int i = 0; i < 512; ++i) held[i] = static_cast<std::byte>(0x38 + i % 8);  // 1, 1.125, ... 1.875
  for (int tile = 0; tile < 4; ++tile) {
    const float scale = std::ldexp(1.5f, tile);
    std::memcpy(held + 512 + 4 * tile, &scale, 4);
  }

  const tensor_set outputs = run_row(row, p, inputs);

  for (int i = 0; i < 512; ++i)
    BOOST_TEST(outputs.at("out").value(i) == (1 + i % 8 / 8.0) * std::ldexp(1.5, i / 128), "column " << i);
}

// Whole pages in order, so that the same keys may be named by a block table.
BOOST_AUTO_TEST_CASE(a_list_of_all_rows_is_the_dense_decode_bit_for_bit) {
  const auto listed = decode_from("hq=5,sq=2,d=64,dv=48,topk=150,num_pages=3,num_sm_parts=1");
  decode_problem dense;
  dense.hq = 5, dense.sq = 2, dense.d = 64, dense.dv = 48, dense.max_pages = dense.num_pages = 3;
  dense.cache_seqlens = {150}, dense.num_sm_parts = 1;
  tensor_set inputs = make_inputs(dense, 6), of_lists = empty_inputs(listed);
  for (integer page = 0; page < 3; ++page) put(inputs.at("block_table"), static_cast<double>(page), 0, page);
  random_stream r(6, "rows");
  draw(inputs.at("k_cache"), r);
  for (const char* name : {"q", "k_cache"}) of_lists.set(name, inputs.at(name));
  for (integer i = 0; i < 2; ++i)
    for (integer j = 0; j < 150; ++j) put(of_lists.at("indices"), static_cast<double>(j), 0, i, j);

  const tensor_set expected = run_row(row_named<decode_problem>("absorb"), dense, inputs);
  const tensor_set found = run_row(row_named<decode_indices_problem>("absorb"), listed, of_lists);

  require_same(expected, found);
}

BOOST_AUTO_TEST_CASE(schedules_change_no_bit) {
  for (const char* text :
       {"hq=70,b=2,sq=2,d=64,dv=48,topk=200,num_pages=5,num_sm_parts=3,invalid_percent=10",
        "kv_format=v32,hq=70,b=2,d=192,dv=128,topk=200,num_pages=5,num_sm_parts=3,softmax_scale=0.05"}) {
    const auto p = decode_from(text);
    for (const auto& row : variants_of<decode_indices_problem>(where)) {
      if (!row.domain(p).empty()) continue;
      tensor_set inputs = make_inputs(p, 3);
      const tensor_set expected = run_row(row, p, inputs, {"", 1, 132});
      for (const char* schedule : {"reverse", "random:1", "starve:0", "starve:5"})
        require_same(expected, run_row(row, p, inputs, {schedule, 3, 132}));
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_that_exceed_shared_memory_are_declined) {
  const auto& fp8 = row_named<decode_indices_problem>("absorb_fp8");
  BOOST_TEST(fp8.domain(decode_from("kv_format=v32,topk=1")) == "");
  BOOST_TEST(fp8.domain(decode_from("kv_format=v32,topk=1,d=576,qk_rope_head_dim=192,dv=512")) != "");
  BOOST_TEST(fp8.domain(decode_from("topk=1")) != "");
  BOOST_TEST(row_named<decode_indices_problem>("absorb").domain(decode_from("kv_format=v32,topk=1")) != "");
}

const char* const prefills[] = {
    "hq=64,topk=128,skv=200,softmax_scale=0.05",
    "sq=3,hq=128,skv=100,topk=130,invalid_percent=30,duplicate_percent=10,topk_length=130/0/65,has_sink=1,"
    "softmax_scale=0.05",
    "sq=5,hq=3,d=64,dv=32,skv=1,topk=1", "sq=2,hq=5,d=20,dv=13,gap=1,skv=70,topk=66",
    "sq=70,hq=2,d=32,dv=32,skv=30,topk=10,invalid_percent=20"};

BOOST_DATA_TEST_CASE(every_variant_of_prefill_agrees_with_the_truth, data::make(prefills), text) {
  for (const auto& row : variants_of<prefill_indices_problem>(where))
    for (const contract& promised : row.contracts) {
      auto p = prefill_from(text);
      p.type = promised.in;
      tensor_set inputs = make_inputs(p, 7);

      const tensor_set outputs = run_row(row, p, inputs);

      BOOST_TEST(disagreement(p, inputs, outputs, promised) == "", row.name << " " << promised.name);
      const auto truth = prefill_indices(p, inputs, std::span(&promised, 1));
      const std::vector<double> logits = outputs.at("max_logits").values();
      BOOST_TEST_REQUIRE(logits.size() == truth.max_logits.size());
      // A chain of d / 16 sums in fp32 and one product; |q| |k| of normal draws is d within a factor of four.
      const double bound =
          4 * effective_scale(p) * static_cast<double>(p.d) * (static_cast<double>(p.d) / 16 + 2) * 0x1p-24;
      for (std::size_t i = 0; i < logits.size(); ++i)
        BOOST_TEST((logits[i] == truth.max_logits[i] || std::fabs(logits[i] - truth.max_logits[i]) <= bound),
                   "max_logits " << i << ": " << logits[i] << ", true " << truth.max_logits[i]);
    }
}

BOOST_AUTO_TEST_CASE(no_query_writes_nothing) {
  for (const char* text : {"sq=0,hq=2,d=16,dv=16,skv=4,topk=2"}) {
    const auto p = prefill_from(text);
    tensor_set inputs = make_inputs(p, 1);
    run_row(variants_of<prefill_indices_problem>(where)[0], p, inputs);
  }
  const auto p = decode_from("b=0,hq=2,d=16,dv=16,topk=2");
  tensor_set inputs = make_inputs(p, 1);
  run_row(row_named<decode_indices_problem>("absorb"), p, inputs);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
