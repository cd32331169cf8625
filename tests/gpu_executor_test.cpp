// What a build with CUDA kernels says where no device is.
#include <boost/test/unit_test.hpp>

#include "kernels/core/executor.hpp"

BOOST_AUTO_TEST_SUITE(gpu_executor)

BOOST_AUTO_TEST_CASE(there_is_an_executor_or_one_clear_line_why_not) {
  std::string why_not;

  const auto on = plumbline::make_executor("gpu", why_not);

  BOOST_TEST((on != nullptr) == why_not.empty());
  BOOST_TEST(why_not.find('\n') == std::string::npos);
  BOOST_TEST((on || why_not.rfind("gpu: ", 0) == 0), why_not);
}

BOOST_AUTO_TEST_SUITE_END()
