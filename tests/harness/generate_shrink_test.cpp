#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "properties/flash_decode/shapes.hpp"
#include "properties/flash_decode/shrink.hpp"

using namespace plumbline;
using namespace plumbline::generate;
using flash_decode::attend_problem;

namespace {

// As whoever shrinks a failing case does: the first candidate that still fails, again and again.
template <class Fails>
attend_problem smallest(attend_problem p, Fails fails) {
  for (bool moved = true; moved;) {
    moved = false;
    for (const attend_problem& candidate : smaller(p)) {
      if (!fails(candidate)) continue;
      p = candidate;
      moved = true;
      break;
    }
  }
  return p;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shrinking)

BOOST_AUTO_TEST_CASE(every_candidate_is_valid_and_another_problem) {
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto attend = draw_attend(dtype::bf16, dtype::bf16, regime::normal, 3, i);
    for (const auto& p : smaller(attend)) {
      BOOST_REQUIRE_NO_THROW(flash_decode::check(p));
      BOOST_REQUIRE(!(p == attend));
    }
    const auto append = draw_append(dtype::f16, 3, i);
    for (const auto& p : smaller(append)) BOOST_REQUIRE_NO_THROW(flash_decode::check(p));
    const auto combine = draw_combine(dtype::f32, 3, i);
    for (const auto& p : smaller(combine)) BOOST_REQUIRE_NO_THROW(flash_decode::check(p));
  }
}

BOOST_AUTO_TEST_CASE(a_fault_at_a_key_edge_shrinks_to_one_sequence_at_that_edge) {
  attend_problem p;
  for (std::uint64_t i = 0;; ++i) {
    p = draw_attend(dtype::bf16, dtype::bf16, regime::normal, 17, i);
    if (p.b >= 3 && p.page_size > 1 && p.hq > p.hk && p.causal &&
        *std::max_element(p.cache_seqlens.begin(), p.cache_seqlens.end()) > 150)
      break;
  }
  const auto fails = [](const attend_problem& one) {
    for (std::int64_t n = 0; n < one.b; ++n)
      if (flash_decode::cached_keys(one, n) >= 65) return true;
    return false;
  };
  BOOST_REQUIRE(fails(p));

  const attend_problem least = smallest(p, fails);

  BOOST_TEST(least.b == 1);
  BOOST_TEST(flash_decode::cached_keys(least, 0) == 65);
  BOOST_TEST(least.page_size == 0);
  BOOST_TEST(least.hq == 1);
  BOOST_TEST(least.sq == 1);
  BOOST_TEST(least.num_splits == 1);
  BOOST_TEST(!least.causal);
  BOOST_TEST(least.capacity == 65);
}

BOOST_AUTO_TEST_CASE(shrinking_keeps_what_the_fault_needs) {
  attend_problem p;
  for (std::uint64_t i = 0; !(p.page_size > 0 && p.causal && p.num_splits > 4); ++i)
    p = draw_attend(dtype::bf16, dtype::bf16, regime::normal, 18, i);
  const auto fails = [](const attend_problem& one) {
    return one.page_size > 0 && one.causal && one.num_splits > 3;
  };

  const attend_problem least = smallest(p, fails);

  BOOST_TEST(least.page_size == 1);
  BOOST_TEST(least.causal);
  BOOST_TEST(least.num_splits == 4);
  BOOST_TEST(least.b == 1);
}

BOOST_AUTO_TEST_SUITE_END()
