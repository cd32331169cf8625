#include <boost/test/unit_test.hpp>

#include "properties/case_spec.hpp"
#include "reference/core/keyed_text.hpp"

using plumbline::bad_argument;
using plumbline::case_spec;

namespace {

case_spec full() {
  case_spec c;
  c.op = "flash_decode";
  c.function = "attend";
  c.variant = "split";
  c.problem = "b=4,sq=1";
  c.regime = "peaked";
  c.seed = 18446744073709551615u;
  c.executor = "gpu";
  c.schedule = "random:7";
  c.os_threads = 3;
  return c;
}

auto names(const std::string& argument) {
  return [argument](const bad_argument& why) {
    BOOST_TEST_INFO(why.what());
    return why.argument() == argument;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(case_text)

BOOST_AUTO_TEST_CASE(a_case_reads_back_as_it_was_printed) {
  const case_spec c = full();

  const case_spec again = case_spec::parse(c.str());

  BOOST_TEST((again == c));
  BOOST_TEST(
      c.str() ==
      "plumbline1:flash_decode.attend/split:b=4,sq=1;regime=peaked;seed=18446744073709551615;executor=gpu;"
      "schedule=random:7;os_threads=3");
}

BOOST_AUTO_TEST_CASE(a_recorded_case_has_a_file_in_place_of_a_seed) {
  case_spec c;
  c.op = "flash_decode";
  c.function = "append";
  c.recorded = "smollm2.h5#/append/layer17";

  BOOST_TEST(c.str() == "plumbline1:flash_decode.append:;recorded=smollm2.h5#/append/layer17");
  BOOST_TEST((case_spec::parse(c.str()) == c));
}

BOOST_AUTO_TEST_CASE(the_short_form_leaves_the_function_to_the_operator) {
  const case_spec c = case_spec::parse("flash_decode:b=4,sq=2;regime=flat;seed=7");

  BOOST_TEST(c.op == "flash_decode");
  BOOST_TEST(c.function == "");
  BOOST_TEST(c.variant == "");
  BOOST_TEST(c.problem == "b=4,sq=2");
  BOOST_TEST(c.regime == "flat");
  BOOST_TEST(c.seed == 7u);
}

BOOST_AUTO_TEST_CASE(another_version_is_refused_by_name) {
  BOOST_CHECK_EXCEPTION(case_spec::parse("plumbline2:flash_decode.attend:b=1;seed=1"), bad_argument,
                        names("case version"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("plumblineX:flash_decode.attend:b=1;seed=1"), bad_argument,
                        names("case version"));
}

BOOST_AUTO_TEST_CASE(malformed_text_is_refused_by_the_name_of_its_part) {
  BOOST_CHECK_EXCEPTION(case_spec::parse(""), bad_argument, names("case"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode"), bad_argument, names("case"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("plumbline1:flash_decode:b=1"), bad_argument, names("case"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("plumbline1:flash decode.attend:b=1"), bad_argument, names("case"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode:b=1;seed=x"), bad_argument, names("seed"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode:b=1;seed=-1"), bad_argument, names("seed"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode:b=1;seed=1;seed=2"), bad_argument, names("seed"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode:b=1;colour=red"), bad_argument, names("colour"));
  for (const char* field : {"seed", "regime"})
    for (const std::string before : {"", "b=1,"})
      BOOST_CHECK_EXCEPTION(
          case_spec::parse("flash_decode:" + before + field + "=1"), bad_argument,
          [&](const bad_argument& e) {
            return std::string(e.what()).find(std::string(field) + ": expected behind a ';'") == 0;
          });
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode:b=1;regime="), bad_argument, names("case"));
  BOOST_CHECK_EXCEPTION(case_spec::parse("flash_decode:b=1;os_threads=many"), bad_argument,
                        names("os_threads"));
}

BOOST_AUTO_TEST_SUITE_END()
