// The vector functions: exp and tanh against long double, by bit pattern, in every lane and both instruction
// sets.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "reference/attention_groups.hpp"
#include "reference/attention_tile.hpp"
#include "reference/core/random.hpp"

using namespace plumbline;

namespace {

std::vector<const attention_tile::functions*> tables() {
  std::vector<const attention_tile::functions*> all{&attention_tile::for_v3()};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    all.push_back(&attention_tile::for_v4());
  return all;
}

/// Doubles of every exponent from `least` to `most`, random fractions.
std::vector<double> walk(int least, int most, int each) {
  random_stream stream(1, "walk");
  std::vector<double> x;
  for (int e = least; e <= most; ++e)
    for (int i = 0; i < each; ++i) x.push_back(std::ldexp(1 + stream.uniform(), e));
  while (x.size() % 8) x.push_back(1);
  return x;
}

double ulp_of(double x) {
  return std::nextafter(std::fabs(x), std::numeric_limits<double>::infinity()) - std::fabs(x);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attention_tile_functions)

BOOST_AUTO_TEST_CASE(exp_is_within_its_stated_error_down_to_minus_708) {
  std::vector<double> x = walk(-60, 9, 20000);
  constexpr double stated = 1.1;  // ulp: attention_tile_vector.hpp adds it up
  for (double& value : x) value = value > 708 ? -708 * (value / 1024) : -value;
  std::vector<double> y(x.size());
  for (const auto* f : tables()) {
    f->exp(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double exact = std::exp(static_cast<long double>(x[i]));
      const double error = static_cast<double>(std::fabs(y[i] - exact)) / ulp_of(static_cast<double>(exact));
      worst = error <= worst ? worst : error;
      if (!(error <= stated))
        BOOST_ERROR("exp(" << x[i] << ") = " << y[i] << " is off by " << error << " ulp");
    }
    BOOST_TEST_MESSAGE("exp: largest error " << worst << " ulp");
  }
}

BOOST_AUTO_TEST_CASE(exp_reaches_exactly_zero_in_every_lane_and_keeps_nan) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const auto* f : tables())
    for (const double low : {-infinity, -1e308, -1e5, -746.0, -708.0000000001})
      for (std::size_t lane = 0; lane < 16; ++lane) {
        std::vector<double> x(16, 0.0), y(16, 7.0);
        x[lane] = low;
        x[(lane + 3) % 16] = std::numeric_limits<double>::quiet_NaN();
        f->exp(x.data(), y.data(), 16);
        for (std::size_t i = 0; i < 16; ++i) {
          if (i == lane)
            BOOST_TEST(y[i] == 0);
          else if (i == (lane + 3) % 16)
            BOOST_TEST(std::isnan(y[i]));
          else
            BOOST_TEST(y[i] == 1);
        }
      }
}

BOOST_AUTO_TEST_CASE(tanh_is_within_four_ulp_and_odd) {
  std::vector<double> x = walk(-70, 12, 5000), minus = x, y(x.size()), y_minus(x.size());
  for (double& value : minus) value = -value;
  for (const auto* f : tables()) {
    f->tanh(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    f->tanh(minus.data(), y_minus.data(), static_cast<std::int64_t>(x.size()));
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double exact = std::tanh(static_cast<long double>(x[i]));
      const double error = static_cast<double>(std::fabs(y[i] - exact)) / ulp_of(static_cast<double>(exact));
      worst = error <= worst ? worst : error;
      if (!(error <= 4)) BOOST_ERROR("tanh(" << x[i] << ") = " << y[i] << " is off by " << error << " ulp");
      if (!(y_minus[i] == -y[i]))
        BOOST_ERROR("tanh(-" << x[i] << ") = " << y_minus[i] << " against " << y[i]);
    }
    BOOST_TEST_MESSAGE("tanh: largest error " << worst << " ulp");
  }
}

BOOST_AUTO_TEST_CASE(finite_sees_one_bad_value_anywhere) {
  for (const auto* f : tables())
    for (std::size_t size : {1u, 7u, 8u, 33u, 64u, 131u}) {
      std::vector<double> x(size, 1.0);
      BOOST_TEST(f->finite(x.data(), static_cast<std::int64_t>(size)));
      for (std::size_t i = 0; i < size; ++i)
        for (const double bad :
             {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
          x[i] = bad;
          BOOST_TEST(!f->finite(x.data(), static_cast<std::int64_t>(size)));
          x[i] = 1.0;
        }
    }
}

BOOST_AUTO_TEST_CASE(groups_hold_exactly_the_keys_of_equal_score) {
  const double s[] = {1, 2, 1, 3, -0.0, 0.0, 1, 4, 2};
  group_finder finder;
  const equal_groups& groups = finder.find(s, 1, 9);

  BOOST_REQUIRE(groups.size() == 3);
  std::size_t keys = 0;
  for (std::size_t g = 0; g < 3; ++g)
    for (auto i = groups.starts[g]; i < groups.starts[g + 1]; ++i, ++keys)
      BOOST_TEST(s[groups.members[static_cast<std::size_t>(i)]] ==
                 s[groups.members[static_cast<std::size_t>(groups.starts[g])]]);
  BOOST_TEST(keys == 7u);
  BOOST_TEST(finder.find(s + 2, 1, 2).size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
