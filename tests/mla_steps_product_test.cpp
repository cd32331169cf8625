// project as an operation: laws kept and broken, every kind and weight beside its truth, ragged tiles.
#include "properties/mla/product_agreement.hpp"
#include "properties/mla/product_inputs.hpp"
#include "properties/mla/product_laws.hpp"
#include "properties/mla/product_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::planted;

namespace {

project_problem drawn(std::uint64_t i) {
  project_problem p = generate::draw_project(right<project_problem>().contracts[i % 2], "normal", 3, i);
  p.tokens = std::min<std::int64_t>(p.tokens, i % 9 == 0 ? 70 : 10);
  p.heads = std::min<std::int64_t>(p.heads, 2);
  p.in_features = std::min<std::int64_t>(p.in_features, 200);
  return p;
}
tensor_set inputs_of(const project_problem& p, std::uint64_t i) {
  return generate::draw_inputs(p, generate::project_regimes[i % 7], i);
}

// Adds one to the last bit of a result where its token stands in an odd place of the call.
void depends_on_position(const project_problem& p, const kernel_arguments& a, launcher& place) {
  right<project_problem>().run(p, a, place);
  const tensor_view out = a.out("out");
  if (p.tokens > 1) out.as<std::uint16_t>()[out.stride[0]] ^= 1;
}

outcome judged(const project_problem& p, std::string_view regime, std::uint64_t seed) {
  std::string why_not;
  static const auto host = make_executor("host", why_not);
  const tensor_set inputs = generate::draw_inputs(p, regime, seed), none;
  const auto& row = right<project_problem>();
  const contract& promised = *row.contract_for(p.type);
  const laws::subject<project_problem> s{p, inputs, none, row, promised, *host, {}, seed};
  const auto a = s.run(p, inputs);
  BOOST_REQUIRE_MESSAGE(!a.why_not, to_text(p) << ": " << (a.why_not ? a.why_not->message : ""));
  const verdict v = judge_outputs(p, promised, inputs, a.outputs);
  BOOST_TEST((v.result == outcome::pass), to_text(p) << " " << regime << ": " << v.message);
  return v.result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_steps_product)

BOOST_AUTO_TEST_CASE(laws_of_project_are_kept_and_can_be_broken) {
  require_kept_and_broken<project_problem>(drawn, inputs_of, laws::project_laws(), {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(bits_that_depend_on_the_place_in_a_batch_are_seen) {
  BOOST_TEST(breaks<project_problem>("same_bits_any_batch_position", depends_on_position, drawn, inputs_of,
                                     laws::project_laws()));
}

BOOST_AUTO_TEST_CASE(every_kind_weight_and_edge_of_a_tile_agrees_with_the_truth) {
  for (const char* kind :
       {"kind=linear,in_features=136,out_features=72", "kind=linear,in_features=65,out_features=63",
        "kind=absorb_query,heads=3,qk_nope_head_dim=72,v_head_dim=8,kv_lora_rank=136",
        "kind=absorb_output,heads=2,qk_nope_head_dim=7,v_head_dim=65,kv_lora_rank=130",
        "kind=absorb_query,heads=1"})
    for (const char* types :
         {"dtype=bf16", "dtype=f16", "dtype=bf16,weight_type=e4m3", "dtype=f16,weight_type=e4m3"})
      for (const char* tokens : {"tokens=1", "tokens=8,gap=8", "tokens=9,gap=3", "tokens=17", "tokens=65"}) {
        const auto p = parse_project(keyed_text(std::string(kind) + "," + types + "," + tokens));
        judged(p, generate::project_regimes[static_cast<std::size_t>(p.tokens) % 7], 5);
      }
}

BOOST_AUTO_TEST_CASE(what_a_failing_case_shrinks_to_is_a_case) {
  for (std::uint64_t i = 0; i < 30; ++i)
    for (const auto& one : generate::smaller(drawn(i))) BOOST_REQUIRE_NO_THROW(check(one, inputs_of(one, i)));
}

BOOST_AUTO_TEST_SUITE_END()
