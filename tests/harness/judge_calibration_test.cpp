// The judge against kernels whose correctness is known, in a minute.  The long test does the same on more.
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "tests/harness/calibration.hpp"

using namespace plumbline::testing;

BOOST_AUTO_TEST_SUITE(judge_calibration)

BOOST_AUTO_TEST_CASE(no_correct_kernel_fails_and_every_statistic_keeps_a_fifth_of_its_threshold) {
  const false_alarms found = calibrate(100000, 3900, {300, 8});
  std::cout << table(found);
  for (const std::string& alarm : found.alarms) BOOST_TEST_ERROR(alarm);

  BOOST_TEST(found.tensors >= 10000);
  for (const auto& [name, one] : found.largest)
    if (name != "H") BOOST_TEST(one.share <= 0.8, name << " reached " << one.share << " at " << one.where);
}

BOOST_AUTO_TEST_CASE(planted_faults_are_killed) {
  const fault_score found = count_kills(200000, 195, {300, 8});
  std::cout << table(found);

  BOOST_TEST(found.by_fault.size() >= 35U);
  BOOST_TEST(found.structural.share() >= 0.90);
  BOOST_TEST(found.precision.share() >= 0.55);
}

BOOST_AUTO_TEST_SUITE_END()
