// forward as an operation: laws kept and broken, what is drawn, what shrinks.
#include "properties/mla/forward_agreement.hpp"
#include "properties/mla/forward_inputs.hpp"
#include "properties/mla/forward_laws.hpp"
#include "properties/mla/forward_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::planted;

namespace {

forward_problem drawn(std::uint64_t i) {
  forward_problem p = generate::draw_forward(right<forward_problem>().contracts[i % 2], "normal", 3, i);
  p.n_heads = std::min<std::int64_t>(p.n_heads, 3);
  p.dim = std::min<std::int64_t>(p.dim, 72);
  p.b = std::min<std::int64_t>(p.b, 3);
  return p;
}
tensor_set inputs_of(const forward_problem& p, std::uint64_t i) {
  return generate::draw_inputs(p, generate::forward_regimes[i % 5], i);
}

// A bit of the first row behind the tokens gets into the first result.
void reads_a_row_too_many(const forward_problem& p, const kernel_arguments& a, launcher& place) {
  right<forward_problem>().run(p, a, place);
  if (p.b * p.sq == 0 || p.max_seq_len == p.end_pos()) return;
  const tensor_view t = a.out(p.form == attention_form::naive ? "v_cache" : "kv_cache");
  *a.out("out").as<std::uint16_t>() ^= t.as<std::uint16_t>()[p.end_pos() * t.stride[1]] & 4;
}

// The first result depends on the room behind the tokens.
void assumes_full_caches(const forward_problem& p, const kernel_arguments& a, launcher& place) {
  right<forward_problem>().run(p, a, place);
  if (p.b * p.sq > 0 && p.max_seq_len > p.end_pos()) *a.out("out").as<std::uint16_t>() ^= 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_steps_forward)

BOOST_AUTO_TEST_CASE(laws_of_forward_are_kept_and_can_be_broken) {
  require_kept_and_broken<forward_problem>(drawn, inputs_of, laws::forward_laws(), {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(a_row_read_behind_the_tokens_is_seen) {
  BOOST_TEST(breaks<forward_problem>("unread_rows_change_nothing", reads_a_row_too_many, drawn, inputs_of,
                                     laws::forward_laws()));
}

BOOST_AUTO_TEST_CASE(caches_that_must_be_full_are_seen) {
  BOOST_TEST(breaks<forward_problem>("larger_caches_change_nothing", assumes_full_caches, drawn, inputs_of,
                                     laws::forward_laws()));
}

BOOST_AUTO_TEST_CASE(what_a_failing_case_shrinks_to_is_a_case) {
  for (std::uint64_t i = 0; i < 60; ++i)
    for (const auto& one : generate::smaller(drawn(i))) BOOST_REQUIRE_NO_THROW(check(one, inputs_of(one, i)));
}

BOOST_AUTO_TEST_CASE(a_drawn_module_reads_back_from_its_text) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const forward_problem p = drawn(i);
    BOOST_REQUIRE((parse_forward(keyed_text(to_text(p))) == p));
  }
}

BOOST_AUTO_TEST_SUITE_END()
