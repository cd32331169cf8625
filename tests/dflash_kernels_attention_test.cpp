// attention and steps on one executor: the judge's word, the caches' bytes, NaN where nobody may look.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include "properties/judge/attention/judge.hpp"
#include "properties/judge/product_judge.hpp"
#include "tests/dflash_kernels.hpp"

using namespace plumbline;
using namespace plumbline::dflash;
using namespace plumbline::dflash::called;
namespace data = boost::unit_test::data;

namespace {

const char* const calls[] = {
    "b=1",
    "block_size=1,context_lens=0,hq=1,d=1,hidden_size=1",
    "b=3,block_size=5,hq=4,hk=2,d=24,context_lens=0/7/1,cache_seqlens=0/61/130,capacity=150,gap=3,bias=1",
    "b=2,block_size=16,hq=8,hk=2,d=128,context_lens=4,cache_seqlens=44/45,cache_batch_idx=2/0,gap=8",
    "block_size=16,hq=5,d=64,context_lens=17,cache_seqlens=95,softmax_scale=0.25,hidden_size=130",
    "b=2,block_size=3,hq=2,hk=2,d=37,context_lens=2,cache_seqlens=60,mask_batch=2,mask_rows=3",
    "b=2,block_size=4,hq=6,hk=2,d=32,context_lens=1,cache_seqlens=70,mask_batch=1,mask_rows=1,bias=1",
    "b=0"};
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Every row of the caches that no sequence has in use is NaN.
void spoil(const attention_problem& p, tensor_set& inputs) {
  for (const char* name : {"k_cache", "v_cache"}) {
    tensor& cache = inputs.at(name);
    for (integer row = 0; row < p.batch_cache; ++row) {
      integer used = 0;
      for (integer s = 0; s < p.b; ++s)
        if (cache_row(p, s) == row) used = p.cache_seqlens[static_cast<std::size_t>(s)];
      for (integer j = used; j < p.capacity; ++j)
        for (integer h = 0; h < p.hk; ++h)
          for (integer e = 0; e < p.d; ++e) cache.set_value(place(cache, row, j, h, e), not_a_number);
    }
  }
}

std::string said(const char* output, const verdict& v) {
  return v.result == outcome::pass ? "" : output + (": " + std::string(name_of(v.result)) + ": ") + v.message;
}

template <class Place>
verdict judged(const std::vector<attention_truth>& truth, const contract& promised, integer d,
               const numbers& attended, const numbers& lse, Place where_is) {
  std::vector<attention_output> computed(truth.size());
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (integer row = 0; row < truth[u].rows; ++row) {
      const row_place at = where_is(u, row);
      const auto first = attended.begin() + at.out_row * d;
      computed[u].out.insert(computed[u].out.end(), first, first + d);
      if (!lse.empty()) computed[u].lse.push_back(lse[static_cast<std::size_t>(at.lse)]);
    }
  return judge_attention(truth, 0, promised, computed,
                         [&](std::size_t unit, integer row) { return name_of(where_is(unit, row)); });
}

std::string disagreement(const attention_problem& p, const contract& promised, const tensor_set& inputs,
                         const tensor_set& outputs) {
  const std::vector<attention_truth> truth = attend(p, inputs, std::span(&promised, 1));
  const auto where_is = [&](std::size_t unit, integer row) { return place_of(p, unit, row); };
  std::string all = said("attended", judged(truth, promised, p.d, outputs.at("attended").values(),
                                            outputs.at("lse").values(), where_is));
  const linear_truth product = linear(inputs, "wo", "bo", outputs.at("attended").values());
  product_truth t;
  t.columns = p.hidden_size, t.rows = p.b * p.block_size, t.terms = p.hq * p.d + (p.has_bias ? 1 : 0);
  t.out = product.out, t.S1 = product.S1, t.SB = product.SB;
  const contract sums{promised.name, promised.in, promised.out_type, product_promise{accumulation::tc25}};
  return all + said("out", judge_product(t, sums, outputs.at("out").values(),
                                         [](integer row) { return "row " + std::to_string(row); }));
}

attention_problem attention_from(const contract& promised, const std::string& text) {
  return parse_attention(keyed_text("dtype=" + std::string(name_of(promised.in)) + "," + text));
}

row_place place_in_steps(const steps_problem& p, std::size_t unit, integer row) {
  const integer group = p.hq / p.hk, n = static_cast<integer>(unit);
  const integer part = n / p.hk, head = n % p.hk * group + row % group;
  const integer query = part * p.block_size + row / group;
  return {part, row / group, head, query * p.hq + head, 0};
}

const char* const chains[] = {"steps=p5@0.3@2|a2@0.0@2|c4@0|a1@2,slots=3,hq=4,hk=2,d=24,block_size=4,gap=3",
                              "steps=p70@0|a0@0|p1@0|a0@0|a3@0|c0@0|p2@0,hq=2,d=64,block_size=4",
                              "steps=p0@1|c3@1|a0@1|c9@1|a15@1,slots=2,hq=3,d=40,block_size=16,gap=8"};

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_kernels_attention)

