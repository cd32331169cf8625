// Arrays as numpy writes them: made by numpy itself where it is there, and by hand where a damaged or hostile
// archive is wanted.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "fixtures/npz.hpp"
#include "tests/harness/npz_by_hand.hpp"
#include "tests/harness/python_with.hpp"
#include "tests/harness/scratch_folder.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

struct archives : testing::scratch_folder {
  std::string put(const std::string& bytes) const {
    const std::string name = file("a.npz");
    std::ofstream(name, std::ios::binary) << bytes;
    return name;
  }
  std::string refusal(const std::string& bytes, const array_formats& formats = {}) const {
    try {
      read_npz(put(bytes), formats);
    } catch (const store_error& why) {
      return why.what();
    }
    return "not refused";
  }
  std::string refusal_of_array(const std::string& bytes, const array_formats& formats = {}) const {
    return refusal(archive("q.npy", bytes, bytes.size()), formats);
  }
};

/// As a member of method 8 has it.
std::string deflated(const std::string& bytes) {
  z_stream z = {};
  deflateInit2(&z, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&z, bytes.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(npz)

BOOST_AUTO_TEST_CASE(an_array_in_fortran_order_lies_in_rows_as_numpy_indexes_it) {
  const archives folder;
  const std::string values = le(1, 4) + le(4, 4) + le(2, 4) + le(5, 4) + le(3, 4) + le(6, 4);
  const std::string bytes = array(header_of("<i4", "(2, 3)", "True"), values);
  const tensor t = read_npz(folder.put(archive("q.npy", bytes, bytes.size())), {}).tensors.at("q");
  const std::vector<double> expected = {1, 2, 3, 4, 5, 6};
  BOOST_TEST(t.values() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sixteen_bits_are_what_the_caller_says_and_never_guessed) {
  const archives folder;
  for (const char* descr : {"<u2", "|V2"}) {
    const std::string bytes = array(header_of(descr, "(1,)"), le(0x3fc0, 2));
    const std::string file = folder.put(archive("q.npy", bytes, bytes.size()));
    BOOST_TEST(read_npz(file, {{"", "bf16"}}).tensors.at("q").value(0) == 1.5);
    BOOST_TEST(read_npz(file, {{"q", "f16"}}).tensors.at("q").value(0) == 1.9375);
    BOOST_TEST(has(folder.refusal_of_array(bytes), "expected --dtype to say what"));
    BOOST_TEST(has(folder.refusal_of_array(bytes, {{"", "bf16"}, {"k", "f16"}}), "no array k"));
  }
}

BOOST_AUTO_TEST_CASE(floats_are_of_a_narrower_format_where_it_has_every_one_of_them) {
  const archives folder;
  const auto doubles = [&](std::uint64_t a, std::uint64_t b) {
    const std::string bytes = array(header_of("<f8", "(2,)"), le(a, 8) + le(b, 8));
    return folder.put(archive("q.npy", bytes, bytes.size()));
  };
  constexpr std::uint64_t one_and_a_half = 0x3ff8000000000000, negative_zero = 1ull << 63,
                          nan = 0x7ff8000000000001, third = 0x3fd5555555555555;
  const tensor t = read_npz(doubles(one_and_a_half, negative_zero), {{"q", "bf16"}}).tensors.at("q");
  BOOST_TEST((t.type() == dtype::bf16));
  BOOST_TEST(t.code(0) == 0x3fc0u);
  BOOST_TEST(t.code(1) == 0x8000u);
  BOOST_TEST(std::isnan(read_npz(doubles(one_and_a_half, nan), {{"q", "f16"}}).tensors.at("q").value(1)));
  const std::string file = doubles(one_and_a_half, third);
  BOOST_CHECK_EXCEPTION(read_npz(file, {{"q", "f32"}}), store_error, [](const store_error& why) {
    return has(why.what(), "1 of 2 are none, the first 0.333333333 at element 1");
  });
  BOOST_TEST(has(
      folder.refusal_of_array(array(header_of("<f8", "(2,)"), le(third, 8) + le(third, 8)), {{"q", "f32"}}),
      "2 of 2 are none, the first 0.333333333 at element 0"));
}

BOOST_AUTO_TEST_CASE(an_array_without_values_is_one_and_an_archive_without_arrays_says_so) {
  const archives folder;
  const std::string bytes = array(header_of("<f4", "(2, 0, 3)"), "");
  const tensor t = read_npz(folder.put(archive("q.npy", bytes, bytes.size())), {}).tensors.at("q");
  BOOST_TEST(t.size() == 0);
  BOOST_TEST(t.dim(2) == 3);
  BOOST_TEST(has(folder.refusal_of_array(array(header_of("<f4", "(0, 1099511627776, 1099511627776)"), "")),
                 "more values than it holds"));
  BOOST_TEST(has(folder.refusal("PK\5\6" + std::string(18, '\0')), "an archive without a member"));
}

BOOST_AUTO_TEST_CASE(a_format_that_is_said_of_nothing_is_refused) {
  const archives folder;
  const std::string bytes = array(header_of("<f4", "(1,)"), le(0x3f800000, 4));
  BOOST_TEST(has(folder.refusal_of_array(bytes, {{"", "bf16"}}), "said by name: --dtype q=bf16"));
  BOOST_TEST(has(folder.refusal_of_array(bytes, {{"q", "f64"}}), "dtype says f64"));  // nothing is widened
}

BOOST_AUTO_TEST_CASE(numbers_of_one_byte_have_their_sign_and_truths_are_0_and_1) {
  const archives folder;
  const std::string bytes = array(header_of("|i1", "(2,)"), "\xf8\x07"),
                    truths = array(header_of("|b1", "(2,)"), std::string("\1\0", 2)),
                    odd = array(header_of("|b1", "(2,)"), "\1\2");
  const tensor t = read_npz(folder.put(archive("q.npy", bytes, bytes.size())), {}).tensors.at("q");
  BOOST_TEST(t.value(0) == -8);
  BOOST_TEST(t.value(1) == 7);
  BOOST_TEST(folder.refusal_of_array(truths) == "not refused");
  BOOST_TEST(has(folder.refusal_of_array(odd), "expected 0 and 1 alone in an array of bool"));
}

BOOST_AUTO_TEST_CASE(a_header_of_the_second_version_has_four_bytes_for_its_length) {
  const archives folder;
  const std::string header = header_of("<f4", "(1,)") + std::string(70000, ' ');
  const std::string bytes =
      std::string("\x93NUMPY\2\0", 8) + le(header.size(), 4) + header + le(0x3f800000, 4);
  const std::string file = folder.put(archive("q.npy", bytes, bytes.size()));
  BOOST_TEST(read_npz(file, {}).tensors.at("q").value(0) == 1);
}

BOOST_AUTO_TEST_CASE(objects_records_other_byte_orders_and_numbers_too_large_are_refused) {
  const archives folder;
  BOOST_TEST(has(folder.refusal_of_array(array(header_of("|O", "(1,)"), "x")), "pickled objects"));
  BOOST_TEST(has(folder.refusal_of_array(
                     array("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd")),
                 "one of records"));
  BOOST_TEST(has(folder.refusal_of_array(array(header_of(">f4", "(1,)"), "abcd")), "little-endian"));
  BOOST_TEST(has(folder.refusal_of_array(array(header_of("<c8", "(1,)"), "abcdefgh")), "array of numbers"));
  BOOST_TEST(has(folder.refusal_of_array(array(header_of("<i8", "(1,)"), le(1ull << 31, 8))),
                 "does not fit 32 bits"));
  BOOST_TEST(
      has(folder.refusal_of_array(array(header_of("<f4", "(1,1,1,1,1,1,1)"), "abcd")), "at most 6 axes"));
}

BOOST_AUTO_TEST_CASE(whole_numbers_are_read_as_far_as_32_bits_reach_and_no_further) {
  const archives folder;
  const auto of = [](const char* descr, std::uint64_t bits, std::size_t size) {
    return array(header_of(descr, "(1,)"), le(bits, static_cast<int>(size)));
  };
  const auto value = [&](const std::string& bytes) {
    return read_npz(folder.put(archive("q.npy", bytes, bytes.size())), {}).tensors.at("q").value(0);
  };
  constexpr std::uint64_t largest = 0x7fffffff;
  BOOST_TEST(value(of("<i8", largest, 8)) == 2147483647.0);
  BOOST_TEST(value(of("<u8", largest, 8)) == 2147483647.0);
  BOOST_TEST(value(of("<i8", ~largest, 8)) == -2147483648.0);
  BOOST_TEST(value(of("<u4", 7, 4)) == 7);
  for (const std::string& beyond :
       {of("<i8", largest + 1, 8), of("<i8", ~largest - 1, 8), of("<u8", largest + 1, 8),
        of("<u8", ~std::uint64_t{0}, 8), of("<u4", 0xffffffff, 4)})
    BOOST_TEST(has(folder.refusal_of_array(beyond), "does not fit 32 bits"));
  for (const char* size : {"<i16", "<u16", "<i3", "<i0", "<i", "|b8"})
    BOOST_TEST(has(folder.refusal_of_array(array(header_of(size, "(1,)"), std::string(16, 'x'))),
                   "expected an array of numbers, got " + std::string(size)));
  BOOST_TEST(value(of(">u1", 7, 1)) == 7);  // one byte has no order
}

BOOST_AUTO_TEST_CASE(what_claims_more_than_it_holds_is_refused_before_it_is_unpacked) {
  const archives folder;
  BOOST_TEST(has(folder.refusal_of_array(array(header_of("<f4", "(1099511627776, 1099511627776)"), "abcd")),
                 "more values than it holds"));
  BOOST_TEST(has(folder.refusal_of_array(array(header_of("<f4", "(2,)"), "abcd")), "values than it holds"));
  BOOST_TEST(
      has(folder.refusal(archive("q.npy", "abc", 0xf0000000, 8)), "claims more values than it should"));
  BOOST_TEST(has(folder.refusal(archive("q.npy", "abc", 1 << 20, 8)), "claims more than it can hold"));
}

BOOST_AUTO_TEST_CASE(an_archive_holds_arrays_alone_each_once_and_none_that_is_encrypted) {
  const archives folder;
  const std::string one = array(header_of("<f4", "(1,)"), le(1, 4)),
                    other = array(header_of("<f4", "(1,)"), le(2, 4));
  const auto refused = [&](const std::vector<member_by_hand>& members) {
    return folder.refusal(archive_of(members));
  };
  BOOST_TEST(refused({{"q.npy", one, one.size()}, {"k.npy", other, other.size()}}) == "not refused");
  BOOST_TEST(has(refused({{"q.npy", one, one.size()}, {"q.npy", other, other.size()}}), "q.npy: twice"));
  BOOST_TEST(has(refused({{"q.npy", one, one.size(), 0, "", 1}}), "q.npy: encrypted"));
  BOOST_TEST(has(refused({{"q.npy", one, one.size(), 12}}), "q.npy: expected it stored or deflated"));
  for (const char* stranger : {"read me.txt", "q", ".npy", "folder/q.npy"})
    BOOST_TEST(has(refused({{"q.npy", one, one.size()}, {stranger, other, other.size()}}),
                   "expected arrays (NAME.npy) alone, got " + std::string(stranger)));
}

BOOST_AUTO_TEST_CASE(members_together_unpack_to_no_more_than_one_may) {
  const archives folder;
  const std::string zeros(std::size_t{1} << 27, '\0');  // half of what a small archive may hold
  const std::string packed = deflated(zeros);
  const member_by_hand half = {"a.npy", packed, zeros.size(), 8, zeros},
                       other = {"b.npy", packed, zeros.size(), 8, zeros}, one_more = {"c.npy", "abc", 3};
  BOOST_TEST(has(folder.refusal(archive_of({half, other, one_more})), "claims more values than it should"));
}

BOOST_AUTO_TEST_CASE(damaged_archives_are_refused_in_one_line_at_every_byte) {
  const archives folder;
  const std::string bytes = array(header_of("<f4", "(3,)"), le(1, 4) + le(2, 4) + le(3, 4));
  const std::string whole = archive("q.npy", bytes, bytes.size());
  BOOST_TEST(folder.refusal(whole) == "not refused");
  const tensor right = read_npz(folder.put(whole), {}).tensors.at("q");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    if (length + 4 < whole.size())
      BOOST_TEST(folder.refusal(cut) != "not refused", length);
    else if (folder.refusal(cut) == "not refused")  // zeros of the very end: nothing is lost with them
      BOOST_TEST(same_elements(read_npz(folder.put(cut), {}).tensors.at("q"), right), length);
  }
  for (std::size_t at = 30; at < 30 + 5 + bytes.size(); ++at) {  // name and data of the member
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 0x20);
    if (at >= 35) BOOST_TEST(has(folder.refusal(other), "checksum does not hold"), at);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {  // whatever comes of it, it ends in a line or an array
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 0xff);
    folder.refusal(other);
  }
}

BOOST_AUTO_TEST_CASE(what_numpy_writes_is_read,
                     *boost::unit_test::precondition(plumbline::testing::h5py_is_there)) {
  const archives folder;
  const std::string file = folder.file("numpy.npz");
  const std::string write =
      "import numpy as np; np.savez_compressed('" + file +
      "', a=np.asfortranarray(np.arange(6, dtype=np.float16).reshape(2, 3)),"
      " b=np.array([7, -8]), c=np.array([True, False]), d=np.zeros((0, 3), np.float32))";
  BOOST_REQUIRE(std::system((plumbline::testing::python_with("h5py") + " -c \"" + write + "\"").c_str()) ==
                0);
  const stored_case one = read_npz(file, {});
  BOOST_TEST((one.tensors.at("a").type() == dtype::f16));
  const std::vector<double> rows = {0, 1, 2, 3, 4, 5}, whole = {7, -8};
  BOOST_TEST(one.tensors.at("a").values() == rows, boost::test_tools::per_element());
  BOOST_TEST(one.tensors.at("b").values() == whole, boost::test_tools::per_element());
  BOOST_TEST((one.tensors.at("c").type() == dtype::u8));
  BOOST_TEST(one.tensors.at("d").size() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
