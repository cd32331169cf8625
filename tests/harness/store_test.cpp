// The store keeps what it is given, bit for bit, and a failed or killed write costs nothing.
#include "fixtures/store.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "fixtures/attribute_text.hpp"
#include "fixtures/difference.hpp"
#include "fixtures/dump.hpp"
#include "fixtures/trial.hpp"
#include "tests/harness/scratch_folder.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using plumbline::testing::scratch_folder;

namespace {

tensor all_codes(dtype type, std::int64_t count) {
  tensor out(type, {count});
  for (std::int64_t i = 0; i < count; ++i)
    out.set_code(i, static_cast<std::uint64_t>(i) * (size_of(type) == 8   ? 0x9e3779b97f4a7c15ull
                                                     : size_of(type) == 4 ? 0x9e3779b9ull & 0xffffffffull
                                                                          : 1ull) &
                        (size_of(type) == 8 ? ~0ull : (1ull << (8 * size_of(type))) - 1));
  return out;
}

stored_case case_with(std::string name, tensor value) {
  stored_case out;
  out.group = "attend";
  out.name = std::move(name);
  out.tensors.set("x", std::move(value));
  return out;
}

stored_case round_trip(const stored_case& one) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {one}, {});
  return read(folder.file("a.h5"), {one.group, one.name});
}

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

stored_case sample(int seed, std::int64_t size = 3000) {
  stored_case out = case_with("sample", all_codes(dtype::f16, size));
  out.attributes = {{"causal", "1"}, {"softmax_scale", "0.125"}, {"seed", std::to_string(seed)}};
  return out;
}

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const store_error& error) {
    return error.what();
  }
  return "nothing was refused";
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
                                                   {"licence_text", std::string(20000, 'x')}};
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
  stored_case long_text = sample(1);
  long_text.attributes["note"] = std::string(70000, 'x');
  refused({long_text}, "/attend/sample@note: cannot write it");
  stored_case wrong = sample(1);
  wrong.tensor_attributes["x"] = {{"dtype", "f32"}};
  refused({wrong}, "a tensor of f16 cannot be stored as f32");
  stored_case orphan = sample(1);
  orphan.tensor_attributes["y"] = {{"axes", "row"}};
  refused({orphan}, "attributes of y, which is not there");
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file_and_nothing_beside_it) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(1)}, {});
  const std::string before = bytes_of(folder.file("a.h5"));
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1024, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = refusal([&] { write(folder.file("a.h5"), {sample(2)}, {}); });
  ::setrlimit(RLIMIT_FSIZE, &old);

  BOOST_TEST(message.find("a.h5: cannot write: ") != std::string::npos, message);
  BOOST_TEST((bytes_of(folder.file("a.h5")) == before));
  BOOST_TEST(folder.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named) {
  const scratch_folder folder;
  const std::string message = refusal([&] { write(folder.file("no/such/a.h5"), {sample(1)}, {}); });
  BOOST_TEST(message.find("no/such/a.h5: cannot write in its folder: No such file or directory") !=
                 std::string::npos,
             message);
}

BOOST_AUTO_TEST_CASE(a_writer_killed_at_any_moment_leaves_a_whole_file) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(0)}, {});
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int seed = 1;; ++seed) write(folder.file("a.h5"), {sample(seed)}, {});
    }
    ::usleep(static_cast<useconds_t>(1000 + 1700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);

    const stored_case found = read(folder.file("a.h5"), {"attend", "sample"});

    BOOST_TEST(same_elements(found.tensors.at("x"), sample(0).tensors.at("x")));
  }
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused_in_one_line) {
  const scratch_folder folder;
  write(folder.file("whole.h5"), {sample(1)}, {});
  const std::string bytes = bytes_of(folder.file("whole.h5"));
  for (std::size_t size = 0; size < bytes.size(); size += size < 600 ? 37 : 211) {
    std::ofstream(folder.file("cut.h5"), std::ios::binary) << bytes.substr(0, size);

    const std::string message = refusal([&] { read(folder.file("cut.h5"), {"attend", "sample"}); });

    BOOST_TEST_CONTEXT(size) {
      BOOST_TEST(message.find("cut.h5: ") != std::string::npos, message);
      BOOST_TEST(message.find('\n') == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_changed_signature_is_not_hdf5) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(1)}, {});
  std::string bytes = bytes_of(folder.file("a.h5"));
  bytes[1] = 'X';
  std::ofstream(folder.file("a.h5"), std::ios::binary) << bytes;
  BOOST_TEST(refusal([&] { list(folder.file("a.h5")); }) == folder.file("a.h5") + ": not an HDF5 file");
}

BOOST_AUTO_TEST_CASE(a_reader_that_crashes_is_a_damaged_file_and_costs_nothing_else) {
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { ::raise(SIGKILL); }); }) ==
             "f.h5: damaged: reading it crashes HDF5 (signal 9)");
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { throw store_error("f.h5: /a: why"); }); }) ==
             "f.h5: /a: why");
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { throw std::bad_alloc(); }); }) ==
             "f.h5: std::bad_alloc");
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] {}); }) == "nothing was refused");
}

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

BOOST_AUTO_TEST_CASE(dump_prints_a_case_and_diff_what_changed) {
  const scratch_folder folder;
  stored_case one = sample(1, 4);
  write(folder.file("a.h5"), {one}, {{"title", "t"}});
  one.attributes["causal"] = "0";
  write(folder.file("b.h5"), {one, case_with("more", tensor(dtype::u8, {1}))}, {{"title", "t"}});
  std::ostringstream dumped, changed, same;

  BOOST_TEST(dump(dumped, folder.file("a.h5")) == 1);
  BOOST_TEST(diff(changed, folder.file("a.h5"), folder.file("b.h5")) == 2);
  BOOST_TEST(diff(same, folder.file("a.h5"), folder.file("a.h5")) == 0);

  BOOST_TEST(dumped.str() ==
             folder.file("a.h5") + "  sha256 " + file_hash(folder.file("a.h5")) +
                 "\n  title = t\n\nattend/sample\n  causal = 1\n  seed = 1\n  softmax_scale = 0.125\n"
                 "  x: f16 (4): 0x0p+0 0x1p-24 0x1p-23 0x1.8p-23\n");
  BOOST_TEST(changed.str() == "attend/sample: attribute causal was 1, is 0\nattend/more: new\n");
  BOOST_TEST(same.str() == "");
}

BOOST_AUTO_TEST_SUITE_END()
