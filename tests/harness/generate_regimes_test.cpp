#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include "properties/generate/needles.hpp"
#include "properties/generate/regimes.hpp"

using namespace plumbline;
using namespace plumbline::generate;

namespace {

unit_shape plain_unit(std::int64_t keys = 150, dtype type = dtype::bf16) {
  unit_shape u;
  u.sq = 2;
  u.group = 4;
  u.sk = keys;
  u.d = 64;
  u.dv = 32;
  u.scale = 0.125;
  u.type = type;
  u.begin = {0, 0};
  u.end = {keys, keys};
  return u;
}

double score(const unit_shape& u, const unit_values& v, std::int64_t row, std::int64_t key) {
  double sum = 0;
  for (std::int64_t c = 0; c < u.d; ++c)
    sum += round_to(u.type, v.q[static_cast<std::size_t>(row * u.d + c)]) *
           round_to(u.type, v.k[static_cast<std::size_t>(key * u.d + c)]);
  return u.scale * sum;
}

std::vector<double> scores(const unit_shape& u, const unit_values& v, std::int64_t row) {
  std::vector<double> all;
  for (std::int64_t j = 0; j < u.sk; ++j) all.push_back(score(u, v, row, j));
  return all;
}

double rms(const std::vector<double>& x) {
  double sum = 0;
  for (double e : x) sum += e * e;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regimes)

BOOST_AUTO_TEST_CASE(names_read_back) {
  for (std::size_t i = 0; i < regime_names.size(); ++i)
    BOOST_TEST((regime_from(regime_names[i]) == static_cast<regime>(i)));
  BOOST_TEST(!regime_from("colourful"));
}

BOOST_AUTO_TEST_CASE(every_value_is_a_finite_number_of_every_type) {
  for (dtype type : {dtype::bf16, dtype::f16, dtype::e4m3})
    for (std::size_t r = 0; r < regime_names.size(); ++r)
      for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const unit_values v = draw_unit(static_cast<regime>(r), plain_unit(70, type), seed);
        const double most = decode(type, format_of(type).max_code);
        for (const auto* x : {&v.q, &v.k, &v.v})
          BOOST_TEST(std::all_of(x->begin(), x->end(), [&](double e) { return std::fabs(e) <= most; }),
                     regime_names[r] << " as " << name_of(type));
      }
}

BOOST_AUTO_TEST_CASE(flat_is_a_tenth_and_peaked_four_times_normal) {
  const unit_values normal = draw_unit(regime::normal, plain_unit(), 1);

  BOOST_TEST(std::fabs(rms(normal.k) - 1) < 0.05);
  BOOST_TEST(std::fabs(rms(draw_unit(regime::flat, plain_unit(), 1).k) - 0.1) < 0.005);
  BOOST_TEST(std::fabs(rms(draw_unit(regime::peaked, plain_unit(), 1).q) - 4) < 0.5);
}

BOOST_AUTO_TEST_CASE(positive_values_are_at_least_one) {
  const unit_values v = draw_unit(regime::positive, plain_unit(), 1);

  BOOST_TEST(*std::min_element(v.v.begin(), v.v.end()) >= 1);
}

BOOST_AUTO_TEST_CASE(key_zero_of_a_sink_stands_out_and_has_a_tiny_value) {
  const unit_shape u = plain_unit();
  const unit_values v = draw_unit(regime::sink, u, 3);
  double mean = 0, others = 0;
  for (std::int64_t row = 0; row < 8; ++row) {
    const auto s = scores(u, v, row);
    mean += s[0] / 8;
    for (std::size_t j = 1; j < s.size(); ++j) others += s[j] / 8 / static_cast<double>(s.size() - 1);
  }

  BOOST_TEST(mean - others > 4);
  BOOST_TEST(rms({v.v.begin(), v.v.begin() + 32}) < 0.1);
  BOOST_TEST(rms(v.v) > 0.5);
}

BOOST_AUTO_TEST_CASE(cancelling_keys_come_in_pairs_and_some_stay_alone) {
  int pairs = 0, alone = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const unit_values v = draw_unit(regime::cancel, plain_unit(40), seed);
    for (std::int64_t i = 0; i < 40; ++i) {
      bool paired = false;
      for (std::int64_t j = 0; j < 40; ++j) {
        bool mirrored = i != j;
        for (std::int64_t c = 0; mirrored && c < 32; ++c)
          mirrored = v.v[static_cast<std::size_t>(i * 32 + c)] == -v.v[static_cast<std::size_t>(j * 32 + c)];
        for (std::int64_t c = 0; mirrored && c < 64; ++c)
          mirrored = v.k[static_cast<std::size_t>(i * 64 + c)] == v.k[static_cast<std::size_t>(j * 64 + c)];
        paired = paired || mirrored;
      }
      ++(paired ? pairs : alone);
    }
  }

  BOOST_TEST(pairs >= 4 * 24);
  BOOST_TEST(alone >= 4);
}

