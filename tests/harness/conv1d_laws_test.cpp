// The laws of conv1d, held by the right kernels and broken by planted ones; every class is drawn.
#include <boost/test/unit_test.hpp>

#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/conv1d/prefill_shapes.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/kept_and_broken.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;
using namespace plumbline::planted;

namespace {

constexpr contract in_bf16{"", dtype::bf16, dtype::bf16, types_alone{}};

template <class Problem>
tensor_set normal_inputs(const Problem& p, std::uint64_t i) {
  return generate::draw_inputs(p, "normal", i);
}

// A class of a few percent has no floor that a hundred cases could hold; a thousand hold five of each.
template <class Problem>
void require_classes(std::span<const generate::problem_class<Problem>> classes,
                     Problem (*draw)(const contract&, std::string_view, std::uint64_t, std::uint64_t),
                     Problem (*parse)(const keyed_text&)) {
  std::map<std::string, int> count;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Problem p = draw(in_bf16, "normal", 1, i);
    BOOST_REQUIRE_NO_THROW(check(p));
    BOOST_REQUIRE((parse(keyed_text(to_text(p))) == p));
    for (const Problem& one : generate::smaller(p)) BOOST_REQUIRE_NO_THROW(check(one));
    for (const std::string& name : generate::names_holding(classes, p)) ++count[name];
  }
  for (const auto& one : classes) {
    BOOST_TEST(count[std::string(one.name)] >= 5, one.name << " is hardly drawn");
    BOOST_TEST(count[std::string(one.name)] >= 1000 * one.floor, one.name << " lies below its floor");
  }
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

BOOST_AUTO_TEST_SUITE_END()
