// The plot of a bisection: where numbers stand, what stands beside them, and that any subject leaves it XML.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/plot_axis.hpp"
#include "tests/well_formed.hpp"

using namespace plumbline::program;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string hash(std::size_t i) { return std::to_string(100 + i) + "abcd" + std::string(33, '0'); }

/// Of a range of commits of which those with a number in `values` were visited; NaN: without a number.
bisect_report report(const std::map<std::size_t, double>& values, std::size_t commits, double threshold) {
  bisect_report r;
  r.plan.metric = "rms", r.plan.row = "fake.sum/good", r.plan.threshold = threshold;
  r.case_text = "fake.sum/good:n=4";
  for (std::size_t i = 0; i < commits; ++i) r.range.push_back(hash(i));
  for (const auto& [index, value] : values) {
    visited_commit v;
    v.commit = hash(index), v.subject = "number " + std::to_string(index), v.index = index;
    if (!std::isnan(value)) v.what.runs = {{{"rms", value}}};
    v.side = side_of(v.what, "rms", threshold);
    r.visited.push_back(v);
  }
  return r;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
  return n;
}

bool has(const std::string& text, const std::string& part) { return count(text, part) > 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(bisect_plot)

BOOST_AUTO_TEST_CASE(an_axis_has_round_ticks_that_hold_all_numbers) {
  const std::vector<std::vector<double>> sets = {{0.25, 3.25}, {0.412, 0.447}, {1, 1},
                                                 {0, 0},       {0, 5},         {1e-9, 4e6},
                                                 {},           {infinity},     {1e17, 1e17 + 16},
                                                 {1e-310, 2},  {3, infinity},  {1e-99, 1e308},
                                                 {0.1, 1},     {7, 69.99, 12}};
  for (const auto& numbers : sets) BOOST_TEST_CONTEXT("set " << &numbers - sets.data()) {
      const plot_axis axis(numbers);
      const std::vector<double>& ticks = axis.ticks();
      BOOST_TEST((ticks.size() >= 2 && ticks.size() <= 12), ticks.size());
      for (std::size_t i = 1; i < ticks.size(); ++i) {
        BOOST_TEST(ticks[i - 1] < ticks[i]);
        BOOST_TEST(axis.share(ticks[i - 1]) < axis.share(ticks[i]));
        BOOST_TEST(plot_axis::label(ticks[i - 1]) != plot_axis::label(ticks[i]));
      }
      BOOST_TEST(axis.share(ticks.front()) == 0);
      BOOST_TEST(axis.share(ticks.back()) == 1);
      for (const double x : numbers) {
        BOOST_TEST((axis.share(x) >= 0 && axis.share(x) <= 1));
        if (std::isfinite(x) && x < 1e100)
          BOOST_TEST(((ticks.front() <= x && x <= ticks.back()) || x < 1e-100));
      }
    }
  const std::vector<double> ones = {0.25, 0.5}, decades = {0.2, 30};
  BOOST_TEST(!plot_axis(ones).logarithmic());
  BOOST_TEST(plot_axis(decades).logarithmic());
  const std::vector<double> expected = {0.1, 1, 10, 100};
  BOOST_TEST(plot_axis(decades).ticks() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(commits_stand_in_the_order_of_history_with_their_hashes) {
  bisect_report r = report({{0, 0.25}, {4, 0.25}, {5, 3.25}, {9, 3.25}}, 10, 0.9);
  r.first_bad = hash(5);
  const std::string svg = svg_of(r);
  BOOST_TEST(well_formed(svg));
  for (const std::size_t i : {0, 4, 5, 9}) BOOST_TEST(has(svg, ">" + hash(i).substr(0, 7) + "</text>"));
  BOOST_TEST(svg.find(">" + hash(4).substr(0, 7)) < svg.find(">" + hash(5).substr(0, 7)));
  BOOST_TEST(count(svg, ">+3</text>") == 2);
  BOOST_TEST(has(svg, ">first bad: " + hash(5).substr(0, 7) + "</text>"));
  BOOST_TEST(has(svg, ">rms of fake.sum/good</text>"));
  BOOST_TEST(has(svg, ">fake.sum/good:n=4</text>"));
  BOOST_TEST(has(svg, ">bad is above</text>"));
  BOOST_TEST(has(svg, ">0.9</text>"));
  BOOST_TEST(count(svg, "class=\"tick\"") >= 3);
  BOOST_TEST(has(svg, "rms (logarithmic)"));
  BOOST_TEST(!has(svg_of(report({{0, 0.25}, {1, 0.5}}, 2, 0.35)), "(logarithmic)"));
}

BOOST_AUTO_TEST_CASE(many_commits_are_drawn_with_fewer_hashes_and_the_first_bad_one_among_them) {
  std::map<std::size_t, double> all;
  for (std::size_t i = 0; i < 200; ++i) all[i] = i < 101 ? 1 : 2;
  bisect_report r = report(all, 200, 1.5);
  r.first_bad = hash(101);
  const std::string svg = svg_of(r);
  BOOST_TEST(count(svg, "<circle") == 200);
  BOOST_TEST(count(svg, "class=\"commit\"") < 60);
  BOOST_TEST(count(svg, "class=\"commit\"") > 20);
  BOOST_TEST(has(svg, ">" + hash(101).substr(0, 7) + "</text>"));
}

BOOST_AUTO_TEST_CASE(numbers_that_have_no_place_are_shown_beside_the_axis) {
  const std::string svg = svg_of(report({{0, 0.25}, {1, std::nan("")}, {2, infinity}}, 3, infinity));
  BOOST_TEST(well_formed(svg));
  BOOST_TEST(count(svg, "<circle") == 3);
  BOOST_TEST(has(svg, ">no number</text>"));
  BOOST_TEST(!has(svg, "nan"));
  BOOST_TEST(!has(svg, "\"inf"));
  BOOST_TEST(!has(svg, ">bad is above</text>"));
  const std::string equal = svg_of(report({{0, 0.25}, {1, 0.25}}, 2, std::nan("")));
  BOOST_TEST(count(equal, "class=\"between\"") == 2);
  BOOST_TEST(!has(equal, ">bad is above</text>"));
}

BOOST_AUTO_TEST_CASE(whatever_a_commit_is_called_the_plot_is_xml) {
  bisect_report r = report({{0, 0.25}, {1, 3.25}}, 2, 1);
  r.visited[0].subject = "a < b && \"c\" > \x01\x1b[31m";
  r.visited[1].subject = "latin \xe9, cut \xe2\x82";
  r.case_text = std::string(200, '<') + ".h5#/x";
  const std::string svg = svg_of(r);
  BOOST_TEST(well_formed(svg));
  for (const char c : svg) BOOST_TEST_REQUIRE((static_cast<unsigned char>(c) >= ' ' || c == '\n'));
  BOOST_TEST(!has(svg, "\xe9"));
  BOOST_TEST(has(svg, "a &lt; b &amp;&amp; &quot;c&quot; &gt;"));
}

BOOST_AUTO_TEST_SUITE_END()
