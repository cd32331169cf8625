// The truth of steps on sequences that a reader can follow, and what its model refuses by name.
#include <boost/test/unit_test.hpp>

#include "reference/conv1d_steps.hpp"
#include "tests/conv1d_data.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;
using namespace plumbline::conv1d::by_hand;

namespace {

// One channel, weights 100, 10, 1: a result spells its window.
call_truth spelled(const char* text, std::int64_t narrow, std::int64_t wide, const std::vector<double>& x) {
  steps_problem p;
  p.type = dtype::f32;
  p.dim = 1;
  p.width = 3;
  p.act = activation::none;
  p.has_bias = false;
  p.narrow = narrow;
  p.wide = wide;
  p.drafts = 2;
  p.steps = steps_from(text);
  return steps(p, inputs_of(p, {{"weight", {100, 10, 1}}, {"x", x}}));
}

void require_refused(const char* text) {
  std::string argument;
  try {
    parse_steps(keyed_text("narrow=1,wide=1,steps=" + std::string(text)));
  } catch (const bad_argument& why) {
    argument = why.argument();
  }
  BOOST_TEST(argument == "steps", text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conv1d_steps_reference)

BOOST_AUTO_TEST_CASE(prefill_chunk_and_update_go_on_from_each_other) {
  const call_truth t = spelled("p2@0|c1@0|u2@0|p1@0", 1, 0, {1, 2, 3, 4, 5, 6});

  BOOST_TEST((t.filter.out == numbers{1, 12, 123, 234, 345, 6}));
  BOOST_TEST((t.exact.at("conv_states").values() == numbers{0, 6}));
}

BOOST_AUTO_TEST_CASE(rejected_tokens_are_never_seen_again) {
  const call_truth t = spelled("p2@0|s2a1@0|s2a1@0|s1a2@0", 0, 1, {1, 2, 3, 9, 4, 5, 6});

  BOOST_TEST((t.filter.out == numbers{1, 12, 123, 239, 234, 345, 456}));
  BOOST_TEST((t.exact.at("conv_tapes").values() == numbers{5, 6, 5}));
}

BOOST_AUTO_TEST_CASE(an_update_behind_drafts_sees_what_was_accepted) {
  const call_truth t = spelled("p2@0|s2a1@0|u1a1@0|s1a1@0", 0, 1, {1, 2, 3, 9, 4, 5});

  BOOST_TEST((t.filter.out == numbers{1, 12, 123, 239, 234, 345}));
  BOOST_TEST((t.exact.at("conv_tapes").values() == numbers{4, 5, 9}));
}

BOOST_AUTO_TEST_CASE(an_empty_draft_changes_nothing) {
  const call_truth t = spelled("p2@0|s2a1@0|s0a2@0|s1a2@0", 0, 1, {1, 2, 3, 4, 5});

  BOOST_TEST((t.filter.out == numbers{1, 12, 123, 234, 345}));
}

BOOST_AUTO_TEST_CASE(slots_of_both_pools_are_their_own) {
  const call_truth t = spelled("p1@1.2@0|u1@0.1@1", 1, 1, {1, 2, 7, 3, 8});

  BOOST_TEST((t.filter.out == numbers{1, 12, 7, 123, 78}));
}

BOOST_AUTO_TEST_CASE(mixtures_that_read_a_state_where_it_is_not_are_refused) {
  for (const char* text :
       {"u1@0", "c1@1", "s1a1@1", "p1@2", "p1@0.1@0", "p1@0|s1a1@0", "p1@1|s4a1@1", "p1@1|s2a2@1",
        "p1@1|s2a1@1|s1a3@1", "p1@1|s2a1@1|c1@1", "p1@1|s2a1@1|s0a2@1|s1a1@1", "p1@0|u0@0",
        "p1@0.1@1|u1@0.2@1", "x1@0", "p1", "p1@0|", "p@0"})
    require_refused(text);
}

BOOST_AUTO_TEST_CASE(a_list_of_steps_reads_back) {
  for (const char* text : {"p5@0.3@2|c3@0|u1@0|s0a1@2.3a1@3|u2a3@3", "p0@0|p1@0"})
    BOOST_TEST(text_of(steps_from(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()
