// decode's kernels on one executor: the judge's word on small calls, empty rows, NaNs, same bits.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "kernels/core/variants_of.hpp"
#include "tests/mla_kernels_data.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::called;
namespace data = boost::unit_test::data;

namespace {

decode_problem decode_from(const std::string& text) { return parse_decode(keyed_text(text)); }

// Heads, tokens, lengths, pages, splits and widths where something ends.
const char* const problems[] = {
    "cache_seqlens=70,softmax_scale=0.135234",
    "hq=3,sq=2,d=64,dv=32,cache_seqlens=5,causal=1",
    "hq=9,sq=4,b=2,d=64,dv=64,cache_seqlens=70/3,causal=1,num_sm_parts=1",
    "hq=16,b=3,d=96,dv=80,cache_seqlens=0/130/64,num_sm_parts=2",
    "hq=63,d=48,dv=16,cache_seqlens=129,num_sm_parts=7",
    "hq=64,d=64,dv=48,page_size=3,max_pages=30,num_pages=40,cache_seqlens=65,softmax_scale=0.5",
    "hq=126,sq=2,d=32,dv=32,b=2,cache_seqlens=63/1,causal=1",
    "hq=128,d=80,dv=64,cache_seqlens=100,num_sm_parts=3",
    "hq=6,hk=2,sq=3,d=64,dv=32,b=2,cache_seqlens=66/200,causal=1,num_sm_parts=4",
    "hq=8,hk=8,d=32,dv=16,cache_seqlens=33,page_size=1,gap=8,page_gap=1",
    "hq=2,sq=5,d=48,dv=32,b=4,cache_seqlens=2/0/5/68,causal=1,num_sm_parts=66,gap=3",
    "hq=2,d=20,dv=13,cache_seqlens=67,gap=1,page_size=7,max_pages=10,num_pages=11",
    "hq=4,sq=70,d=32,dv=32,cache_seqlens=150,causal=1,num_sm_parts=2",
    "hq=2,d=64,dv=64,cache_seqlens=1,num_sm_parts=5",
    "hq=2,d=64,dv=64,b=6,cache_seqlens=640/1/0/64/65/300,num_sm_parts=9"};

BOOST_AUTO_TEST_SUITE(mla_kernels_decode)

BOOST_DATA_TEST_CASE(every_variant_agrees_with_the_truth, data::make(problems), text) {
  for (const auto& row : variants_of<decode_problem>(where))
    for (const contract& promised : row.contracts) {
      const auto p = decode_from("dtype=" + std::string(name_of(promised.in)) + "," + text);
      if (!row.domain(p).empty()) continue;
      tensor_set inputs = make_inputs(p, 7);

      const tensor_set outputs = run_row(row, p, inputs);

      BOOST_TEST(disagreement(p, inputs, outputs, promised) == "", row.name << " " << promised.name);
    }
}

BOOST_AUTO_TEST_CASE(the_usual_shape_of_128_heads_agrees_with_the_truth) {
  const auto p = decode_from("b=2,hq=128,sq=2,cache_seqlens=150/0,causal=1,softmax_scale=0.135234");
  for (const auto& row : variants_of<decode_problem>(where)) {
    tensor_set inputs = make_inputs(p, 8);

    const tensor_set outputs = run_row(row, p, inputs);

    BOOST_TEST(disagreement(p, inputs, outputs, row.contracts[0]) == "", row.name);
  }
}

// Query i of five sees i - 1 keys of three; lengths 0 and causal both leave rows without any.
BOOST_AUTO_TEST_CASE(rows_without_keys_are_zero_with_lse_plus_infinity) {
  for (const char* parts : {"1", "3"}) {
    const auto p =
        decode_from("b=2,hq=2,sq=5,d=16,dv=16,cache_seqlens=3/0,causal=1,num_sm_parts=" + std::string(parts));
    for (const auto& row : variants_of<decode_problem>(where)) {
      tensor_set inputs = make_inputs(p, 9);

      const tensor_set outputs = run_row(row, p, inputs);

      for (integer s = 0; s < 2; ++s)
        for (integer i = 0; i < 5; ++i) {
          const bool empty = s == 1 || i < 2;
          BOOST_TEST(std::isinf(plain::at(outputs.at("lse"), s, 1, i)) == empty);
          BOOST_TEST((plain::at(outputs.at("lse"), s, 1, i) == plain::infinity) == empty);
          BOOST_TEST((plain::at(outputs.at("out"), s, i, 1, 7) == 0) == empty);
        }
    }
  }
}

BOOST_AUTO_TEST_CASE(equal_scores_give_the_exact_mean) {
  for (const auto& row : variants_of<decode_problem>(where)) {
    const auto p = decode_from("d=16,dv=8,cache_seqlens=4");
    tensor_set inputs = make_inputs(p, 1);
    fill(inputs.at("q"), 0);
    tensor& cache = inputs.at("k_cache");
    const double page = plain::at(inputs.at("block_table"), 0, 0);
    for (integer j = 0; j < 4; ++j)
      for (integer e = 0; e < 16; ++e) put(cache, static_cast<double>(j + 1), page, j, 0, e);

    const tensor_set outputs = run_row(row, p, inputs);

    BOOST_TEST(outputs.at("out").values() == std::vector<double>(8, 2.5), boost::test_tools::per_element());
    BOOST_TEST(std::fabs(outputs.at("lse").value(0) - std::log(4.0)) <= ulp(dtype::f32, 2));
  }
}

// What is drawn beside normal numbers: the sizes of q and k, and a last channel that moves all scores.
struct far_draw {
  const char* name;
  double q, k, q_last, k_last;
};
const far_draw far_draws[] = {{"flat", 0.1, 0.1, 0, 0},      {"peaked", 4, 1, 0, 0},
                              {"huge", 12, 12, 0, 0},        {"far below", 1, 1, 256, -256},
                              {"far above", 1, 1, 240, 240}, {"huge and far below", 12, 12, 256, -256}};

BOOST_AUTO_TEST_CASE(scores_of_any_size_agree_with_the_truth_split_or_not) {
  for (const far_draw& draws : far_draws)
    for (const char* parts : {"1", "5"})
      for (std::uint64_t seed = 1; seed <= 4; ++seed)
        for (const char* type : {"bf16", "f16"}) {
          const auto p =
              decode_from("hq=8,sq=2,d=64,dv=48,cache_seqlens=400,softmax_scale=1,causal=1,num_sm_parts=" +
                          std::string(parts) + ",dtype=" + type);
          tensor_set inputs = make_inputs(p, seed);
          for (const char* name : {"q", "k_cache"}) {
            tensor& t = inputs.at(name);
            const bool is_q = t.dim(1) == p.sq;
            for (integer e = 0; e < t.size(); ++e) {
              const double x = t.value(e) * (is_q ? draws.q : draws.k);
              const double last = is_q ? draws.q_last : draws.k_last;
              t.set_value(e, e % p.d == p.d - 1 && last != 0 && !std::isnan(x) ? last : x);
            }
          }
          for (const auto& row : variants_of<decode_problem>(where)) {
            const tensor_set outputs = run_row(row, p, inputs);

            BOOST_TEST(disagreement(p, inputs, outputs, *row.contract_for(p.type)) == "",
                       row.name << " " << draws.name << ", " << parts << " parts, seed " << seed);
          }
        }
}

// One part, and parts that split the sequence, so that the merge has to carry it.
BOOST_DATA_TEST_CASE(a_nan_in_a_key_reaches_every_row_that_sees_it_and_no_other, data::make({1, 4}), parts) {
  auto p = decode_from("b=2,hq=3,sq=4,d=32,dv=16,cache_seqlens=400/70,causal=1");
  p.num_sm_parts = parts;
  for (const auto& row : variants_of<decode_problem>(where))
    for (const integer column : {2, 20})  // of the value, and behind it
      for (const integer key : {69, 67, 5}) {
        tensor_set inputs = make_inputs(p, 3);
        const double page = plain::at(inputs.at("block_table"), 1, key / p.page_size);
        put(inputs.at("k_cache"), plain::junk, page, key % p.page_size, 0, column);

        const tensor_set outputs = run_row(row, p, inputs);

        for (integer s = 0; s < 2; ++s)
          for (integer i = 0; i < 4; ++i)
            for (integer e : {0, 2, 15}) {
              const bool sees = s == 1 && key <= 70 - 4 + i;
              BOOST_TEST(std::isnan(plain::at(outputs.at("out"), s, i, 2, e)) == sees,
                         row.name << ": key " << key << ", sequence " << s << ", query " << i);
              BOOST_TEST((plain::at(outputs.at("lse"), s, 2, i) == plain::infinity) == sees);
            }
      }
}

BOOST_AUTO_TEST_CASE(schedules_and_os_threads_change_no_bit) {
  const auto p = decode_from("b=3,hq=4,hk=2,sq=9,d=64,dv=48,cache_seqlens=200/65/7,causal=1,num_sm_parts=3");
  for (const auto& row : variants_of<decode_problem>(where)) {
    tensor_set inputs = make_inputs(p, 3);
    const tensor_set expected = run_row(row, p, inputs, {"", 1, 132});
    for (const char* schedule : {"reverse", "random:1", "starve:0", "starve:5"})
      for (const int os_threads : {1, 3}) BOOST_TEST_CONTEXT(row.name << ", schedule " << schedule) {
          require_same(expected, run_row(row, p, inputs, {schedule, os_threads, 132}));
        }
  }
}

BOOST_AUTO_TEST_CASE(page_layout_changes_no_bit) {
  const std::string shape = "b=2,hq=4,sq=2,d=64,dv=32,cache_seqlens=96/65,causal=1,num_sm_parts=3";
  for (const auto& row : variants_of<decode_problem>(where)) {
    const auto usual = decode_from(shape);
    tensor_set inputs = make_inputs(usual, 3);
    const tensor_set expected = run_row(row, usual, inputs);
    for (const char* pages : {"1,max_pages=96", "3,max_pages=32,page_gap=1", "16,max_pages=6,num_pages=15"})
      for (std::uint64_t layout : {1, 2}) {
        const auto other = decode_from(shape + ",page_size=" + pages);
        tensor_set moved = make_inputs(other, 3, layout);
        require_same(expected, run_row(row, other, moved));
      }
  }
}

BOOST_AUTO_TEST_CASE(a_call_without_sequences_or_queries_writes_nothing) {
  for (const char* text : {"b=0,hq=2,d=16,dv=16", "b=1,sq=0,hq=2,d=16,dv=16,cache_seqlens=3"}) {
    const auto p = decode_from(text);
    for (const auto& row : variants_of<decode_problem>(where)) {
      tensor_set inputs = make_inputs(p, 1);
      run_row(row, p, inputs);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