BOOST_AUTO_TEST_CASE(tiny_scores_are_tiny_and_huge_ones_huge) {
  const unit_shape u = plain_unit();
  double most = 0, least = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    for (double s : scores(u, draw_unit(regime::tiny, u, seed), 0)) most = std::max(most, std::fabs(s));
    for (double s : scores(u, draw_unit(regime::huge, u, seed), 0)) least = std::min(least, s);
  }

  BOOST_TEST(most < 0.02);
  BOOST_TEST(least < -65000);
}

BOOST_AUTO_TEST_CASE(half_of_the_huge_units_are_shifted) {
  const unit_shape u = plain_unit(20);
  int shifted = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto s = scores(u, draw_unit(regime::huge, u, seed), 0);
    shifted += *std::max_element(s.begin(), s.end()) < -30000;
  }

  BOOST_TEST(shifted > 70);
  BOOST_TEST(shifted < 130);
}

BOOST_AUTO_TEST_CASE(powers_of_two_have_integer_scores_over_the_scale_and_integer_values) {
  unit_shape u = plain_unit();
  u.scale = 1;
  const unit_values v = draw_unit(regime::powers_of_two, u, 1);
  std::set<double> seen;
  for (std::int64_t row = 0; row < 8; ++row)
    for (double s : scores(u, v, row)) seen.insert(s);

  BOOST_TEST((seen == std::set<double>{-6, -5, -4, -3, -2, -1, 0}));
  for (double x : v.v) BOOST_TEST((x == std::round(x) && std::fabs(x) <= 8));
}

BOOST_AUTO_TEST_CASE(a_needle_row_sees_one_key_by_the_promised_margin) {
  const unit_shape u = plain_unit(200);
  std::set<std::int64_t> places;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const unit_values v = draw_unit(regime::needle, u, seed);
    for (std::int64_t row = 0; row < 8; ++row) {
      auto s = scores(u, v, row);
      const auto top = std::max_element(s.begin(), s.end());
      places.insert(top - s.begin());
      const double first = *top;
      *top = -1e9;
      BOOST_TEST(first - *std::max_element(s.begin(), s.end()) > 45);
    }
  }
  const auto edges = boundary_positions(200, 0);

  BOOST_TEST(std::includes(edges.begin(), edges.end(), places.begin(), places.end()));
  BOOST_TEST(places.size() > 12u);
  for (std::int64_t edge : {0, 63, 64, 199}) BOOST_TEST(places.count(edge) == 1u, "position " << edge);
}

BOOST_AUTO_TEST_CASE(a_masked_needle_row_points_at_a_visible_key) {
  unit_shape u = plain_unit(200);
  u.begin = {60, 120};
  u.end = {70, 200};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const unit_values v = draw_unit(regime::needle, u, seed);
    for (std::int64_t row = 0; row < 8; ++row) {
      const auto s = scores(u, v, row);
      const std::int64_t top = std::max_element(s.begin(), s.end()) - s.begin();
      const std::size_t token = static_cast<std::size_t>(row / 4);
      BOOST_TEST(*std::max_element(s.begin(), s.end()) > 45);
      BOOST_TEST((top >= u.begin[token] && top < u.end[token]));
    }
  }
}

BOOST_AUTO_TEST_CASE(twins_are_one_two_or_four_equal_keys) {
  const unit_shape u = plain_unit(200);
  std::set<std::ptrdiff_t> counts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const unit_values v = draw_unit(regime::twins, u, seed);
    const auto s = scores(u, v, 0);
    const double top = *std::max_element(s.begin(), s.end());
    counts.insert(std::count(s.begin(), s.end(), top));
  }

  BOOST_TEST((counts == std::set<std::ptrdiff_t>{2, 4}));
}

BOOST_AUTO_TEST_CASE(a_ramp_rises_or_falls_by_ten_to_thirty) {
  const unit_shape u = plain_unit(100);
  int rising = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const unit_values v = draw_unit(regime::ramp, u, seed);
    double first = 0, last = 0;
    for (std::int64_t row = 0; row < 8; ++row)
      for (std::int64_t j = 0; j < 10; ++j) {
        first += score(u, v, row, j) / 80;
        last += score(u, v, row, 90 + j) / 80;
      }
    rising += last > first;
    BOOST_TEST(std::fabs(last - first) > 7);
    BOOST_TEST(std::fabs(last - first) < 33);
  }

  BOOST_TEST(rising > 3);
  BOOST_TEST(rising < 17);
}

BOOST_AUTO_TEST_SUITE_END()
