// The host executor, for a test that cannot do without.
#pragma once

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

#include "kernels/core/executor.hpp"

namespace plumbline {

inline std::unique_ptr<executor> host() {
  std::string why_not;
  auto one = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(one, why_not);
  return one;
}

}  // namespace plumbline
