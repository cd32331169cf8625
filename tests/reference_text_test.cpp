// Keys and values of one line.
#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <locale>

#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"

using namespace plumbline;

namespace {

double through_text(double x) {
  keyed_text text;
  text.put("x", x, std::bit_cast<double>(~std::bit_cast<std::uint64_t>(x)));
  return keyed_text(text.str()).real("x", 0);
}

bool refuses(std::string_view line, std::string_view argument) {
  try {
    const keyed_text text(line);
    text.integer("i", 0);
    text.flag("f", false);
    text.real("r", 0);
    text.list("l", {});
    text.require_all_read();
  } catch (const bad_argument& e) {
    return e.argument() == argument && std::string(e.what()).find('\n') == std::string::npos;
  }
  return false;
}

struct german : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(keyed_texts)

BOOST_AUTO_TEST_CASE(reals_read_back_bit_for_bit) {
  random_stream random(1, "reals");
  for (int n = 0; n < 100000; ++n) {
    const double x = std::bit_cast<double>(random.bits64());
    if (!std::isnan(x))
      BOOST_TEST_REQUIRE(std::bit_cast<std::uint64_t>(through_text(x)) == std::bit_cast<std::uint64_t>(x));
  }
  for (double x :
       {0.0, -0.0, 5e-324, 0.1, std::numeric_limits<double>::max(), std::numeric_limits<double>::infinity()})
    BOOST_TEST(std::bit_cast<std::uint64_t>(through_text(x)) == std::bit_cast<std::uint64_t>(x));
  BOOST_TEST(std::isnan(through_text(std::nan(""))));
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_refused_with_those_that_are_known) {
  const keyed_text text("b=1,heads=2");
  text.integer("b", 0), text.integer("hq", 0);

  BOOST_CHECK_EXCEPTION(text.require_all_read(), bad_argument, [](const bad_argument& e) {
    return std::string(e.what()) == "heads: no such key; expected one of b, hq";
  });
}

BOOST_AUTO_TEST_CASE(the_locale_does_not_matter) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new german));
  keyed_text text;
  text.put("x", 1234567.25, 0.0);
  text.put("n", std::int64_t{1234567}, 0);
  const std::string line = text.str();
  const double x = keyed_text(line).real("x", 0);
  std::locale::global(before);

  BOOST_TEST(line == "x=1234567.25,n=1234567");
  BOOST_TEST(x == 1234567.25);
}

BOOST_AUTO_TEST_CASE(defaults_are_left_out_and_filled_in) {
  keyed_text text;
  text.put("b", std::int64_t{4}, 4);
  text.put_flag("causal", true, false);
  text.put_word("dtype", "bf16", "bf16");
  text.put_list("lengths", {3, 0, 12});
  text.put_list("none", {});

  BOOST_TEST(text.str() == "causal=1,lengths=3/0/12");
  const keyed_text read(text.str());
  BOOST_TEST(read.integer("b", 4) == 4);
  BOOST_TEST(read.flag("causal", false));
  BOOST_TEST((read.list("lengths", {}) == std::vector<std::int64_t>{3, 0, 12}));
  read.require_all_read();
}

BOOST_AUTO_TEST_CASE(a_default_is_recognised_by_its_bits) {
  keyed_text text;
  text.put("zero", -0.0, 0.0);
  text.put("none", std::nan(""), std::nan(""));

  BOOST_TEST(text.str() == "zero=-0");
}

BOOST_AUTO_TEST_CASE(malformed_lines_are_refused_by_name) {
  BOOST_TEST(refuses("i", "i"));
  BOOST_TEST(refuses("i=", "i="));
  BOOST_TEST(refuses("=3", "=3"));
  BOOST_TEST(refuses("i=3,", "i=3,"));
  BOOST_TEST(refuses("i=3,,f=1", ""));
  BOOST_TEST(refuses("i=3,i=3", "i"));
  BOOST_TEST(refuses("i=3x", "i"));
  BOOST_TEST(refuses("i= 3", "i"));
  BOOST_TEST(refuses("i=9223372036854775808", "i"));
  BOOST_TEST(refuses("f=2", "f"));
  BOOST_TEST(refuses("f=true", "f"));
  BOOST_TEST(refuses("r=1,5", "5"));
  BOOST_TEST(refuses("r=one", "r"));
  BOOST_TEST(refuses("l=1//2", "l"));
  BOOST_TEST(refuses("l=1/", "l"));
  BOOST_TEST(refuses("i=3,stranger=1", "stranger"));
  BOOST_TEST(!refuses("", ""));
  BOOST_TEST(!refuses("i=-3,f=1,r=1e-3,l=1/2", ""));
}

BOOST_AUTO_TEST_CASE(one_thing_is_not_several) {
  BOOST_TEST(counted(1, "case") == "1 case");
  BOOST_TEST(counted(0, "case") == "0 cases");
  BOOST_TEST(counted(std::size_t{12}, "byte") == "12 bytes");
  BOOST_TEST(counted(1, "try", "tries") == "1 try");
  BOOST_TEST(counted(2, "try", "tries") == "2 tries");
}

BOOST_AUTO_TEST_CASE(a_word_that_would_break_the_line_is_refused) {
  keyed_text text;
  BOOST_CHECK_THROW(text.put_word("w", "a,b", ""), bad_argument);
  BOOST_CHECK_THROW(text.put_word("w", "a=b", ""), bad_argument);
  BOOST_CHECK_THROW(text.put_word("w", "", "x"), bad_argument);
}

BOOST_AUTO_TEST_SUITE_END()
