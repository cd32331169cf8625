// The laws of the other functions of quantize, held by the right kernels and broken by planted ones.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/cache_inputs.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/dequantize_laws.hpp"
#include "properties/quantize/groups_laws.hpp"
#include "properties/quantize/matrix_inputs.hpp"
#include "properties/quantize/matrix_shapes.hpp"
#include "reference/core/keyed_text.hpp"

using namespace plumbline;
using namespace plumbline::quantize;

namespace {

template <class Problem>
const variant<Problem>& right() {
  return variants_of<Problem>(side::host)[0];
}

using counts = std::map<std::string, std::map<outcome, int>>;
int calls = 0;

// From the second call on the first byte of the first row of an output is another one.
template <class Problem>
void flips_later(const Problem& p, const kernel_arguments& a, launcher& place) {
  right<Problem>().run(p, a, place);
  if (++calls < 2) return;
  for (const char* name : {"out", "codes", "buffer"})
    if (const tensor_view t = a.out(name); t && t.shape[0] > 0) *static_cast<std::uint8_t*>(t.data) ^= 1;
}

template <class Problem, class Draw>
counts outcomes_of(void (*run)(const Problem&, const kernel_arguments&, launcher&), Draw draw,
                   std::span<const laws::law<Problem>> all, std::string_view regime) {
  variant<Problem> row = right<Problem>();
  row.run = run;
  counts seen;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Problem p = draw(regime, i);
    if (!row.domain(p).empty()) continue;
    BOOST_REQUIRE_NO_THROW(check(p));
    const tensor_set inputs = generate::draw_inputs(p, regime, i);
    for (const Problem& one : generate::smaller(p))
      BOOST_REQUIRE_NO_THROW(check(one, generate::draw_inputs(one, regime, i)));
    tensor_set outputs;
    calls = 0;
    const laws::subject<Problem> s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    auto first = s.run(p, inputs);
    BOOST_REQUIRE(!first.why_not);
    outputs = std::move(first.outputs);
    for (const auto& one : all) {
      if (!one.concerns(s).empty()) continue;
      calls = 1;
      ++seen[std::string(one.name)][laws::check_law(one, s).result];
    }
  }
  return seen;
}

// Every law is kept by the right kernel, and all but the refusals and `spared` are broken by one that changes
// from call to call.
template <class Problem, class Draw>
void require_kept_and_broken(Draw draw, std::span<const laws::law<Problem>> all, std::string_view regime,
                             std::initializer_list<std::string_view> spared) {
  counts kept = outcomes_of<Problem>(right<Problem>().run, draw, all, regime);
  BOOST_TEST(kept.size() == all.size());
  for (auto& [name, by_outcome] : kept) {
    BOOST_TEST(by_outcome[outcome::fail] == 0, name);
    BOOST_TEST(by_outcome[outcome::pass] > 0, name);
  }

  counts broken = outcomes_of<Problem>(flips_later<Problem>, draw, all, regime);
  for (auto& [name, by_outcome] : broken) {
    const bool expected = std::find(spared.begin(), spared.end(), name) == spared.end();
    BOOST_TEST((by_outcome[outcome::fail] > 0) == expected, name);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_matrix_laws)

BOOST_AUTO_TEST_CASE(laws_of_dequantize_are_kept_and_can_be_broken) {
  require_kept_and_broken<dequantize_problem>(
      [](std::string_view regime, std::uint64_t i) {
        return generate::draw_dequantize(dtype::bf16, regime, 3, i);
      },
      laws::dequantize_laws(), "ordinary", {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(laws_of_groups_are_kept_and_can_be_broken) {
  require_kept_and_broken<groups_problem>(
      [](std::string_view regime, std::uint64_t i) {
        return generate::draw_groups(right<groups_problem>().contracts[0], regime, 3, i);
      },
      laws::groups_laws(), "ordinary", {"bad_arguments_refused", "reads_back_within_a_step"});
}

BOOST_AUTO_TEST_CASE(laws_of_weight_dequant_are_kept_and_can_be_broken) {
  require_kept_and_broken<weight_dequant_problem>(
      [](std::string_view regime, std::uint64_t i) {
        return generate::draw_weight_dequant(dtype::e4m3, regime, 3, i);
      },
      laws::weight_dequant_laws(), "ordinary", {"bad_arguments_refused"});
}

BOOST_AUTO_TEST_CASE(laws_of_scatter_are_kept_and_can_be_broken) {
  require_kept_and_broken<scatter_problem>(
      [](std::string_view regime, std::uint64_t i) {
        return generate::draw_scatter(dtype::u8, regime, 3, i);
      },
      laws::scatter_laws(), "any_pattern", {"bad_arguments_refused", "rows_outside_keep_their_bytes"});
}

BOOST_AUTO_TEST_SUITE_END()
