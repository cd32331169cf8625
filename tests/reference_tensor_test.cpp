// Tensors: layout, values, guard zones; and the digest that reads their elements.
#include "reference/core/tensor.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <numeric>

#include "reference/core/sha256.hpp"

using namespace plumbline;

namespace {

// 2 x 3 elements, each row followed by two unused ones.
tensor padded() {
  tensor t(dtype::bf16, {2, 3}, {5, 1});
  for (std::int64_t i = 0; i < 2; ++i)
    for (std::int64_t j = 0; j < 3; ++j) t.set_value(5 * i + j, static_cast<double>(10 * i + j));
  return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensors)

BOOST_AUTO_TEST_CASE(values_come_in_row_major_order_whatever_the_strides) {
  tensor transposed(dtype::f32, {2, 3}, {1, 2});
  for (std::int64_t at = 0; at < 6; ++at) transposed.set_value(at, static_cast<double>(at));

  BOOST_TEST((padded().values() == std::vector<double>{0, 1, 2, 10, 11, 12}));
  BOOST_TEST((transposed.values() == std::vector<double>{0, 2, 4, 1, 3, 5}));
  BOOST_TEST(transposed.dense() == false);
}

BOOST_AUTO_TEST_CASE(values_round_once_to_the_nearest_even_code) {
  tensor t(dtype::bf16, {2});

  t.set_value(0, 1 + 0x1p-8);
  t.set_value(1, 1 + 0x1p-8 + 0x1p-40);

  BOOST_TEST((t.values() == std::vector<double>{1, 1 + 0x1p-7}));
}

BOOST_AUTO_TEST_CASE(integers_are_held_exactly_or_refused) {
  tensor words(dtype::i32, {2}), bytes(dtype::u8, {1}), signed_bytes(dtype::i8, {2});

  words.set_value(0, -2147483648.0);
  words.set_value(1, 2147483647.0);
  bytes.set_value(0, 255);
  signed_bytes.set_value(0, -128);
  signed_bytes.set_value(1, 127);

  BOOST_TEST((words.values() == std::vector<double>{-2147483648.0, 2147483647.0}));
  BOOST_TEST((bytes.values() == std::vector<double>{255}));
  BOOST_TEST((signed_bytes.values() == std::vector<double>{-128, 127}));
  BOOST_CHECK_THROW(signed_bytes.set_value(0, 128), std::invalid_argument);
  BOOST_CHECK_THROW(words.set_value(0, 2147483648.0), std::invalid_argument);
  BOOST_CHECK_THROW(words.set_value(0, 0.5), std::invalid_argument);
  BOOST_CHECK_THROW(words.set_value(0, std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
  BOOST_CHECK_THROW(bytes.set_value(0, 256), std::invalid_argument);
  BOOST_CHECK_THROW(bytes.set_value(0, -1), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_fresh_tensor_has_no_stray_byte_and_writing_elements_makes_none) {
  for (tensor t : {padded(), tensor(dtype::e4m3, {3}), tensor(dtype::f32, {0, 4}), tensor(dtype::f64, {})}) {
    t.poison(0xff);
    BOOST_TEST(!t.first_stray_byte("t").has_value());
  }
}

BOOST_AUTO_TEST_CASE(every_guard_and_padding_byte_is_watched_and_no_element_byte_is) {
  const tensor clean = padded();
  const auto extent = static_cast<std::int64_t>(clean.extent_bytes());
  const auto guard = static_cast<std::int64_t>(guard_bytes);
  BOOST_TEST(extent == 16);
  for (std::int64_t at = -guard; at < extent + guard; ++at) {
    const bool element = (at >= 0 && at < 6) || (at >= 10 && at < 16);
    tensor touched = clean;
    touched.data()[at] ^= std::byte{1};

    const auto stray = touched.first_stray_byte("t");

    BOOST_TEST_REQUIRE(stray.has_value() == !element);
    if (element) continue;
    BOOST_TEST(stray->tensor == "t");
    BOOST_TEST(stray->offset == at);
    BOOST_TEST(int{stray->expected} == int{guard_pattern});
    BOOST_TEST(int{stray->found} == (guard_pattern ^ 1));
  }
}

BOOST_AUTO_TEST_CASE(data_stays_aligned_when_copied_and_moved) {
  const auto aligned = [](const tensor& t) {
    return reinterpret_cast<std::uintptr_t>(t.data()) % guard_bytes == 0;
  };
  tensor first = padded(), copy = first, moved = std::move(first);

  BOOST_TEST(aligned(copy));
  BOOST_TEST(aligned(moved));
  BOOST_TEST(copy.block().size() == copy.extent_bytes() + 2 * guard_bytes);
  BOOST_TEST(copy.block().data() + guard_bytes == copy.data());
  BOOST_TEST(tensor().block().empty());
}

BOOST_AUTO_TEST_CASE(elements_are_compared_byte_by_byte_and_padding_is_not) {
  tensor dense(dtype::bf16, {2, 3}), other = padded();
  for (std::int64_t i = 0; i < 6; ++i) dense.set_value(i, padded().values()[static_cast<std::size_t>(i)]);
  other.data()[7] = std::byte{0};

  BOOST_TEST(same_elements(dense, padded()));
  BOOST_TEST(same_elements(padded(), other));
  dense.set_value(5, 12.0625);
  BOOST_TEST(!same_elements(dense, padded()));
  BOOST_TEST(!same_elements(padded(), dense));
  BOOST_TEST(!same_elements(tensor(dtype::f16, {2, 3}), tensor(dtype::bf16, {2, 3})));
  BOOST_TEST(!same_elements(tensor(dtype::f32, {1}), tensor(dtype::f32, {1, 1})));
}

BOOST_AUTO_TEST_CASE(minus_zero_and_nan_payloads_are_different_elements) {
  tensor plus(dtype::f32, {1}), minus(dtype::f32, {1}), nan(dtype::f32, {1});
  minus.set_value(0, -0.0);
  nan.set_code(0, 0x7fc00001u);

  BOOST_TEST(!same_elements(plus, minus));
  BOOST_TEST(same_elements(nan, tensor(nan)));
}

BOOST_AUTO_TEST_CASE(a_set_finds_replaces_and_names_what_is_missing) {
  tensor_set set;
  set.set("q", tensor(dtype::f32, {1}));
  set.set("k", tensor(dtype::f32, {2}));
  set.set("q", tensor(dtype::f16, {3}));

  BOOST_TEST(set.size() == 2u);
  BOOST_TEST(set.begin()->name == "q");
  BOOST_TEST(set.at("q").size() == 3);
  BOOST_CHECK_EXCEPTION(set.at("v"), std::out_of_range, [](const std::out_of_range& e) {
    return std::string(e.what()).find("\"v\"") != std::string::npos;
  });
  set.erase("q");
  BOOST_TEST(!set.has("q"));
}

BOOST_AUTO_TEST_CASE(shapes_that_make_no_sense_are_refused) {
  BOOST_CHECK_THROW(tensor(dtype::f32, {2, 3}, {1}), std::invalid_argument);
  BOOST_CHECK_THROW(tensor(dtype::f32, {-1}), std::invalid_argument);
  BOOST_CHECK_THROW(tensor(dtype::f32, {2}, {-1}), std::invalid_argument);
  BOOST_CHECK_THROW(tensor(dtype::f32, {1, 1, 1, 1, 1, 1, 1}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(digests)

BOOST_AUTO_TEST_CASE(the_standards_examples_come_out) {
  const std::string million(1000000, 'a');

  BOOST_TEST(sha256().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256().update("abc").hex() ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(sha256().update("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex() ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  BOOST_TEST(sha256().update(million).hex() ==
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_CASE(bytes_fed_in_pieces_give_the_digest_of_the_whole) {
  std::string text(200, ' ');
  std::iota(text.begin(), text.end(), '\0');
  const std::string whole = sha256().update(text).hex();
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    sha256 pieces;

    pieces.update(std::string_view(text).substr(0, cut)).update(std::string_view(text).substr(cut));

    BOOST_TEST(pieces.hex() == whole);
  }
}

BOOST_AUTO_TEST_CASE(only_elements_count_and_strides_do_not) {
  tensor dense(dtype::bf16, {2, 3});
  for (std::int64_t i = 0; i < 6; ++i) dense.set_value(i, padded().values()[static_cast<std::size_t>(i)]);

  BOOST_TEST(sha256().update(dense).hex() == sha256().update(padded()).hex());
  dense.set_value(0, 1);
  BOOST_TEST(sha256().update(dense).hex() != sha256().update(padded()).hex());
}

// Three rows of four bytes, a gibibyte apart: three pages and the two of the guard zones exist.
tensor far_apart() {
  tensor t(dtype::u8, {3, 4}, {std::int64_t{1} << 30, 1});
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t j = 0; j < 4; ++j)
      t.set_code(i * t.strides()[0] + j, static_cast<std::uint64_t>(10 * i + j));
  return t;
}

BOOST_AUTO_TEST_CASE(rows_far_apart_hold_their_elements_and_little_else_exists) {
  const tensor t = far_apart();
  const tensor copy = t, fresh = between_fresh_guards(t);

  BOOST_TEST(t.sparse());
  BOOST_TEST(t.extent_bytes() == (std::size_t{1} << 31) + 4);
  BOOST_TEST((t.values() == std::vector<double>{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}));
  for (const tensor* other : {&copy, &fresh}) {
    BOOST_TEST(same_elements(t, *other));
    BOOST_TEST(!other->first_stray_byte("t"));
    BOOST_TEST(other->data() != t.data());
  }
  std::size_t exists = 0;
  for (const auto& part : t.parts()) exists += part.size();
  BOOST_TEST(exists <= 5u * 4096u);
  BOOST_CHECK_THROW(static_cast<void>(t.block()), std::logic_error);
  tensor dense(dtype::u8, {3, 4});
  for (std::int64_t i = 0; i < 12; ++i) dense.set_code(i, static_cast<std::uint64_t>(10 * (i / 4) + i % 4));
  BOOST_TEST(same_elements(t, dense));
  BOOST_TEST(sha256().update("t").update(t).hex() == sha256().update("t").update(dense).hex());
}

BOOST_AUTO_TEST_CASE(a_stray_byte_between_rows_far_apart_is_found_where_it_lies) {
  for (const std::int64_t at : {std::int64_t{-1}, std::int64_t{4}, (std::int64_t{1} << 30) - 1,
                                (std::int64_t{1} << 30) + 4, (std::int64_t{1} << 31) + 4}) {
    tensor t = far_apart();
    t.data()[at] = std::byte{0x11};

    const auto stray = t.first_stray_byte("t");

    BOOST_TEST_REQUIRE(stray.has_value(), at);
    BOOST_TEST(stray->offset == at);
    BOOST_TEST(stray->found == 0x11);
  }
}

BOOST_AUTO_TEST_CASE(moved_and_assigned_blocks_are_given_back_once) {
  tensor a = far_apart(), b = padded();
  std::swap(a, b);
  BOOST_TEST(b.sparse());
  BOOST_TEST(!a.sparse());
  b = a;
  BOOST_TEST(!b.sparse());
  BOOST_TEST(same_elements(a, b));
  a = far_apart();
  tensor moved = std::move(a);
  BOOST_TEST(same_elements(moved, far_apart()));
}

BOOST_AUTO_TEST_CASE(rows_that_fill_their_pages_stay_in_one_block) {
  const tensor wide(dtype::u8, {20000, 4096}, {4096 + 64, 1});
  const tensor small(dtype::u8, {2, 4}, {std::int64_t{1} << 25, 1});

  BOOST_TEST(!wide.sparse());
  BOOST_TEST(!small.sparse());
  BOOST_TEST(!wide.block().empty());
}

BOOST_AUTO_TEST_SUITE_END()
