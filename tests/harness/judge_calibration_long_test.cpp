// The same as judge_calibration_test on longer sequences and some sixty thousand tensors.
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "tests/harness/calibration.hpp"

using namespace plumbline::testing;

BOOST_AUTO_TEST_SUITE(judge_calibration_long)

BOOST_AUTO_TEST_CASE(no_correct_kernel_fails_and_every_statistic_keeps_a_fifth_of_its_threshold) {
  const false_alarms found = calibrate(1000000, 19500, {1200, 16});
  std::cout << table(found);
  for (const std::string& alarm : found.alarms) BOOST_TEST_ERROR(alarm);

  for (const auto& [name, one] : found.largest)
    if (name != "H") BOOST_TEST(one.share <= 0.8, name << " reached " << one.share << " at " << one.where);
}

BOOST_AUTO_TEST_CASE(planted_faults_are_killed) {
  const fault_score found = count_kills(2000000, 1300, {600, 16});
  std::cout << table(found);

  BOOST_TEST(found.structural.share() >= 0.90);
  BOOST_TEST(found.precision.share() >= 0.60);
}

BOOST_AUTO_TEST_SUITE_END()
