// The laws of dflash, held by the right kernels and broken by planted ones; every class is drawn.
#include <boost/test/unit_test.hpp>

#include "properties/dflash/accept_inputs.hpp"
#include "properties/dflash/accept_shapes.hpp"
#include "properties/dflash/attention_inputs.hpp"
#include "properties/dflash/attention_shapes.hpp"
#include "properties/dflash/crop_shapes.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/dflash/project_inputs.hpp"
#include "properties/dflash/project_shapes.hpp"
#include "properties/dflash/steps_laws.hpp"
#include "properties/dflash/steps_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/drawn_classes.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::dflash;
using namespace plumbline::planted;

namespace {

// One row less is left than may be kept.
void keeps_one_less(const crop_problem& p, const kernel_arguments& a, launcher& place) {
  right<crop_problem>().run(p, a, place);
  auto* const lengths = a.out("cache_seqlens").as<std::int32_t>();
  for (std::int64_t n = 0; n < p.b; ++n)
    if (lengths[n] > 0) --lengths[n];
}

// Counts a draft that agrees behind one that does not.
void accepts_any_match(const accept_problem& p, const kernel_arguments& a, launcher& place) {
  right<accept_problem>().run(p, a, place);
  const auto* const block = a.in("block").as<std::int32_t>();
  const auto* const posterior = a.out("posterior").as<std::int32_t>();
  for (std::int64_t n = 0; n < p.b; ++n) {
    std::int32_t matches = 0;
    for (std::int64_t i = n * p.block_size; i + 1 < (n + 1) * p.block_size; ++i)
      matches += block[i + 1] == posterior[i];
    a.out("accepted").as<std::int32_t>()[n] = matches;
  }
}

// A block that has a context is projected otherwise.
void spoils_queries_with_a_context(const project_problem& p, const kernel_arguments& a, launcher& place) {
  right<project_problem>().run(p, a, place);
  if (p.context_len > 0) *static_cast<std::uint8_t*>(a.out("q").data) ^= 1;
}

// Every block but the first shows an element of a key that was drafted before it and rejected.
void adds_the_step_before(const steps_problem& p, const kernel_arguments& a, launcher& place) {
  right<steps_problem>().run(p, a, place);
  const tensor_view k = a.in("k"), out = a.out("attended");
  std::int64_t rejected = -1;
  auto* const lengths = a.out("cache_seqlens").as<std::int32_t>();
  for (const step_call& call : calls_of(p)) {
    if (call.kind == 'c') continue;
    if (rejected >= 0)
      out.as<std::uint16_t>()[call.first_query * out.stride[0]] ^=
          k.as<std::uint16_t>()[rejected * k.stride[0]] | 1;
    rejected = call.new_rows.back() - 1;
  }
  if (p.steps.size() > 1) ++lengths[p.steps[0].parts[0].slot];
}

// The last row of the caches is attended, whoever wrote it.
void adds_what_lies_behind(const steps_problem& p, const kernel_arguments& a, launcher& place) {
  const tensor_view cache = a.out("k_cache"), out = a.out("attended");
  const std::uint16_t stale = cache.as<std::uint16_t>()[(p.capacity - 1) * cache.stride[1]];
  right<steps_problem>().run(p, a, place);
  if (out.shape[0] > 0) *out.as<std::uint16_t>() ^= stale;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_laws)

BOOST_AUTO_TEST_CASE(every_law_of_project_is_kept_and_can_be_broken) {
  const auto draw = [](std::uint64_t i) { return generate::draw_dflash_project(in_bf16, "normal", 5, i); };
  const auto all = laws::dflash_project_laws();
  require_kept_and_broken<project_problem>(draw, normal_inputs<project_problem>, all,
                                           {"bad_arguments_refused", "same_bits_in_every_way"});
  for (const char* law : {"same_bits_in_every_way", "block_needs_no_context"})
    BOOST_TEST(breaks<project_problem>(law, spoils_queries_with_a_context, draw,
                                       normal_inputs<project_problem>, all),
               law);
}

BOOST_AUTO_TEST_CASE(every_law_of_attention_is_kept_and_can_be_broken) {
  require_kept_and_broken<attention_problem>(
      [](std::uint64_t i) { return generate::draw_dflash_attention(in_bf16, "normal", 5, i); },
      normal_inputs<attention_problem>, laws::dflash_attention_laws(), {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(every_law_of_accept_is_kept_and_can_be_broken) {
  const auto draw = [](std::uint64_t i) { return generate::draw_dflash_accept(in_bf16, "normal", 5, i); };
  const auto all = laws::dflash_accept_laws();
  require_kept_and_broken<accept_problem>(draw, normal_inputs<accept_problem>, all,
                                          {"bad_arguments_refused", "any_draft_is_lossless"});
  for (const char* law : {"drafts_choose_no_token", "any_draft_is_lossless"})
    BOOST_TEST(breaks<accept_problem>(law, accepts_any_match, draw, normal_inputs<accept_problem>, all), law);
}

BOOST_AUTO_TEST_CASE(every_law_of_crop_is_kept_and_can_be_broken) {
  const auto draw = [](std::uint64_t i) { return generate::draw_dflash_crop(in_bf16, "any_pattern", 5, i); };
  const auto all = laws::dflash_crop_laws();
  require_kept_and_broken<crop_problem>(draw, normal_inputs<crop_problem>, all, {"bad_arguments_refused"});
  for (const char* law : {"two_crops_are_one", "cropped_again_is_the_same"})
    BOOST_TEST(breaks<crop_problem>(law, keeps_one_less, draw, normal_inputs<crop_problem>, all), law);
}

BOOST_AUTO_TEST_CASE(every_law_of_steps_is_kept_and_can_be_broken) {
  const auto draw = [](std::uint64_t i) { return generate::draw_dflash_steps(in_bf16, "normal", 5, i); };
  const auto all = laws::dflash_steps_laws();
  require_kept_and_broken<steps_problem>(draw, normal_inputs<steps_problem>, all, {"bad_arguments_refused"});
  for (const char* law :
       {"committed_at_once_or_in_rounds", "rejected_drafts_leave_nothing", "first_steps_need_no_others"})
    BOOST_TEST(breaks<steps_problem>(law, adds_the_step_before, draw, normal_inputs<steps_problem>, all),
               law);
  BOOST_TEST(breaks<steps_problem>("stale_rows_are_never_attended", adds_what_lies_behind, draw,
                                   normal_inputs<steps_problem>, all));
}

BOOST_AUTO_TEST_CASE(every_class_is_drawn) {
  require_classes(generate::dflash_project_classes(), generate::draw_dflash_project, parse_project);
  require_classes(generate::dflash_attention_classes(), generate::draw_dflash_attention, parse_attention);
  require_classes(generate::dflash_accept_classes(), generate::draw_dflash_accept, parse_accept);
  require_classes(generate::dflash_crop_classes(), generate::draw_dflash_crop, parse_crop);
  require_classes(generate::dflash_steps_classes(), generate::draw_dflash_steps, parse_steps);
}

BOOST_AUTO_TEST_SUITE_END()
