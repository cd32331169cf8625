// What differs between two cases is named, and a case can be read as text.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "fixtures/difference.hpp"
#include "fixtures/dump.hpp"
#include "fixtures/store.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

BOOST_AUTO_TEST_SUITE(store_difference)

BOOST_AUTO_TEST_CASE(differences_name_the_tensor_the_place_and_both_values) {
  const stored_case before = sample(1);
  stored_case after = sample(1);
  after.attributes["causal"] = "0";
  after.attributes["new"] = "x";
  after.tensors.at("x").set_code(5, 0x3c00);
  after.tensors.set("y", tensor(dtype::f32, {2, 3}));

  const auto lines = differences(before, after);

  BOOST_TEST(
      lines == (std::vector<std::string>{"attribute causal was 1, is 0", "attribute new is new: x",
                                         "x: 1 of 3000 elements differ, by up to 1; first [5] was 0x1.4p-22, "
                                         "is 0x1p+0",
                                         "y is new: f32 (2, 3)"}),
      boost::test_tools::per_element());
  BOOST_TEST(differences(before, before).empty());
}

BOOST_AUTO_TEST_CASE(zeros_of_other_sign_and_other_nans_differ) {
  stored_case before = case_with("a", tensor(dtype::f32, {2})), after = before;
  before.tensors.at("x").set_code(0, 0x7fc00000);
  after.tensors.at("x").set_code(0, 0x7fc00001);
  BOOST_TEST(first_difference(before, after) ==
             "x: 1 of 2 elements differ, by up to nan; first [0] was nan(0x7fc00000), is nan(0x7fc00001)");
  after = before;
  after.tensors.at("x").set_code(1, 0x80000000);
  BOOST_TEST(first_difference(before, after) ==
             "x: 1 of 2 elements differ, by up to 0; first [1] was 0x0p+0, is -0x0p+0");
}

BOOST_AUTO_TEST_CASE(several_elements_are_counted_by_ulp_and_the_worst_are_shown) {
  stored_case before = case_with("a", tensor(dtype::bf16, {2, 4})), after = before;
  tensor &b = before.tensors.at("x"), &a = after.tensors.at("x");
  for (std::int64_t i = 0; i < 8; ++i) b.set_code(i, 0x3f80), a.set_code(i, 0x3f80);
  a.set_code(0, 0x3f81), a.set_code(1, 0x3f7f), a.set_code(2, 0x3f85), a.set_code(3, 0xbf80),
      a.set_code(6, 0x7fc0);

  const auto lines = differences(before, after);

  BOOST_REQUIRE(lines.size() == 5u);
  BOOST_TEST(lines[1] == "x: ulp: 2 by up to 1, 1 by up to 8, 1 by more, 1 to or from NaN");
  BOOST_TEST(lines[2] == "x: worst: [0, 3] was 0x1p+0, is -0x1p+0 (32512 ulp)");
  BOOST_TEST(lines[3] == "x: worst: [0, 2] was 0x1p+0, is 0x1.0ap+0 (5 ulp)");
  BOOST_TEST(lines[4].rfind("x: worst: [0, ", 0) == 0, lines[4]);
}

BOOST_AUTO_TEST_CASE(exponents_are_as_far_apart_as_their_codes) {
  stored_case before = case_with("a", tensor(dtype::e8m0, {2})), after = before;
  tensor &b = before.tensors.at("x"), &a = after.tensors.at("x");
  b.set_code(0, 127), a.set_code(0, 128);
  b.set_code(1, 130), a.set_code(1, 128);
  const auto lines = differences(before, after);
  BOOST_REQUIRE(lines.size() == 4U);
  BOOST_TEST(lines[1] == "x: ulp: 1 by up to 1, 1 by up to 2");
}

BOOST_AUTO_TEST_CASE(notes_are_compared_of_every_tensor_that_has_any_on_one_side) {
  const stored_case without = case_with("a", tensor(dtype::f32, {2}));
  stored_case with = without;
  with.tensor_attributes["x"]["unit"] = "tokens";
  BOOST_TEST(first_difference(without, with) == "x: attribute unit is new: tokens");
  BOOST_TEST(first_difference(with, without) == "x: attribute unit is gone");
}

BOOST_AUTO_TEST_CASE(dump_prints_a_case_and_diff_what_changed) {
  const scratch_folder folder;
  stored_case one = sample(1, 4);
  write(folder.file("a.h5"), {one}, {{"title", "t"}});
  one.attributes["causal"] = "0";
  write(folder.file("b.h5"), {one, case_with("more", tensor(dtype::u8, {1}))}, {{"title", "t"}});
  std::ostringstream dumped, changed, same;

  BOOST_TEST(dump(dumped, folder.file("a.h5")) == 0);
  BOOST_TEST(diff(changed, folder.file("a.h5"), folder.file("b.h5")) == 2);
  BOOST_TEST(diff(same, folder.file("a.h5"), folder.file("a.h5")) == 0);

  BOOST_TEST(dumped.str() ==
             "a.h5  sha256 " + file_hash(folder.file("a.h5")) +
                 "\n  title = t\n\nattend/sample\n  causal = 1\n  seed = 1\n  softmax_scale = 0.125\n"
                 "  x: f16 (4): 0x0p+0 0x1p-24 0x1p-23 0x1.8p-23\n");
  BOOST_TEST(changed.str() == "attend/sample: attribute causal was 1, is 0\nattend/more: new\n");
  BOOST_TEST(same.str() == "");
}

BOOST_AUTO_TEST_SUITE_END()
