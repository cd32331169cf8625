// The laws of conv1d, held by the right kernels and broken by planted ones; every class is drawn.
#include <boost/test/unit_test.hpp>

#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/conv1d/prefill_shapes.hpp"
#include "properties/conv1d/steps_laws.hpp"
#include "properties/conv1d/steps_shapes.hpp"
#include "properties/conv1d/update_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/drawn_classes.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;
using namespace plumbline::planted;

namespace {

// Laws that look at one run, or at another kernel beside it, are broken by a first run that is wrong.
template <class Problem, class Draw>
bool sees_a_wrong_first_run(std::string_view law, const char* output, Draw draw,
                            std::span<const laws::law<Problem>> all) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  const variant<Problem>& row = right<Problem>();
  bool broken = false;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Problem p = draw(in_bf16, "normal", 5, i);
    const tensor_set inputs = normal_inputs(p, i);
    tensor_set outputs;
    const laws::subject<Problem> s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    outputs = s.run(p, inputs).outputs;
    tensor* wrong = outputs.find(output);
    if (wrong == nullptr) continue;
    for (std::int64_t at = 0; at < wrong->size() && wrong->dense(); ++at)
      wrong->set_code(at, wrong->code(at) ^ 1);
    for (const auto& one : all)
      if (one.name == law && one.concerns(s).empty() && laws::check_law(one, s).result == outcome::fail)
        broken = true;
  }
  return broken;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conv1d_laws)

BOOST_AUTO_TEST_CASE(every_law_of_prefill_is_kept_and_can_be_broken) {
  require_kept_and_broken<prefill_problem>(
      [](std::uint64_t i) { return generate::draw_conv1d_prefill(in_bf16, "normal", 5, i); },
      normal_inputs<prefill_problem>, laws::conv1d_prefill_laws(),
      {"bad_arguments_refused", "same_bits_from_both_grids", "untouched_states_keep_their_bytes"});
}

BOOST_AUTO_TEST_CASE(every_class_of_prefill_is_drawn) {
  require_classes(generate::conv1d_prefill_classes(), generate::draw_conv1d_prefill, parse_prefill);
}

BOOST_AUTO_TEST_CASE(every_law_of_update_is_kept_and_can_be_broken) {
  require_kept_and_broken<update_problem>(
      [](std::uint64_t i) { return generate::draw_conv1d_update(in_bf16, "normal", 5, i); },
      normal_inputs<update_problem>, laws::conv1d_update_laws(),
      {"bad_arguments_refused", "prefill_computes_the_same", "untouched_states_keep_their_bytes"});
}

BOOST_AUTO_TEST_CASE(every_law_of_update_speculative_is_kept_and_can_be_broken) {
  require_kept_and_broken<update_speculative_problem>(
      [](std::uint64_t i) { return generate::draw_conv1d_update_speculative(in_bf16, "normal", 5, i); },
      normal_inputs<update_speculative_problem>, laws::conv1d_update_speculative_laws(),
      {"bad_arguments_refused", "each_token_equals_an_update", "untouched_states_keep_their_bytes"});
}

BOOST_AUTO_TEST_CASE(every_law_of_varlen_states_is_kept_and_can_be_broken) {
  require_kept_and_broken<varlen_states_problem>(
      [](std::uint64_t i) { return generate::draw_conv1d_varlen_states(in_bf16, "normal", 5, i); },
      normal_inputs<varlen_states_problem>, laws::conv1d_varlen_states_laws(),
      {"bad_arguments_refused", "longer_states_end_alike"});
}

BOOST_AUTO_TEST_CASE(laws_of_one_run_see_a_wrong_run) {
  const auto prefill_laws = laws::conv1d_prefill_laws();
  const auto update_laws = laws::conv1d_update_laws();
  const auto draft_laws = laws::conv1d_update_speculative_laws();
  const char* const untouched = "untouched_states_keep_their_bytes";
  BOOST_TEST(sees_a_wrong_first_run(untouched, "conv_states", generate::draw_conv1d_prefill, prefill_laws));
  BOOST_TEST(sees_a_wrong_first_run("same_bits_from_both_grids", "out", generate::draw_conv1d_prefill,
                                    prefill_laws));
  BOOST_TEST(sees_a_wrong_first_run(untouched, "conv_state", generate::draw_conv1d_update, update_laws));
  BOOST_TEST(
      sees_a_wrong_first_run("prefill_computes_the_same", "out", generate::draw_conv1d_update, update_laws));
  BOOST_TEST(
      sees_a_wrong_first_run(untouched, "conv_state", generate::draw_conv1d_update_speculative, draft_laws));
  BOOST_TEST(sees_a_wrong_first_run("each_token_equals_an_update", "out",
                                    generate::draw_conv1d_update_speculative, draft_laws));
  BOOST_TEST(sees_a_wrong_first_run("longer_states_end_alike", "states", generate::draw_conv1d_varlen_states,
                                    laws::conv1d_varlen_states_laws()));
}

BOOST_AUTO_TEST_CASE(every_law_of_steps_is_kept_and_can_be_broken) {
  require_kept_and_broken<steps_problem>(
      [](std::uint64_t i) { return generate::draw_conv1d_steps(in_bf16, "normal", 5, i); },
      normal_inputs<steps_problem>, laws::conv1d_steps_laws(), {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(every_class_of_steps_is_drawn) {
  require_classes(generate::conv1d_steps_classes(), generate::draw_conv1d_steps, parse_steps);
}

BOOST_AUTO_TEST_CASE(every_class_of_the_updates_is_drawn) {
  require_classes(generate::conv1d_update_classes(), generate::draw_conv1d_update, parse_update);
  require_classes(generate::conv1d_update_speculative_classes(), generate::draw_conv1d_update_speculative,
                  parse_update_speculative);
  require_classes(generate::conv1d_varlen_states_classes(), generate::draw_conv1d_varlen_states,
                  parse_varlen_states);
}

BOOST_AUTO_TEST_SUITE_END()
