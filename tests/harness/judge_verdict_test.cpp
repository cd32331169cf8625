#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "properties/judge/verdict.hpp"

using namespace plumbline;

namespace {

finding used(double share, std::string message = {}) {
  finding f;
  f.used = share;
  f.message = std::move(message);
  return f;
}

verdict of(std::vector<finding> findings) {
  verdict v;
  v.elements = 1;
  v.findings = std::move(findings);
  conclude(v, false, "");
  return v;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_verdict)

BOOST_AUTO_TEST_CASE(a_budget_used_up_exactly_passes_and_one_step_more_fails) {
  BOOST_TEST((of({used(1.0)}).result == outcome::pass));
  BOOST_TEST((of({used(std::nextafter(1.0, 2.0))}).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(not_a_number_fails_wherever_it_stands) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& findings : {std::vector{used(nan), used(0.5)}, std::vector{used(0.5), used(nan)}}) {
    const verdict v = of(findings);

    BOOST_TEST((v.result == outcome::fail));
    BOOST_TEST(std::isnan(v.budget_used()));
  }
}

BOOST_AUTO_TEST_CASE(the_first_finding_that_fails_gives_the_message) {
  const verdict v = of({used(0.5, "fine"), used(2, "first"), used(9, "second")});

  BOOST_TEST(v.message == "first");
  BOOST_TEST(v.budget_used() == 9);
}

BOOST_AUTO_TEST_CASE(a_pass_must_be_earned) {
  verdict nothing;
  conclude(nothing, false, "");
  verdict degenerate;
  degenerate.elements = 4;
  conclude(degenerate, true, "the truth is all zero");

  BOOST_TEST((nothing.result == outcome::mistrusted));
  BOOST_TEST(nothing.message == "no element was compared");
  BOOST_TEST((degenerate.result == outcome::mistrusted));
  BOOST_TEST(degenerate.message == "the truth is all zero");
}

BOOST_AUTO_TEST_CASE(a_failure_is_a_failure_even_when_the_truth_is_degenerate) {
  verdict v;
  v.elements = 4;
  v.findings.push_back(used(2));
  conclude(v, true, "the truth is all zero");

  BOOST_TEST((v.result == outcome::fail));
}

BOOST_AUTO_TEST_SUITE_END()
