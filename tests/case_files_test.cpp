// Which cases a name on the command line means, and what arrays become before they are recorded.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/fixtures_arrays.hpp"
#include "ci/plumbline/instrument.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/npz_by_hand.hpp"
#include "tests/harness/scratch_folder.hpp"

using namespace plumbline;
using namespace plumbline::program;

namespace {

fixtures::stored_case named(const std::string& group, const std::string& name) {
  fixtures::stored_case one;
  one.group = group, one.name = name;
  one.tensors.set("x", tensor(dtype::f32, {1}));
  return one;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(case_files)

BOOST_AUTO_TEST_CASE(a_name_means_its_case_or_group_and_none_that_begins_like_it) {
  const testing::scratch_folder folder;
  for (const char* name : {"a.h5", "b#2.h5"})
    fixtures::write(folder.file(name),
                    {named("sum", "case1"), named("sum", "case10"), named("summer", "case1")}, {});
  for (const char* name : {"a.h5", "b#2.h5"}) {
    const std::string file = folder.file(name);
    const auto count = [&](const std::string& path) { return cases_named("CASE", file + path).size(); };
    BOOST_TEST(count("") == 3U);
    BOOST_TEST(count("#/sum") == 2U);
    BOOST_TEST(count("#/sum/") == 2U);
    BOOST_TEST(count("#sum/case1") == 1U);
    BOOST_CHECK_THROW(count("#/su"), bad_argument);
  }
}

BOOST_AUTO_TEST_CASE(arrays_of_one_name_in_two_folders_are_two_cases_of_the_function_that_is_said) {
  using namespace plumbline::testing;
  const scratch_folder folder;
  fixtures_request asked;
  for (const char* where : {"one", "two"}) {
    std::filesystem::create_directories(folder.file(where));
    const std::string bytes = array(header_of("<f4", "(1,)"), le(*where == 'o' ? 0x3f800000 : 0x40000000, 4));
    asked.what.push_back(folder.file(where) + "/raw.npz");
    std::ofstream(asked.what.back(), std::ios::binary) << archive("x.npy", bytes, bytes.size());
  }
  asked.options = {{"function", "summer"}, {"n", "4"}};
  const array_cases made(asked, folder.file("made"));
  BOOST_REQUIRE(made.names().size() == 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const recorded_case one = load_recorded(made.names()[i] + "#/summer/raw");
    BOOST_TEST(one.tensors.at("x").value(0) == static_cast<double>(i + 1));
    BOOST_TEST(one.options.size() == 1U);
    BOOST_TEST(made.as_given(made.names()[i] + "#/summer/raw: why") == asked.what[i] + ": why");
    BOOST_TEST(made.as_given("cannot read " + made.names()[i]) == "cannot read " + asked.what[i]);
  }
}

BOOST_AUTO_TEST_SUITE_END()
