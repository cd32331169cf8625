// combine on partials small enough to check by hand.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "tests/flash_decode_data.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;
using namespace plumbline::flash_decode::by_hand;

BOOST_AUTO_TEST_SUITE(flash_decode_combine)

namespace {

struct small_combine {
  combine_problem p;
  tensor_set inputs;
  // One row a split: its number in both channels, and its lse.
  small_combine(const numbers& out, const numbers& lse) {
    p.num_splits = static_cast<std::int64_t>(out.size());
    p.dv = 2;
    inputs.set("out_partial", rows_of(dtype::f32, {p.num_splits, 1, 1, 1, 2}, out));
    tensor logs = lse_by_head({p.num_splits, 1, 1, 1});
    for (std::size_t s = 0; s < lse.size(); ++s) logs.set_value(static_cast<std::int64_t>(s), lse[s]);
    inputs.set("lse_partial", logs);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(equal_splits_are_averaged) {
  const small_combine call({2, 6}, {0, 0});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{4, 4}));
  BOOST_TEST((truth.lse == numbers{std::log(2.0)}));
}

BOOST_AUTO_TEST_CASE(empty_splits_do_not_touch_the_result_whatever_they_hold) {
  const small_combine call({junk, 6, infinity}, {-infinity, 3, -infinity});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{6, 6}));
  BOOST_TEST((truth.lse == numbers{3}));
}

BOOST_AUTO_TEST_CASE(all_empty_gives_zero_and_minus_infinity) {
  const small_combine call({junk, junk}, {-infinity, -infinity});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{0, 0}));
  BOOST_TEST((truth.lse == numbers{-infinity}));
}

BOOST_AUTO_TEST_CASE(one_split_is_copied) {
  const small_combine call({0.1}, {-7.25});

  const combine_truth truth = combine(call.p, call.inputs);

  BOOST_TEST((truth.out == numbers{static_cast<double>(0.1f), static_cast<double>(0.1f)}));
  BOOST_TEST((truth.lse == numbers{-7.25}));
}

BOOST_AUTO_TEST_CASE(large_logs_do_not_overflow) {
  const small_combine call({2, 6}, {3e38, 3e38});

  BOOST_TEST((combine(call.p, call.inputs).out == numbers{4, 4}));
}

BOOST_AUTO_TEST_CASE(logs_are_read_by_head_and_query) {
  small_combine call({0}, {0});
  call.p.sq = 2;
  call.p.hq = 3;
  call.inputs.set("out_partial", filled(dtype::f32, {1, 1, 2, 3, 2}, 1));
  tensor logs = lse_by_head({1, 1, 2, 3});
  for (std::int64_t at = 0; at < 6; ++at) logs.set_value(at, static_cast<double>(at));  // (head, query)
  call.inputs.set("lse_partial", logs);

  BOOST_TEST((combine(call.p, call.inputs).lse == numbers{0, 2, 4, 1, 3, 5}));
}

BOOST_AUTO_TEST_SUITE_END()
