// prefill's kernels on one executor: the judge's word on small calls, the choice between them, same bits.
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

prefill_problem prefill_from(const std::string& text) { return parse_prefill(keyed_text(text)); }

const char* const problems[] = {"sq=1,cache_seqlens=1",
                                "sq=2,hq=3,cache_seqlens=2,causal=1",
                                "sq=32,hq=2,cache_seqlens=32,softmax_scale=0.135234",
                                "sq=64,cache_seqlens=64,d=96,dv=64,causal=1",
                                "sq=65,hq=9,hk=3,cache_seqlens=65,d=32,dv=32",
                                "sq=255,d=64,dv=64,cache_seqlens=255",
                                "sq=256,d=64,dv=64,cache_seqlens=256",
                                "sq=257,d=64,dv=64,cache_seqlens=257,causal=1",
                                "sq=3,d=64,dv=32,cache_seqlens=300",
                                "sq=257,d=48,dv=16,cache_seqlens=100",
                                "b=4,sq=4,hq=2,capacity=80,cache_seqlens=70/0/3/64,causal=1",
                                "b=3,sq=5,hq=4,hk=2,d=64,dv=48,capacity=200,cache_seqlens=193/1/0",
                                "sq=3,hq=2,d=192,dv=128,cache_seqlens=130,gap=8",
                                "sq=3,hq=2,d=37,dv=21,cache_seqlens=67,gap=3",
                                "sq=2,hq=63,d=32,dv=32,cache_seqlens=9",
                                "sq=2,hq=126,hk=2,d=32,dv=32,cache_seqlens=9,causal=1",
                                "sq=1,hq=128,d=192,dv=128,cache_seqlens=33"};

BOOST_AUTO_TEST_SUITE(mla_kernels_prefill)

BOOST_DATA_TEST_CASE(every_variant_agrees_with_the_truth, data::make(problems), text) {
  for (const auto& row : variants_of<prefill_problem>(where))
    for (const contract& promised : row.contracts) {
      const auto p = prefill_from("dtype=" + std::string(name_of(promised.in)) + "," + text);
      if (!row.domain(p).empty()) continue;
      tensor_set inputs = make_inputs(p, 7);

      const tensor_set outputs = run_row(row, p, inputs);

      BOOST_TEST(disagreement(p, inputs, outputs, promised) == "", row.name << " " << promised.name);
    }
}

// What `dispatch` took shows in what it launched: the two kernels differ in bits where keys need two tiles.
bool took_short(const std::string& text) {
  const auto p = prefill_from(text);
  tensor_set inputs = make_inputs(p, 11);
  const tensor_set chosen = run_row(row_named<prefill_problem>("dispatch"), p, inputs);
  const tensor_set plain = run_row(row_named<prefill_problem>("naive"), p, inputs);
  return !same_elements(chosen.at("out"), plain.at("out"));
}

BOOST_AUTO_TEST_CASE(dispatch_takes_the_fast_path_up_to_256_tokens_without_a_mask) {
  const std::string narrow = "d=32,dv=32,";
  BOOST_TEST(took_short(narrow + "sq=255,cache_seqlens=255"));
  BOOST_TEST(took_short(narrow + "sq=256,cache_seqlens=256"));
  BOOST_TEST(!took_short(narrow + "sq=257,cache_seqlens=256"));
  BOOST_TEST(!took_short(narrow + "sq=256,cache_seqlens=256,causal=1"));
  BOOST_TEST(!took_short(narrow + "sq=200,cache_seqlens=257"));
  BOOST_TEST(took_short(narrow + "sq=2,capacity=300,cache_seqlens=200"));
}

