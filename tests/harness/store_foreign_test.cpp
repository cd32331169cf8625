// Files that other programs wrote: read where they leave no doubt, refused in one line where they do.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "fixtures/store.hpp"
#include "tests/harness/foreign_file.hpp"
#include "tests/harness/scratch_folder.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using plumbline::testing::foreign_file;
using plumbline::testing::scratch_folder;

namespace {

/// A file with the case /attend/a that `fill` completes.
template <class Fill>
stored_case read_foreign(Fill fill) {
  const scratch_folder folder;
  {
    foreign_file file(folder.file("f.h5"));
    file.group("/attend/a");
    fill(file);
  }
  return read(folder.file("f.h5"), {"attend", "a"});
}

template <class Fill>
void refused(const std::string& reason, Fill fill) {
  std::string message = "nothing was refused";
  try {
    read_foreign(fill);
  } catch (const store_error& error) {
    message = error.what();
  }
  BOOST_TEST(message.find(reason) != std::string::npos, "expected \"" + reason + "\" in: " + message);
  BOOST_TEST(message.find('\n') == std::string::npos);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_foreign)

BOOST_AUTO_TEST_CASE(two_byte_floats_are_known_by_their_fields) {
  const std::uint16_t codes[] = {0x3c00, 0x8001, 0x7e01, 0xfc00};
  const stored_case found = read_foreign([&](foreign_file& file) {
    file.dataset("/attend/a/half", "half", codes, 4);
    file.dataset("/attend/a/brain", "bf16_float", codes, 4);
    file.dataset("/attend/a/named", "half", codes, 4);
    file.text("/attend/a/named", "dtype", "f16", false);
  });

  for (const char* name : {"half", "brain", "named"}) {
    BOOST_TEST((found.tensors.at(name).type() == (std::string(name) == "brain" ? dtype::bf16 : dtype::f16)));
    for (std::int64_t i = 0; i < 4; ++i) BOOST_TEST(found.tensors.at(name).code(i) == codes[i]);
  }
}

BOOST_AUTO_TEST_CASE(sixteen_bit_integers_with_a_dtype_are_bits_signed_or_not) {
  const std::uint16_t codes[] = {0x3f80, 0xc000};
  const stored_case found = read_foreign([&](foreign_file& file) {
    for (const char* type : {"int16", "uint16"}) {
      const std::string path = std::string("/attend/a/") + type;
      file.dataset(path, type, codes, 2);
      file.text(path, "dtype", "bf16", true);
    }
  });

  for (const char* name : {"int16", "uint16"}) {
    BOOST_TEST(found.tensors.at(name).value(0) == 1);
    BOOST_TEST(found.tensors.at(name).value(1) == -2);
  }
}

BOOST_AUTO_TEST_CASE(without_a_dtype_the_type_in_the_file_decides) {
  const double reals[] = {0.1, -2};
  const std::int64_t wide[] = {-5, 2147483647};
  const std::int8_t flags[] = {0, 1};
  const stored_case found = read_foreign([&](foreign_file& file) {
    file.dataset("/attend/a/f64", "double", reals, 2);
    file.dataset("/attend/a/i32", "int64", wide, 2);
    file.dataset("/attend/a/bool", "bool_enum", flags, 2);
    file.dataset("/attend/a/scalar", "double", reals, 1, 0);
  });

  BOOST_TEST(found.tensors.at("f64").value(0) == 0.1);
  BOOST_TEST((found.tensors.at("i32").type() == dtype::i32));
  BOOST_TEST(found.tensors.at("i32").value(1) == 2147483647);
  BOOST_TEST((found.tensors.at("bool").type() == dtype::u8));
  BOOST_TEST(found.tensors.at("bool").value(1) == 1);
  BOOST_TEST(found.tensors.at("scalar").rank() == 0);
}

BOOST_AUTO_TEST_CASE(the_other_byte_order_gives_the_same_values) {
  const std::uint32_t swapped[] = {0x0000c03f};
  const std::uint16_t half[] = {0x003c};
  const stored_case found = read_foreign([&](foreign_file& file) {
    file.dataset("/attend/a/f", "float_be", swapped, 1);
    file.dataset("/attend/a/h", "half_be", half, 1);
  });

  BOOST_TEST(found.tensors.at("f").value(0) == 1.5);
  BOOST_TEST(found.tensors.at("h").value(0) == 1.0);
}

BOOST_AUTO_TEST_CASE(attributes_of_any_width_and_either_kind_of_string_are_read) {
  const std::int64_t wide = -5000000000;
  const std::uint16_t half[] = {0x3e00};
  const std::int8_t truth = 1;
  const double list_of[] = {1, 2.5, 3};
  const stored_case found = read_foreign([&](foreign_file& file) {
    file.text("/attend/a", "fixed", "bf16", false);
    file.text("/attend/a", "variable", "a b", true);
    file.number("/attend/a", "wide", "int64", &wide);
    file.number("/attend/a", "half", "half", half);
    file.number("/attend/a", "flag", "bool_enum", &truth);
    file.number("/attend/a", "list", "double", list_of, 3);
  });

  const std::map<std::string, std::string> expected = {{"fixed", "bf16"},       {"variable", "a b"},
                                                       {"wide", "-5000000000"}, {"half", "1.5"},
                                                       {"flag", "1"},           {"list", "1.0/2.5/3.0"}};
  BOOST_TEST((found.attributes == expected));
}

BOOST_AUTO_TEST_CASE(ambiguous_or_contradictory_datasets_are_refused) {
  const std::uint16_t codes[] = {1, 2, 3, 4};
  const std::int64_t large[] = {2147483648}, low[] = {-2147483649};
  const auto with_dtype = [&](const char* type, const char* name) {
    return [&codes, type, name](foreign_file& file) {
      file.dataset("/attend/a/q", type, codes, 1);
      file.text("/attend/a/q", "dtype", name, false);
    };
  };
  refused("/attend/a/q: 2-byte integers need the attribute dtype",
          [&](foreign_file& file) { file.dataset("/attend/a/q", "uint16", codes, 4); });
  refused("/attend/a/q: unknown dtype e2m1", with_dtype("uint16", "e2m1"));
  refused("/attend/a/q: dtype says bf16, the dataset holds 8-byte floats", with_dtype("double", "bf16"));
  refused("/attend/a/q: dtype says bf16, the dataset holds 2-byte floats (5 exponent bits, 10 fraction bits)",
          with_dtype("half", "bf16"));
  refused("/attend/a/q: dtype says e4m3, the dataset holds 2-byte signed integers",
          with_dtype("int16", "e4m3"));
  refused("/attend/a/q: dtype says i32, the dataset holds 2-byte floats", with_dtype("half", "i32"));
  refused("/attend/a/q: the value 2147483648 does not fit 32 bits",
          [&](foreign_file& file) { file.dataset("/attend/a/q", "int64", large, 1); });
  refused("/attend/a/q: the value -2147483649 does not fit 32 bits",
          [&](foreign_file& file) { file.dataset("/attend/a/q", "int64", low, 1); });
  refused("/attend/a/q: expected numbers of a known format, found neither integers nor floats",
          [&](foreign_file& file) { file.dataset("/attend/a/q", "string", codes, 2); });
  refused("/attend/a@x: an attribute that is neither text nor a number is not supported",
          [&](foreign_file& file) { file.number("/attend/a", "x", "compound", codes); });
}

BOOST_AUTO_TEST_CASE(a_bool_is_zero_or_one) {
  const std::int8_t flags[] = {0, 2};
  refused("/attend/a/m: expected 0 and 1 alone in a dataset of bool",
          [&](foreign_file& file) { file.dataset("/attend/a/m", "bool_enum", flags, 2); });
}

BOOST_AUTO_TEST_CASE(shapes_that_cannot_be_true_are_refused_before_memory_is_taken) {
  const float values[] = {1};
  refused("/attend/a/q: expected at most 6 axes, found 7",
          [&](foreign_file& file) { file.dataset("/attend/a/q", "float_be", values, 1, 7); });
  refused("/attend/a/q: claims more values than the file can hold",
          [](foreign_file& file) { file.hollow("/attend/a/q", 1ull << 40, 1); });
  refused("/attend/a/q: claims more values than the file can hold",
          [](foreign_file& file) { file.hollow("/attend/a/q", 1ull << 20, 4); });
  refused("/attend/a/q: the dataset has no values",
          [](foreign_file& file) { file.shapeless("/attend/a/q"); });
}

BOOST_AUTO_TEST_CASE(nothing_outside_the_file_is_read) {
  refused("/attend/a/q: a soft or external link is not followed",
          [](foreign_file& file) { file.external_link("/etc/passwd", "/q", "/attend/a/q"); });
  refused("/attend/a/q: a soft or external link is not followed",
          [](foreign_file& file) { file.soft_link("/attend", "/attend/a/q"); });
  refused("/attend/a/q: data in another file is not read",
          [](foreign_file& file) { file.outside("/attend/a/q", "/etc/passwd"); });
  refused("/attend/a/more: expected a dataset", [](foreign_file& file) { file.group("/attend/a/more"); });
}

BOOST_AUTO_TEST_CASE(objects_out_of_place_are_listed_and_refused_by_read) {
  const scratch_folder folder;
  const double value = 1;
  {
    foreign_file file(folder.file("f.h5"));
    file.group("/attend/a");
    file.dataset("/attend/loose", "double", &value, 1);
    file.dataset("/root", "double", &value, 1);
    file.group("/unused");
  }
  const auto refusal_of = [&](const case_path& path) -> std::string {
    try {
      read(folder.file("f.h5"), path);
    } catch (const store_error& error) {
      return std::string(error.what()).substr(folder.file("f.h5").size());
    }
    return "read";
  };

  std::string told;
  for (const case_path& path : list(folder.file("f.h5"))) told += refusal_of(path) + "\n";

  BOOST_TEST(told ==
             "read\n: /attend/loose: expected a group\n: /root: expected a group\n"
             ": /unused/: expected /<function>/<case>\n");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_file_of_cases_is_refused_in_one_line) {
  const scratch_folder folder;
  std::ofstream(folder.file("text.h5"))
      << "not HDF5, only some words that are long enough to hold a signature\n";
  std::ofstream(folder.file("empty.h5"));
  { foreign_file(folder.file("bare.h5")).group("/attend"); }
  { foreign_file(folder.file("good.h5")).group("/attend/a"); }
  const auto refusal_of = [&](const char* name) -> std::string {
    try {
      list(folder.file(name));
    } catch (const store_error& error) {
      return std::string(error.what()).substr(folder.file(name).size());
    }
    return "listed";
  };

  BOOST_TEST(refusal_of("text.h5") == ": not an HDF5 file");
  BOOST_TEST(refusal_of("empty.h5") == ": not an HDF5 file: it is empty or not a file");
  BOOST_TEST(refusal_of("") == ": not an HDF5 file: it is empty or not a file");
  BOOST_TEST(refusal_of("missing.h5") == ": cannot open the file: No such file or directory");
  BOOST_TEST(refusal_of("bare.h5") == ": holds no case: cases are groups /<function>/<case>");
  BOOST_TEST(refusal_of("good.h5") == "listed");
}

BOOST_AUTO_TEST_CASE(a_missing_case_is_named) {
  const scratch_folder folder;
  { foreign_file(folder.file("f.h5")).group("/attend/a"); }
  const auto refusal_of = [&](const case_path& path) -> std::string {
    try {
      read(folder.file("f.h5"), path);
    } catch (const store_error& error) {
      return std::string(error.what()).substr(folder.file("f.h5").size());
    }
    return "read";
  };

  BOOST_TEST(refusal_of({"attend", "b"}) == ": /attend/b: there is no such object");
  BOOST_TEST(refusal_of({"append", "b"}) == ": /append: there is no such object");
  BOOST_TEST(refusal_of({"attend", "a/x"}) == ": /attend/a/x: expected /<function>/<case>");
  BOOST_TEST(refusal_of({"attend", "a"}) == "read");
}

BOOST_AUTO_TEST_SUITE_END()
