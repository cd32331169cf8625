// Random streams: the published generator, our distributions, and bits that no compiler may change.
#include "reference/core/random.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

using namespace plumbline;

namespace {

// Standard errors allowed: 6 of a normal law is one false alarm in 5e8.
constexpr double sigmas = 6;

}  // namespace

BOOST_AUTO_TEST_SUITE(random_streams)

BOOST_AUTO_TEST_CASE(the_stream_of_seed_0_without_purpose_is_philox_of_zeros) {
  random_stream random(0, "");

  const std::array<std::uint32_t, 4> drawn = {random.bits32(), random.bits32(), random.bits32(),
                                              random.bits32()};

  BOOST_TEST((drawn == std::array<std::uint32_t, 4>{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
}

BOOST_AUTO_TEST_CASE(the_bits_are_the_same_everywhere) {
  random_stream random(7, "q");

  BOOST_TEST(random.bits32() == 94820829u);
  BOOST_TEST(random.bits64() == 10732519304405303739u);
  BOOST_TEST(random.integer(-1000, 1000) == 197);
  BOOST_TEST(random.integer(0, std::int64_t{1} << 40) == 828931469678);
  BOOST_TEST(std::bit_cast<std::uint64_t>(random.uniform()) == 4604955669181817112u);
  BOOST_TEST(std::bit_cast<std::uint64_t>(random.normal()) == 4594722622504735660u);
  BOOST_TEST(std::bit_cast<std::uint64_t>(random.normal()) == 13832417147990413102u);
}

BOOST_AUTO_TEST_CASE(seed_and_purpose_make_different_streams) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed : {0ull, 1ull, 1ull << 32, ~0ull})
    for (const char* purpose : {"", "q", "k", "v", "qk", "kq", "page_table"})
      first.insert(random_stream(seed, purpose).bits64());

  BOOST_TEST(first.size() == 28u);
}

BOOST_AUTO_TEST_CASE(integers_cover_their_range_evenly) {
  random_stream random(2, "integers");
  constexpr int draws = 300000, faces = 3;
  int count[faces] = {};
  for (int n = 0; n < draws; ++n) ++count[random.integer(-1, 1) + 1];

  const double p = 1.0 / faces, deviation = std::sqrt(draws * p * (1 - p));
  for (int n : count) BOOST_TEST(std::abs(n - draws * p) <= sigmas * deviation);
}

BOOST_AUTO_TEST_CASE(integers_keep_to_extreme_ranges) {
  random_stream random(3, "extremes");
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                         high = std::numeric_limits<std::int64_t>::max();
  int negative = 0;
  for (int n = 0; n < 10000; ++n) {
    negative += random.integer(low, high) < 0;
    BOOST_TEST_REQUIRE(random.integer(high - 1, high) >= high - 1);
    BOOST_TEST_REQUIRE(random.integer(low, low) == low);
    const std::int64_t wide = random.integer(0, (std::int64_t{1} << 32));
    BOOST_TEST_REQUIRE((wide >= 0 && wide <= std::int64_t{1} << 32));
  }

  BOOST_TEST(std::abs(negative - 5000.0) <= sigmas * 50);
}

BOOST_AUTO_TEST_CASE(uniforms_lie_in_their_interval_with_mean_and_variance_of_it) {
  random_stream random(4, "uniform");
  constexpr int draws = 1 << 20;
  double sum = 0, squares = 0;
  for (int n = 0; n < draws; ++n) {
    const double x = random.uniform();
    BOOST_TEST_REQUIRE((x >= 0 && x < 1));
    BOOST_TEST_REQUIRE(x * 0x1p53 == std::floor(x * 0x1p53));
    sum += x - 0.5;
    squares += (x - 0.5) * (x - 0.5);
  }

  BOOST_TEST(std::abs(sum / draws) <= sigmas * std::sqrt(1.0 / 12 / draws));
  BOOST_TEST(std::abs(squares / draws - 1.0 / 12) <= sigmas * std::sqrt(1.0 / 180 / draws));
}

BOOST_AUTO_TEST_CASE(normals_have_mean_0_variance_1_and_the_right_classes) {
  random_stream random(5, "normal");
  constexpr int draws = 1 << 22;
  double sum = 0, squares = 0, fourth = 0, largest = 0;
  int beyond[5] = {};
  for (int n = 0; n < draws; ++n) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    largest = std::max(largest, std::abs(x));
    for (int k = 1; k < 5; ++k) beyond[k] += std::abs(x) > k;
  }

  BOOST_TEST(std::abs(sum / draws) <= sigmas / std::sqrt(draws));
  BOOST_TEST(std::abs(squares / draws - 1) <= sigmas * std::sqrt(2.0 / draws));
  // Kurtosis of 64 coin flips plus a triangle: 3 - 2/64 to first order; the estimate's variance is at most
  // 96/n.
  BOOST_TEST(std::abs(fourth / draws - (3 - 2.0 / 64)) <= sigmas * std::sqrt(96.0 / draws) + 1.0 / 64);
  BOOST_TEST(largest > 4.5);
  for (int k = 1; k < 5; ++k) {
    const double p = std::erfc(k / std::sqrt(2.0));
    // The law of the flips is lighter in the tail: no more than half of it may be missing at 4 sigma.
    BOOST_TEST(beyond[k] <= draws * p + sigmas * std::sqrt(draws * p) + draws * 0.25 / 64);
    BOOST_TEST(beyond[k] >= draws * p / 2);
  }
}

BOOST_AUTO_TEST_CASE(a_chance_is_taken_as_often_as_it_says) {
  random_stream random(6, "chance");
  constexpr int draws = 100000;
  int taken = 0;
  for (int n = 0; n < draws; ++n) {
    taken += random.chance(0.25);
    BOOST_TEST_REQUIRE(!random.chance(0));
    BOOST_TEST_REQUIRE(random.chance(1));
  }

  BOOST_TEST(std::abs(taken - draws * 0.25) <= sigmas * std::sqrt(draws * 0.25 * 0.75));
}

BOOST_AUTO_TEST_SUITE_END()