BOOST_AUTO_TEST_CASE(short_declines_what_it_cannot_hold) {
  const auto& row = row_named<prefill_problem>("short");
  BOOST_TEST(row.domain(prefill_from("cache_seqlens=256")) == "");
  BOOST_TEST(row.domain(prefill_from("cache_seqlens=257")) != "");
  BOOST_TEST(row.domain(prefill_from("cache_seqlens=9,causal=1")) != "");
  BOOST_TEST(row.domain(prefill_from("cache_seqlens=9,d=193")) != "");
  BOOST_TEST(row_named<prefill_problem>("naive").domain(prefill_from("cache_seqlens=9,dv=129")) != "");
}

BOOST_AUTO_TEST_CASE(rows_without_keys_are_zero_with_lse_plus_infinity) {
  for (const char* mask : {"0", "1"}) {
    const auto p = prefill_from("b=2,sq=5,hq=2,d=16,dv=16,cache_seqlens=3/0,causal=" + std::string(mask));
    for (const auto& row : variants_of<prefill_problem>(where)) {
      if (!row.domain(p).empty()) continue;
      tensor_set inputs = make_inputs(p, 9);

      const tensor_set outputs = run_row(row, p, inputs);

      for (integer s = 0; s < 2; ++s)
        for (integer i = 0; i < 5; ++i) {
          const bool empty = s == 1 || (p.causal && i < 2);
          BOOST_TEST((plain::at(outputs.at("lse"), s, 1, i) == plain::infinity) == empty);
          BOOST_TEST((plain::at(outputs.at("out"), s, i, 1, 7) == 0) == empty);
        }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_nan_in_a_key_reaches_every_row_that_sees_it_and_no_other) {
  for (const char* mask : {"0", "1"}) {
    const auto p = prefill_from("b=2,sq=4,hq=2,d=32,dv=16,cache_seqlens=70/70,causal=" + std::string(mask));
    for (const auto& row : variants_of<prefill_problem>(where)) {
      if (!row.domain(p).empty()) continue;
      for (const integer key : {69, 67, 5}) {
        tensor_set inputs = make_inputs(p, 3);
        put(inputs.at("k"), plain::junk, 1, key, 1, 20);

        const tensor_set outputs = run_row(row, p, inputs);

        for (integer s = 0; s < 2; ++s)
          for (integer i = 0; i < 4; ++i)
            for (integer h = 0; h < 2; ++h) {
              const bool sees = s == 1 && h == 1 && (!p.causal || key <= 70 - 4 + i);
              BOOST_TEST(std::isnan(plain::at(outputs.at("out"), s, i, h, 3)) == sees, row.name);
              BOOST_TEST((plain::at(outputs.at("lse"), s, h, i) == plain::infinity) == sees);
            }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(schedules_and_places_in_the_batch_change_no_bit) {
  for (const auto& row : variants_of<prefill_problem>(where)) {
    const std::string shape = "sq=70,hq=2,d=64,dv=48,";
    const auto p = prefill_from(shape + "b=2,capacity=200,cache_seqlens=33/200");
    tensor_set inputs = make_inputs(p, 3);
    const tensor_set expected = run_row(row, p, inputs, {"", 1, 132});
    for (const char* schedule : {"reverse", "random:1", "starve:0", "starve:3"})
      require_same(expected, run_row(row, p, inputs, {schedule, 3, 132}));

    const auto last = prefill_from(shape + "b=1,capacity=200,cache_seqlens=200");
    tensor_set alone = empty_inputs(last);
    for (const char* name : {"q", "k", "v"}) {
      tensor& to = alone.at(name);
      const tensor& all = inputs.at(name);
      for (integer e = 0; e < to.size(); ++e) to.set_code(e, all.code(all.size() / 2 + e));
    }
    const tensor_set of_one = run_row(row, last, alone);
    for (const char* name : {"out", "lse"}) {
      const tensor &one = of_one.at(name), &both = expected.at(name);
      for (integer e = 0; e < one.size(); ++e)
        BOOST_TEST_REQUIRE(one.code(e) == both.code(both.size() / 2 + e), row.name << " " << name);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
