// Block-scaled products: the sum by hand and in integers, and companions that tell a promoted narrow
// accumulator from one that is never emptied.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "reference/quantize.hpp"

using namespace plumbline;
using namespace plumbline::quantize;

namespace {

using numbers = std::vector<double>;

tensor_set operands(const block_gemm_problem& p) {
  tensor_set inputs;
  const std::int64_t blocks = (p.k + p.block_k - 1) / p.block_k;
  inputs.set("a", matrix(p.code, p.m, p.k));
  inputs.set("b", matrix(p.code, p.n, p.k));
  inputs.set("a_scale", matrix(dtype::f32, p.m, blocks));
  inputs.set("b_scale", matrix(dtype::f32, (p.n + p.block_n - 1) / p.block_n, blocks));
  return inputs;
}

void fill(tensor& t, const numbers& values) {
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
}

double cut(double x, double step) { return std::trunc(x / step) * step; }

// A sum of 32 products and what was there, every term cut to 13 fraction bits below the largest exponent.
double narrow_step(double sum, const double* products) {
  int highest = sum == 0 ? -1000 : std::ilogb(sum);
  for (int i = 0; i < 32; ++i)
    if (products[i] != 0) highest = std::max(highest, std::ilogb(products[i]));
  const double step = std::ldexp(1.0, highest - 13);
  double total = cut(sum, step);
  for (int i = 0; i < 32; ++i) total += cut(products[i], step);
  return total == 0 ? 0 : cut(total, std::ldexp(1.0, std::ilogb(total) - 13));
}

double narrow_sum(const numbers& products, std::size_t promote_every) {
  double all = 0, narrow = 0;
  for (std::size_t i = 0; i < products.size(); i += 32) {
    narrow = narrow_step(narrow, products.data() + i);
    if ((i + 32) % promote_every == 0) all = static_cast<float>(all + narrow), narrow = 0;
  }
  return static_cast<float>(all + narrow);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_block_gemm)

BOOST_AUTO_TEST_CASE(blocks_have_their_own_scales_and_the_last_may_be_short) {
  const block_gemm_problem p = parse_block_gemm(keyed_text("m=2,n=3,k=3,block_n=2,block_k=2"));
  tensor_set inputs = operands(p);
  fill(inputs.at("a"), {1, 2, 3, -1, 0.5, 4});
  fill(inputs.at("b"), {1, 1, 1, 2, -1, 0, 0, 0, 8});
  fill(inputs.at("a_scale"), {1, 10, 2, 20});
  fill(inputs.at("b_scale"), {1, 3, 5, 7});

  const block_gemm_truth truth = block_gemm(p, inputs, true);

  BOOST_TEST(truth.blocks == 2);
  BOOST_TEST((truth.out == numbers{3 + 90, 0, 24 * 70, -1 + 240, -5, 32 * 140}));
  BOOST_TEST((truth.sb == numbers{3 + 90, 0, 24 * 70, 1 + 240, 5, 32 * 140}));
  BOOST_TEST((truth.s1 == numbers{3 + 90, 4, 24 * 70, 3 + 240, 5, 32 * 140}));
  BOOST_TEST((numbers(truth.block.begin(), truth.block.begin() + 6) == numbers{3, 0, 0, -1, -5, 0}));
}

BOOST_AUTO_TEST_CASE(int8_products_are_the_integer_sums) {
  const block_gemm_problem p = parse_block_gemm(keyed_text("code=i8,m=3,n=4,k=200,block_n=2,block_k=64"));
  tensor_set inputs = operands(p);
  random_stream draw(1, "int8");
  for (const char* name : {"a", "b"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i)
      inputs.at(name).set_value(i, static_cast<double>(draw.integer(-128, 127)));
  for (const char* name : {"a_scale", "b_scale"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i) inputs.at(name).set_value(i, 1);

  const block_gemm_truth truth = block_gemm(p, inputs);

  const std::int8_t *a = inputs.at("a").as<std::int8_t>(), *b = inputs.at("b").as<std::int8_t>();
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) {
      std::int64_t sum = 0;
      for (int c = 0; c < 200; ++c) sum += a[i * 200 + c] * b[j * 200 + c];
      BOOST_TEST(truth.out[static_cast<std::size_t>(i * 4 + j)] == static_cast<double>(sum));
    }
  BOOST_TEST(truth.block.empty());
}

BOOST_AUTO_TEST_CASE(nan_and_no_columns_are_what_they_are) {
  const block_gemm_problem none = parse_block_gemm(keyed_text("m=1,n=1,k=0")),
                           one = parse_block_gemm(keyed_text("n=2"));
  tensor_set inputs = operands(one);
  inputs.at("b").set_code(5, 0x7f);
  for (const char* name : {"a_scale", "b_scale"}) inputs.at(name).set_value(0, 1);

  const block_gemm_truth truth = block_gemm(one, inputs);

  BOOST_TEST((std::isnan(truth.out[0]) && truth.out[1] == 0));
  BOOST_TEST((block_gemm(none, operands(none)).out == numbers{0}));
}

BOOST_AUTO_TEST_CASE(sums_that_fit_13_fraction_bits_have_no_part_in_what_may_round) {
  const block_gemm_problem p = parse_block_gemm(keyed_text("m=1,n=3,k=256,block_k=256"));
  tensor_set inputs = operands(p);
  numbers a(256, 0.0), b(3 * 256, 1.0);
  a[0] = 4, a[1] = 0.5, a[130] = 2;
  b[0] = 448;                       // 1792.5: 12 bits, exact
  b[256] = 448, b[257] = 0x1.2p-6;  // 1792 + 0.0087...: 19 bits and more
  fill(inputs.at("a"), a);
  fill(inputs.at("b"), b);
  for (const char* name : {"a_scale", "b_scale"}) fill(inputs.at(name), {2});

  const block_gemm_truth truth = block_gemm(p, inputs);

  const double small = 0x1.2p-7 * 4;
  BOOST_TEST(truth.steps == 2);
  BOOST_TEST((truth.step_sb == numbers{4 * 1794.5, 4 * 1794 + small, 4 * 6.5}));
  BOOST_TEST((truth.rounding_sb == numbers{0, 4 * 1792 + small, 0}));
  BOOST_TEST((truth.rounding_s1 == truth.rounding_sb));
  BOOST_TEST((truth.lost == numbers{0, small + 4 * 1792 * 0x1p-13, 0}));
  BOOST_TEST(truth.lost2[1] == small * small + std::pow(4 * 1792 * 0x1p-13, 2));
}

// The drift allowed to a promoted accumulator is 1.5e-3 sb (declared); random parts 6e-5 s1 / sqrt(blocks).
BOOST_AUTO_TEST_CASE(companions_tell_promotion_every_128_from_none_on_data_of_one_sign) {
  const block_gemm_problem p = parse_block_gemm(keyed_text("m=4,n=8,k=4096"));
  tensor_set inputs = operands(p);
  random_stream draw(2, "one sign");
  for (const char* name : {"a", "b"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i)
      inputs.at(name).set_value(i, std::min(448.0, std::fabs(draw.normal()) * 100));
  for (const char* name : {"a_scale", "b_scale"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i) inputs.at(name).set_value(i, 1);

  const block_gemm_truth truth = block_gemm(p, inputs);

  const numbers a = inputs.at("a").values(), b = inputs.at("b").values();
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 8; ++j) {
      numbers products(4096);
      for (std::size_t c = 0; c < 4096; ++c) products[c] = a[i * 4096 + c] * b[j * 4096 + c];
      const std::size_t at = i * 8 + j;
      const double allowed = 1.5e-3 * truth.sb[at] + 7.5 * 6e-5 / std::sqrt(32.0) * truth.s1[at];

      const double promoted = std::fabs(narrow_sum(products, 128) - truth.out[at]),
                   kept = std::fabs(narrow_sum(products, 4096) - truth.out[at]);

      BOOST_TEST(promoted <= allowed);
      BOOST_TEST(kept > 2 * allowed);
    }
}

BOOST_AUTO_TEST_SUITE_END()
