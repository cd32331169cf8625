// The store keeps what it is given, bit for bit.
#include "fixtures/store.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "fixtures/attribute_text.hpp"
#include "fixtures/difference.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

namespace {

stored_case round_trip(const stored_case& one) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {one}, {});
  return read(folder.file("a.h5"), {one.group, one.name});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store)

BOOST_AUTO_TEST_CASE(every_dtype_comes_back_bit_for_bit) {
  for (int i = 0; i <= static_cast<int>(dtype::u8); ++i) {
    const auto type = static_cast<dtype>(i);
    const stored_case before = case_with("a", all_codes(type, 70000));

    const stored_case after = round_trip(before);

    BOOST_TEST_CONTEXT(name_of(type)) {
      BOOST_TEST((after.tensors.at("x").type() == type));
      BOOST_TEST(same_elements(before.tensors.at("x"), after.tensors.at("x")));
      BOOST_TEST(first_difference(before, after) == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(shapes_without_elements_scalars_and_six_axes_come_back) {
  const std::vector<std::vector<std::int64_t>> shapes = {{}, {0}, {3, 0, 2}, {1}, {1, 2, 1, 3, 1, 2}};
  for (const auto& shape : shapes) {
    const stored_case before = case_with("a", tensor(dtype::bf16, shape));

    const stored_case after = round_trip(before);

    const auto found = after.tensors.at("x").shape();
    BOOST_TEST(std::vector<std::int64_t>(found.begin(), found.end()) == shape,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_strided_tensor_is_stored_dense) {
  tensor gapped(dtype::i32, {2, 3}, {1, 4});
  for (std::int64_t i = 0; i < 2; ++i)
    for (std::int64_t j = 0; j < 3; ++j)
      gapped.set_value(gapped.offset(std::vector{i, j}), double(10 * i + j));

  const stored_case after = round_trip(case_with("a", gapped));

  BOOST_TEST(after.tensors.at("x").dense());
  BOOST_TEST(after.tensors.at("x").values() == (std::vector<double>{0, 1, 2, 10, 11, 12}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(attributes_come_back_as_the_same_text) {
  stored_case before = case_with("a", tensor(dtype::u8, {1}));
  for (const char* text : {"",
                           "0",
                           "-7",
                           "2147483648",
                           "-9223372036854775808",
                           "18446744073709551615",
                           "18446744073709551616",
                           "007",
                           "-0",
                           "0.1",
                           "0.0",
                           "-0.0",
                           "1e+30",
                           "2.10",
                           "1e5",
                           "inf",
                           "-inf",
                           "nan",
                           "bf16",
                           "two\nlines",
                           " padded ",
                           "1/2/3",
                           "caf\xc3\xa9",
                           "0251105a2fb19d2957484b7f023cd8c115286ced",
                           "1234567890123456789012345678901234567890"})
    before.attributes["key " + std::to_string(before.attributes.size())] = text;

  const stored_case after = round_trip(before);

  BOOST_TEST(after.attributes.size() == before.attributes.size());
  for (const auto& [key, text] : before.attributes) BOOST_TEST(after.attributes.at(key) == text);
}

BOOST_AUTO_TEST_CASE(reals_keep_their_bits_however_many_digits_they_were_printed_with) {
  for (const double value : {0.1, 1.0 / 3, 0x1p-1074, 1.7976931348623157e308, 123456789.0, 1e22}) {
    char seventeen[40];
    std::snprintf(seventeen, sizeof seventeen, "%.17g", value);
    stored_case before = case_with("a", tensor(dtype::u8, {1}));
    before.attributes = {{"short", text_of(value)}, {"long", seventeen}};

    const stored_case after = round_trip(before);

    BOOST_TEST(std::strtod(after.attributes.at("short").c_str(), nullptr) == value);
    BOOST_TEST(std::strtod(after.attributes.at("long").c_str(), nullptr) == value);
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_exactly_a_number_stays_text) {
  for (const char* text : {"007", "2.10", "1e5", "+1", "0x10", "1 ", "", "4ba787ec9", "18446744073709551616"})
    BOOST_TEST(std::holds_alternative<std::string>(attribute_from_text(text)), text);
  BOOST_TEST(std::get<std::int64_t>(attribute_from_text("-7")) == -7);
  BOOST_TEST(std::get<std::uint64_t>(attribute_from_text("18446744073709551615")) == ~0ull);
  BOOST_TEST(std::get<double>(attribute_from_text("0.125")) == 0.125);
}

BOOST_AUTO_TEST_CASE(narrow_and_wide_integers_keep_the_name_of_their_format) {
  for (const char* name : {"i16", "i64", "u16", "u32", "u64"}) {
    stored_case before = case_with("a", tensor(dtype::i32, {2}));
    before.tensors.at("x").set_value(1, 100);
    before.tensor_attributes["x"] = {{"dtype", name}, {"axes", "row"}};

    const stored_case after = round_trip(before);

    BOOST_TEST(after.tensors.at("x").value(1) == 100);
    BOOST_TEST(after.tensor_attributes.at("x").at("dtype") == name);
    BOOST_TEST(after.tensor_attributes.at("x").at("axes") == "row");
  }
  stored_case flags = case_with("a", tensor(dtype::u8, {2}));
  flags.tensor_attributes["x"] = {{"dtype", "bool"}};
  BOOST_TEST(round_trip(flags).tensor_attributes.at("x").at("dtype") == "bool");
}

BOOST_AUTO_TEST_CASE(signed_bytes_are_a_format_of_their_own) {
  stored_case before = case_with("a", tensor(dtype::i8, {2}));
  before.tensors.at("x").set_value(0, -128);
  before.tensors.at("x").set_value(1, 127);

  const stored_case after = round_trip(before);

  BOOST_TEST(same_elements(after.tensors.at("x"), before.tensors.at("x")));
}

BOOST_AUTO_TEST_CASE(a_value_that_its_format_cannot_hold_is_seen_when_the_file_is_read_back) {
  const scratch_folder folder;
  stored_case before = case_with("a", tensor(dtype::i32, {2}));
  before.tensors.at("x").set_value(1, 70000);
  before.tensor_attributes["x"] = {{"dtype", "i16"}};

  const std::string message = refusal([&] { write(folder.file("a.h5"), {before}, {}); });

  BOOST_TEST(message.find("/attend/a: read back differently: x: 1 of 2 elements differ") != std::string::npos,
             message);
  BOOST_TEST(folder.entries() == 0u);
}

BOOST_AUTO_TEST_CASE(cases_and_tensors_come_back_in_the_order_they_were_written) {
  const scratch_folder folder;
  std::vector<stored_case> cases;
  for (const char* name : {"zebra", "apple", "mango"})
    cases.push_back(case_with(name, tensor(dtype::f32, {1})));
  cases[0].tensors.set("a", tensor(dtype::f32, {1}));
  cases[2].group = "append";
  write(folder.file("a.h5"), cases, {});

  const auto found = list(folder.file("a.h5"));

  BOOST_TEST((found.size() == 3 && found[0].name == "zebra" && found[1].name == "apple" &&
              found[2].group == "append"));
  std::string order;
  for (const auto& [name, value] : read(folder.file("a.h5"), found[0]).tensors) order += name;
  BOOST_TEST(order == "xa");
}

BOOST_AUTO_TEST_CASE(the_same_cases_give_the_same_bytes) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(1)}, {{"title", "t"}});
  const std::string first = file_hash(folder.file("a.h5"));
  ::sleep(1);  // a time stamp would show
  write(folder.file("another name.h5"), {sample(1)}, {{"title", "t"}});
  BOOST_TEST(file_hash(folder.file("another name.h5")) == first);

  write(folder.file("a.h5"), {sample(2)}, {{"title", "t"}});
  BOOST_TEST(file_hash(folder.file("a.h5")) != first);
}

BOOST_AUTO_TEST_CASE(root_attributes_come_back) {
  const scratch_folder folder;
  const std::map<std::string, std::string> root = {{"licence", "Apache-2.0"},
                                                   {"licence_text", std::string(70000, 'x')}};
  write(folder.file("a.h5"), {sample(1)}, root);
  BOOST_TEST((root_attributes(folder.file("a.h5")) == root));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_stored_is_refused_by_name) {
  const scratch_folder folder;
  const auto refused = [&](std::vector<stored_case> cases, const std::string& reason) {
    const std::string message = refusal([&] { write(folder.file("a.h5"), cases, {}); });
    BOOST_TEST(message.find(reason) != std::string::npos, message);
    BOOST_TEST(folder.entries() == 0u);
  };
  refused({}, "there is no case to write");
  refused({sample(1), sample(2)}, "/attend/sample: the same case twice");
  refused({case_with("a/b", tensor(dtype::u8, {1}))}, "expected /<function>/<case>");
  refused({case_with("", tensor(dtype::u8, {1}))}, "expected /<function>/<case>");
  stored_case zero = sample(1);
  zero.attributes["note"] = std::string("a\0b", 3);
  refused({zero}, "attribute note holds a zero byte");
  stored_case wrong = sample(1);
  wrong.tensor_attributes["x"] = {{"dtype", "f32"}};
  refused({wrong}, "a tensor of f16 cannot be stored as f32");
  stored_case orphan = sample(1);
  orphan.tensor_attributes["y"] = {{"axes", "row"}};
  refused({orphan}, "attributes of y, which is not there");
}

BOOST_AUTO_TEST_SUITE_END()
