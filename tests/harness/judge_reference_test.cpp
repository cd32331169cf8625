// The judge reads the reference's companions; a second evaluation, straight from the definition, must lead it
// to the same shares of every budget.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "properties/judge/attention/tests.hpp"
#include "tests/harness/calibration_contracts.hpp"
#include "tests/harness/calibration_inputs.hpp"

using namespace plumbline;
using namespace plumbline::testing;

namespace {

/// A key that stands exactly at a maximum may be rounded at either of two shifts; the last bit of a score
/// decides, and the two evaluations may decide differently.  That moves one of nine shifts by one key's
/// error.
constexpr double tie_share = 1.0 / theta_count;

/// Largest difference of two shares, in parts of the larger or of one percent of a budget.
double disagreement(const verdict& a, const verdict& b) {
  double largest = 0;
  for (const finding& one : a.findings)
    for (const finding& other : b.findings)
      if (one.test == other.test && one.output == other.output && one.used != other.used)
        largest =
            std::max(largest, std::fabs(one.used - other.used) / std::max({0.01, one.used, other.used}));
  return largest;
}

template <std::size_t Count>
void compare(dtype in, const std::array<contract, Count>& contracts) {
  for (int i = 0; i < 3 * regime_count; ++i) {
    random_stream random(static_cast<std::uint64_t>(i), "reference");
    const auto kind = static_cast<regime>(i % regime_count);
    const small_attention a = draw_input(kind, in, random, {200, 4});
    const attention_unit unit = unit_of(a);
    const attention_truth defined = truth_by_definition(a, contracts);
    const attention_truth streamed = attend({&unit, 1}, contracts, {})[0];
    for (std::size_t c = 0; c < Count; ++c) {
      const attention_output x = run_simulated(a, contracts[c], draw_choices(random, contracts[c]));
      const verdict by_definition =
          judging::apply_attention_tests({&defined, 1}, c, contracts[c], {&x, 1}, {});
      const verdict by_reference =
          judging::apply_attention_tests({&streamed, 1}, c, contracts[c], {&x, 1}, {});

      BOOST_TEST_CONTEXT(name_of(kind) << ", " << contracts[c].name << ", input " << i)
      BOOST_TEST(disagreement(by_definition, by_reference) < tie_share);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_reference)

BOOST_AUTO_TEST_CASE(bf16_is_judged_alike_by_definition_and_by_the_reference) {
  compare(dtype::bf16, bf16_contracts);
}
BOOST_AUTO_TEST_CASE(f16_is_judged_alike_by_definition_and_by_the_reference) {
  compare(dtype::f16, f16_contracts);
}
BOOST_AUTO_TEST_CASE(e4m3_is_judged_alike_by_definition_and_by_the_reference) {
  compare(dtype::e4m3, e4m3_contracts);
}
BOOST_AUTO_TEST_CASE(f32_is_judged_alike_by_definition_and_by_the_reference) {
  compare(dtype::f32, f32_contracts);
}

BOOST_AUTO_TEST_SUITE_END()