BOOST_DATA_TEST_CASE(attention_agrees_with_the_truth_and_leaves_the_references_caches, data::make(calls),
                     text) {
  const auto& row = row_named<attention_problem>("attention");
  for (const contract& promised : row.contracts) {
    const attention_problem p = attention_from(promised, text);
    tensor_set inputs = drawn(p, 3);
    spoil(p, inputs);

    const tensor_set outputs = run_row(row, p, inputs);

    require_same(appended(p, inputs), outputs);
    if (p.b > 0) BOOST_TEST(disagreement(p, promised, inputs, outputs) == "");
  }
}

BOOST_AUTO_TEST_CASE(a_nan_of_v_reaches_the_queries_that_see_its_key_and_no_other) {
  const auto& row = row_named<attention_problem>("attention");
  const auto p = parse_attention(keyed_text(
      "b=2,block_size=3,hq=2,d=16,context_lens=2,cache_seqlens=66,mask_batch=2,mask_rows=3,capacity=80"));
  for (const integer key : {0, 65, 67}) {
    tensor_set inputs = drawn(p, 9);
    if (key < 66)
      inputs.at("v_cache").set_value(place(inputs.at("v_cache"), 1, key, 0, 5), not_a_number);
    else
      inputs.at("v").set_value(place(inputs.at("v"), 5 + key - 66, 0, 5), not_a_number);
    for (integer i = 0; i < 3; ++i)
      inputs.at("mask").set_value(place(inputs.at("mask"), 1, 0, i, key), i == 1 ? 1 : 0);

    const tensor_set outputs = run_row(row, p, inputs);

    for (integer s = 0; s < 2; ++s)
      for (integer i = 0; i < 3; ++i)
        for (integer h = 0; h < 2; ++h)
          BOOST_TEST(std::isnan(at(outputs.at("attended"), s, i, h, 5)) == (s == 1 && i == 1));
  }
}

BOOST_AUTO_TEST_CASE(no_schedule_changes_a_bit) {
  const auto& row = row_named<attention_problem>("attention");
  const attention_problem p = attention_from(row.contracts[0], calls[2]);
  tensor_set inputs = drawn(p, 3);
  const tensor_set expected = run_row(row, p, inputs, {"", 1, 132});
  for (const char* schedule : {"reverse", "random:1", "starve:0", "starve:3"})
    require_same(expected, run_row(row, p, inputs, {schedule, 2, 132}));
}

BOOST_AUTO_TEST_CASE(a_head_too_wide_is_declined) {
  BOOST_TEST(row_named<attention_problem>("attention").domain(parse_attention(keyed_text("d=128"))) == "");
  BOOST_TEST(row_named<attention_problem>("attention").domain(parse_attention(keyed_text("d=129"))) != "");
}

BOOST_DATA_TEST_CASE(steps_agree_with_a_plain_list_of_rows, data::make(chains), text) {
  const auto& row = row_named<steps_problem>("chain");
  for (const contract& promised : row.contracts) {
    const auto p = parse_steps(keyed_text("dtype=" + std::string(name_of(promised.in)) + "," + text));
    tensor_set inputs = drawn(p, 3);
    for (const char* name : {"k_cache", "v_cache"}) inputs.at(name).poison(0xff);

    const tensor_set outputs = run_row(row, p, inputs);

    const steps_truth truth = steps(p, inputs, std::span(&promised, 1));
    require_same(truth.exact, outputs);
    BOOST_TEST(said("attended",
                    judged(truth.units, promised, p.d, outputs.at("attended").values(), {},
                           [&](std::size_t unit, integer r) { return place_in_steps(p, unit, r); })) == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
