// rms_norm, rotary and write_cache as operations: laws kept and broken, shrinking, calls without tokens.
#include "properties/mla/row_inputs.hpp"
#include "properties/mla/row_laws.hpp"
#include "properties/mla/row_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::planted;

namespace {

rms_norm_problem norm(std::uint64_t i) {
  return generate::draw_rms_norm(right<rms_norm_problem>().contracts[i % 2], "normal", 3, i);
}
rotary_problem turn(std::uint64_t i) {
  return generate::draw_rotary(right<rotary_problem>().contracts[i % 3], "normal", 3, i);
}
write_cache_problem stored_rows(std::uint64_t i) {
  return generate::draw_write_cache(right<write_cache_problem>().contracts[i % 2], "normal", 3, i);
}
template <class Problem>
tensor_set normal_inputs(const Problem& p, std::uint64_t i) {
  return generate::draw_inputs(p, "normal", i);
}

// A token that is not written lands in the first row.
void writes_skipped_tokens(const write_cache_problem& p, const kernel_arguments& a, launcher& place) {
  right<write_cache_problem>().run(p, a, place);
  const tensor_view slots = a.in("slot_mapping"), cache = a.out("k_cache");
  for (std::int64_t token = 0; token < p.tokens; ++token)
    if (slots.as<std::int32_t>()[token] < 0) cache.as<std::uint16_t>()[0] ^= 1;
}

template <class Problem, class Draw>
void require_smaller_are_cases(Draw draw) {
  for (std::uint64_t i = 0; i < 60; ++i)
    for (const Problem& one : generate::smaller(draw(i))) {
      BOOST_REQUIRE_NO_THROW(check(one, generate::draw_inputs(one, "normal", i)));
      BOOST_TEST((one != draw(i)));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_steps_rows)

BOOST_AUTO_TEST_CASE(laws_of_rms_norm_are_kept_and_can_be_broken) {
  require_kept_and_broken<rms_norm_problem>(norm, normal_inputs<rms_norm_problem>, laws::rms_norm_laws(),
                                            {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(laws_of_rotary_are_kept_and_can_be_broken) {
  require_kept_and_broken<rotary_problem>(turn, normal_inputs<rotary_problem>, laws::rotary_laws(),
                                          {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(laws_of_write_cache_are_kept_and_can_be_broken) {
  require_kept_and_broken<write_cache_problem>(stored_rows, normal_inputs<write_cache_problem>,
                                               laws::write_cache_laws(),
                                               {"bad_arguments_refused", "rows_outside_keep_their_bytes"});
}

BOOST_AUTO_TEST_CASE(a_token_without_a_slot_that_is_written_is_seen) {
  BOOST_TEST(breaks<write_cache_problem>("rows_outside_keep_their_bytes", writes_skipped_tokens, stored_rows,
                                         normal_inputs<write_cache_problem>, laws::write_cache_laws()));
}

BOOST_AUTO_TEST_CASE(what_a_failing_case_shrinks_to_is_a_case) {
  require_smaller_are_cases<rms_norm_problem>(norm);
  require_smaller_are_cases<rotary_problem>(turn);
  require_smaller_are_cases<write_cache_problem>(stored_rows);
}

BOOST_AUTO_TEST_CASE(every_regime_fills_every_shape) {
  for (std::uint64_t i = 0; i < 60; ++i) {
    for (const std::string_view regime : generate::rms_norm_regimes)
      BOOST_REQUIRE_NO_THROW(check(norm(i), generate::draw_inputs(norm(i), regime, i)));
    for (const std::string_view regime : generate::rotary_regimes)
      BOOST_REQUIRE_NO_THROW(check(turn(i), generate::draw_inputs(turn(i), regime, i)));
    for (const std::string_view regime : generate::write_cache_regimes)
      BOOST_REQUIRE_NO_THROW(check(stored_rows(i), generate::draw_inputs(stored_rows(i), regime, i)));
  }
}

BOOST_AUTO_TEST_CASE(calls_without_tokens_complete) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  rms_norm_problem none_to_norm;
  none_to_norm.tokens = 0;
  rotary_problem none_to_turn;
  none_to_turn.sq = 0;
  write_cache_problem none_to_write;
  none_to_write.tokens = 0;
  const auto completes = [&](const auto& p) {
    using problem = std::decay_t<decltype(p)>;
    const tensor_set inputs = empty_inputs(p), none;
    const laws::subject<problem> s{p,     inputs, none, right<problem>(), right<problem>().contracts[0],
                                   *host, {},     1};
    return !s.run(p, inputs).why_not;
  };

  BOOST_TEST(completes(none_to_norm));
  BOOST_TEST(completes(none_to_turn));
  BOOST_TEST(completes(none_to_write));
}

BOOST_AUTO_TEST_SUITE_END()
