// Arrays as proposals compute with them: by hand, and what is refused.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include "kernels/core/launch.hpp"
#include "tests/claims/eager.hpp"

using namespace plumbline;
using namespace plumbline::claims;

namespace {

using numbers = std::vector<double>;

array filled(shape_list shape, numbers values, dtype type = dtype::f32) {
  return {type, std::move(shape), std::move(values)};
}

const boost::test_tools::per_element each;

}  // namespace

BOOST_AUTO_TEST_SUITE(claims_eager)

BOOST_AUTO_TEST_CASE(views_and_axes_keep_the_order_of_elements) {
  const array a = filled({2, 3}, {1, 2, 3, 4, 5, 6});

  BOOST_TEST(transpose(a, 0, 1).data == (numbers{1, 4, 2, 5, 3, 6}), each);
  BOOST_TEST(slice(a, -1, 1, 3).data == (numbers{2, 3, 5, 6}), each);
  BOOST_TEST(cat(a, filled({2, 1}, {7, 8}), 1).data == (numbers{1, 2, 3, 7, 4, 5, 6, 8}), each);
  BOOST_TEST(view(a, {3, -1}).shape == (shape_list{3, 2}), each);
  BOOST_TEST(expand(filled({2, 1}, {1, 2}), {2, 2}).data == (numbers{1, 1, 2, 2}), each);
}

BOOST_AUTO_TEST_CASE(repeating_keeps_the_sign_of_zero) {
  BOOST_TEST(std::signbit(expand(filled({1}, {-0.0}), {2}).data[1]));
}

BOOST_AUTO_TEST_CASE(a_slice_is_assigned_in_the_type_of_the_whole) {
  array a = zeros(dtype::bf16, {2, 2});
  assign(a, 1, 1, 2, filled({2, 1}, {1 + 0x1p-20, 3}));

  BOOST_TEST(a.data == (numbers{0, 1, 0, 3}), each);
}

BOOST_AUTO_TEST_CASE(products_broadcast_the_axes_before_a_matrix) {
  const array a = filled({2, 1, 1, 2}, {1, 2, 3, 4}), b = filled({2, 2, 1}, {1, 10, 100, 1000});

  const array c = matmul(a, b);

  BOOST_TEST(c.shape == (shape_list{2, 2, 1, 1}), each);
  BOOST_TEST(c.data == (numbers{21, 2100, 43, 4300}), each);
  BOOST_TEST(linear(filled({1, 2}, {1, 2}), filled({3, 2}, {1, 0, 0, 1, 1, 1})).data == (numbers{1, 2, 3}),
             each);
}

BOOST_AUTO_TEST_CASE(a_product_is_rounded_once) {
  const array a = filled({1, 3}, {1, 0x1p-9, -1}, dtype::bf16), ones = filled({3, 1}, {1, 1, 1}, dtype::bf16);

  BOOST_TEST(matmul(a, ones).data[0] == 0x1p-9);
}

BOOST_AUTO_TEST_CASE(a_hidden_key_does_not_multiply_and_a_vanished_weight_does) {
  const double nan = std::nan(""), hidden = -std::numeric_limits<double>::infinity();
  const array weights = filled({1, 2}, {1, 0}), values = filled({2, 1}, {5, nan});

  BOOST_TEST(weighted(weights, values, filled({1, 2}, {0, hidden})).data[0] == 5);
  BOOST_TEST(std::isnan(weighted(weights, values, filled({1, 2}, {0, -1000})).data[0]));
}

BOOST_AUTO_TEST_CASE(rows_are_normalised) {
  const array a = filled({1, 2}, {std::log(3.0), 0});

  BOOST_TEST(std::fabs(softmax(a).data[0] - 0.75) < 0x1p-23);
  BOOST_TEST(std::fabs(log_sum_exp(a).data[0] - std::log(4.0)) < 0x1p-22);
  BOOST_TEST(rms_norm(filled({1, 2}, {3, 3}), filled({2}, {1, 2}), 0).data == (numbers{1, 2}), each);
}

BOOST_AUTO_TEST_CASE(what_has_no_meaning_is_refused) {
  const array a = filled({2, 3}, {1, 2, 3, 4, 5, 6}), b = filled({2}, {1, 2});
  array c = a;

  BOOST_CHECK_THROW(view(a, {4}), kernel_fault);
  BOOST_CHECK_THROW(view(a, {4, -1}), kernel_fault);
  BOOST_CHECK_THROW(add(a, b), kernel_fault);
  BOOST_CHECK_THROW(add(a, to(a, dtype::bf16)), kernel_fault);
  BOOST_CHECK_THROW(matmul(a, a), kernel_fault);
  BOOST_CHECK_THROW(matmul(a, to(transpose(a, 0, 1), dtype::bf16)), kernel_fault);
  BOOST_CHECK_THROW(cat(a, b, 0), kernel_fault);
  BOOST_CHECK_THROW(expand(a, {2, 6}), kernel_fault);
  BOOST_CHECK_THROW(assign(c, 0, 0, 1, a), kernel_fault);
  BOOST_CHECK_THROW(rms_norm(a, b, 0), kernel_fault);
}

BOOST_AUTO_TEST_CASE(memory_is_read_and_written_through_strides) {
  tensor t(dtype::bf16, {2, 2}, {5, 2});
  for (std::int64_t i : {0, 2, 5, 7}) t.set_value(i, static_cast<double>(i));

  BOOST_TEST(read(t.view()).data == (numbers{0, 2, 5, 7}), each);
  BOOST_TEST(read(part_of(t.view(), 0, 1, 2)).data == (numbers{5, 7}), each);
  write(filled({2, 2}, {1, 2, 3, 4}), t.view());
  BOOST_TEST(t.value(7) == 4);
  BOOST_TEST(!t.first_stray_byte("t").has_value());
  BOOST_CHECK_THROW(write(filled({4}, {1, 2, 3, 4}), t.view()), kernel_fault);
}

BOOST_AUTO_TEST_SUITE_END()
