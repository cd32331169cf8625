// One wrong element of any output of dflash is seen, and under the name of the step that made it.
#include <boost/test/unit_test.hpp>

#include <string>

#include "kernels/core/variants_of.hpp"
#include "properties/dflash/accept_inputs.hpp"
#include "properties/dflash/agreement.hpp"
#include "properties/dflash/attention_inputs.hpp"
#include "properties/dflash/crop_shapes.hpp"
#include "properties/dflash/project_inputs.hpp"
#include "properties/dflash/steps_shapes.hpp"
#include "properties/laws/subject.hpp"
#include "reference/core/keyed_text.hpp"

using namespace plumbline;
using namespace plumbline::dflash;

namespace {

// The middle element of an output is half as large again, or another whole number.
void damage(tensor& t) {
  std::vector<std::int64_t> middle;
  for (const std::int64_t size : t.shape()) middle.push_back(size / 2);
  const std::int64_t at = t.offset(middle);
  if (t.type() == dtype::i32)
    t.set_value(at, t.value(at) + 1);
  else
    t.set_code(at, t.code(at) ^ std::uint64_t{1} << (t.type() == dtype::f32   ? 22
                                                     : t.type() == dtype::f16 ? 9
                                                                              : 6));
}

template <class Problem>
void require_every_output_judged(const Problem& p, const tensor_set& inputs) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (const auto& row : variants_of<Problem>(side::host)) {
    const contract& promised = *row.contract_for(p.type);
    const tensor_set none;
    const laws::subject<Problem> s{p, inputs, none, row, promised, *host, {}, 1};
    const tensor_set outputs = s.run(p, inputs).outputs;
    const verdict right = judge_outputs(p, promised, inputs, outputs);
    BOOST_TEST((right.result == outcome::pass), to_text(p) << ": " << right.message);
    for (const auto& [name, value] : outputs) {
      tensor_set wrong = outputs;
      damage(wrong.at(name));
      const verdict v = judge_outputs(p, promised, inputs, wrong);
      BOOST_TEST((v.result == outcome::fail), row.name << ' ' << name);
      bool named = false;
      for (const finding& one : v.findings) named = named || (!one.passed() && one.output == name);
      BOOST_TEST(named, row.name << ' ' << name << ": " << v.message);
    }
  }
}

template <class Problem>
void require_judged(Problem (*parse)(const keyed_text&), const char* text, const char* regime) {
  const Problem p = parse(keyed_text(text));
  require_every_output_judged(p, generate::draw_inputs(p, regime, 7));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_judge)

BOOST_AUTO_TEST_CASE(every_step_of_project_is_judged) {
  require_judged(parse_project, "b=2,block_size=5,context_len=3,hidden_size=40,hk=2,d=16,bias=1", "normal");
  require_judged(parse_project, "dtype=f16,block_size=2,context_len=0,hidden_size=24,d=10", "normal");
}

BOOST_AUTO_TEST_CASE(every_step_of_attention_is_judged) {
  require_judged(parse_attention,
                 "b=2,block_size=5,d=16,context_lens=3/1,cache_seqlens=60/2,hidden_size=24,bias=1", "normal");
  require_judged(parse_attention, "dtype=f16,block_size=3,d=24,mask_batch=1,mask_rows=3,hidden_percent=50",
                 "normal");
}

BOOST_AUTO_TEST_CASE(what_is_chosen_and_what_is_accepted_of_it_are_judged) {
  require_judged(parse_accept, "b=3,block_size=6,vocab_size=40,agree_percent=80", "normal");
  require_judged(parse_accept, "dtype=bf16,b=2,block_size=4,vocab_size=9,temperature=1,agree_percent=80",
                 "even");
}

BOOST_AUTO_TEST_CASE(crop_is_judged) {
  require_judged(parse_crop, "layers=2,b=3,capacity=5,hk=2,d=8,cache_seqlens=5/4/3,keep=2/4/0,scrub=1",
                 "any_pattern");
}

BOOST_AUTO_TEST_CASE(every_block_of_steps_is_judged) {
  require_judged(parse_steps, "steps=p5@0.3@2|a2@0.0@2|c4@0|a1@2,slots=3,d=24", "normal");
}

BOOST_AUTO_TEST_SUITE_END()
