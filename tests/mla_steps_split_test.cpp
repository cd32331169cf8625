// schedule and combine as operations: laws kept and broken, upstream's examples, merges of many splits.
#include <cmath>

#include "properties/mla/split_agreement.hpp"
#include "properties/mla/split_inputs.hpp"
#include "properties/mla/split_laws.hpp"
#include "properties/mla/split_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::planted;

namespace {

schedule_problem scheduled(std::uint64_t i) {
  return generate::draw_schedule(right<schedule_problem>().contracts[0], generate::schedule_regimes[i % 4], 3,
                                 i);
}
tensor_set lengths(const schedule_problem& p, std::uint64_t i) { return generate::draw_inputs(p, "", i); }
combine_problem merged(std::uint64_t i) {
  return generate::draw_mla_combine(right<combine_problem>().contracts[0], "normal", 3, i);
}
tensor_set partials(const combine_problem& p, std::uint64_t i) {
  return generate::draw_inputs(p, generate::mla_combine_regimes[i % 8], i);
}

std::int32_t* table_of_parts(const kernel_arguments& a) {
  return a.out("tile_scheduler_metadata").as<std::int32_t>();
}

// The first part's last block is nobody's.
void loses_a_block(const schedule_problem& p, const kernel_arguments& a, launcher& place) {
  right<schedule_problem>().run(p, a, place);
  std::int32_t* first = table_of_parts(a);
  if (first[0] < p.b && first[3] > first[2]) --first[3];
}

// All of it is the first part's.
void never_splits(const schedule_problem& p, const kernel_arguments& a, launcher& place) {
  schedule_problem one = p;
  one.num_sm_parts = 1;
  right<schedule_problem>().run(one, a, place);
  for (std::int64_t n = 1; n < p.num_sm_parts; ++n) table_of_parts(a)[8 * n] = static_cast<std::int32_t>(p.b);
}

executor& host() {
  static const auto on = [] {
    std::string why_not;
    auto made = make_executor("host", why_not);
    BOOST_REQUIRE_MESSAGE(made, why_not);
    return made;
  }();
  return *on;
}

template <class Problem>
tensor_set outputs_of(const Problem& p, const tensor_set& inputs) {
  const tensor_set none;
  const laws::subject<Problem> s{p,      inputs, none, right<Problem>(), right<Problem>().contracts[0],
                                 host(), {},     1};
  auto a = s.run(p, inputs);
  BOOST_REQUIRE_MESSAGE(!a.why_not, to_text(p));
  return std::move(a.outputs);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_steps_split)

BOOST_AUTO_TEST_CASE(laws_of_schedule_are_kept_and_can_be_broken) {
  require_kept_and_broken<schedule_problem>(
      scheduled, lengths, laws::schedule_laws(),
      {"bad_arguments_refused", "every_block_is_taken_once", "no_part_takes_more_than_its_share"});
}

BOOST_AUTO_TEST_CASE(a_block_that_is_nobodys_is_seen) {
  BOOST_TEST(breaks<schedule_problem>("every_block_is_taken_once", loses_a_block, scheduled, lengths,
                                      laws::schedule_laws()));
}

BOOST_AUTO_TEST_CASE(a_part_that_takes_everything_is_seen) {
  BOOST_TEST(breaks<schedule_problem>("no_part_takes_more_than_its_share", never_splits, scheduled, lengths,
                                      laws::schedule_laws()));
}

BOOST_AUTO_TEST_CASE(laws_of_combine_are_kept_and_can_be_broken) {
  require_kept_and_broken<combine_problem>(merged, partials, laws::mla_combine_laws(),
                                           {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(what_a_failing_case_shrinks_to_is_a_case) {
  for (std::uint64_t i = 0; i < 60; ++i) {
    for (const auto& one : generate::smaller(scheduled(i)))
      BOOST_REQUIRE_NO_THROW(check(one, lengths(one, i)));
    for (const auto& one : generate::smaller(merged(i))) BOOST_REQUIRE_NO_THROW(check(one, partials(one, i)));
  }
}

// FlashMLA's own schedule of these batches.
BOOST_AUTO_TEST_CASE(upstreams_examples_come_out) {
  const struct {
    const char* problem;
    std::vector<double> num_splits;
  } examples[] = {{"b=1,cache_seqlens=4096,num_sm_parts=66", {0, 32}},
                  {"b=3,cache_seqlens=0/100/4096,num_sm_parts=66", {0, 1, 2, 34}},
                  {"b=3,cache_seqlens=1000/10/3000,num_sm_parts=4", {0, 1, 2, 5}},
                  {"b=3,cache_seqlens=64/64/64,num_sm_parts=2", {0, 1, 2, 3}}};
  for (const auto& [text, expected] : examples) {
    const auto p = parse_schedule(keyed_text(text));

    const auto found = outputs_of(p, lengths(p, 1)).at("num_splits").values();

    BOOST_TEST(found == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(equal_partials_merge_to_themselves) {
  const auto p = parse_combine(keyed_text("b=2,hq=3,dv=40,splits=1/257,out_type=f32"));
  tensor_set inputs = empty_inputs(p);
  for (std::int64_t i = 0; i < inputs.at("out_partial").size(); ++i)
    inputs.at("out_partial").set_value(i, 1.5);

  const tensor_set outputs = outputs_of(p, inputs);

  for (const double x : outputs.at("out").values()) BOOST_TEST(x == 1.5);
  BOOST_TEST(outputs.at("lse").value(0) == 0.0);
  BOOST_TEST((judge_outputs(p, inputs, outputs).result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(a_row_without_keys_is_zero_and_its_lse_plus_infinity) {
  const auto p = parse_combine(keyed_text("hq=2,dv=8,splits=3,has_sink=1"));
  tensor_set inputs = empty_inputs(p);
  for (std::int64_t i = 0; i < inputs.at("lse_partial").size(); ++i)
    inputs.at("lse_partial").set_value(i, i % 2 == 0 ? -INFINITY : 0);
  for (std::int64_t i = 0; i < inputs.at("out_partial").size(); ++i)
    inputs.at("out_partial").set_value(i, i / 8 % 2 == 0 ? NAN : 1);
  inputs.at("attn_sink").set_value(1, INFINITY);

  const tensor_set outputs = outputs_of(p, inputs);

  for (const double x : outputs.at("out").values()) BOOST_TEST(x == 0);  // of head 1 a sink takes everything
  BOOST_TEST(outputs.at("lse").value(0) == INFINITY);
  BOOST_TEST(std::isfinite(outputs.at("lse").value(1)));
}

BOOST_AUTO_TEST_SUITE_END()
