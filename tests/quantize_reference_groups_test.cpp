// Groups of every shape, weights by block, and rows to places.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>

#include "reference/core/keyed_text.hpp"
#include "reference/quantize.hpp"
#include "tests/quantize_reference_data.hpp"
#include "tests/quantize_reference_scalar.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

using numbers = std::vector<double>;
using floats = std::vector<float>;

groups_problem groups_from(const char* text) { return parse_groups(keyed_text(text)); }

// x of ones with one element of 448 * (1 + g) in the g-th group, row groups first: scale g + 1.
tensor_set one_maximum_a_group(const groups_problem& p) {
  tensor_set inputs;
  tensor& x = inputs.set("x", matrix(p.type, p.rows, p.k, p.gap));
  for (std::int64_t i = 0; i < p.rows; ++i)
    for (std::int64_t j = 0; j < p.k; ++j) x.set_value(i * x.strides()[0] + j, 1);
  std::int64_t g = 0;
  for (std::int64_t r = 0; r < row_groups(p); ++r)
    for (std::int64_t c = 0; c < column_groups(p); ++c, ++g) {
      const std::int64_t row = std::min(p.rows, (r + 1) * p.group_rows) - 1;
      const std::int64_t column = std::min(p.k, (c + 1) * p.group) - 1;
      x.set_value(row * x.strides()[0] + column, 448.0 * static_cast<double>(1 + g));
    }
  return inputs;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_groups)

BOOST_AUTO_TEST_CASE(groups_are_rows_of_columns_and_the_last_may_be_short) {
  const groups_problem p = groups_from("policy=deep_gemm,rows=2,k=5,group=2,gap=3");

  const groups_truth truth = groups(p, one_maximum_a_group(p));

  BOOST_TEST((truth.scales == floats{1, 2, 3, 4, 5, 6}));
  BOOST_TEST(
      (truth.codes == std::vector<std::uint8_t>{0x38, 0x7e, 0x30, 0x7e, 0x7e, 0x28, 0x7e, 0x25, 0x7e, 0x7e}));
}

BOOST_AUTO_TEST_CASE(groups_are_blocks_or_columns_where_the_problem_says) {
  const groups_problem blocks = groups_from("policy=deep_gemm,rows=3,k=5,group=4,group_rows=2"),
                       channels = groups_from("policy=deep_gemm,rows=4,k=3,group=1,group_rows=4");

  BOOST_TEST((groups(blocks, one_maximum_a_group(blocks)).scales == floats{1, 2, 3, 4}));
  BOOST_TEST(elements_of(blocks, one_maximum_a_group(blocks), 1, 1).place == std::vector<std::int64_t>{14});
  BOOST_TEST((groups(channels, one_maximum_a_group(channels)).scales == floats{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(scales_by_columns_lie_in_columns_padded_to_four) {
  const groups_problem p = groups_from("policy=deep_gemm,rows=3,k=4,group=2,layout=column_major");

  const tensor_set out = outputs_of(p, groups(p, one_maximum_a_group(p)));

  const float* scales = out.at("scales").as<float>();
  BOOST_TEST((scales[0] == 1 && scales[1] == 3 && scales[2] == 5));
  BOOST_TEST((scales[4] == 2 && scales[5] == 4 && scales[6] == 6));
  BOOST_TEST(scale_at(p, out.at("scales"), 1, 1) == 4.0f);
  BOOST_TEST(!out.at("scales").first_stray_byte("scales").has_value());
}

BOOST_AUTO_TEST_CASE(packed_scales_are_four_exponents_to_a_word_the_first_lowest) {
  groups_problem p = groups_from("policy=default_ue8m0,rows=2,k=5,group=1,layout=packed");
  tensor_set inputs;
  tensor& x = inputs.set("x", matrix(p.type, 2, 5));
  for (int i = 0; i < 10; ++i) x.set_value(i, std::ldexp(448, i));

  const tensor_set out = outputs_of(p, groups(p, inputs));

  const tensor& scales = out.at("scales");
  const std::int32_t* words = scales.as<std::int32_t>();
  BOOST_TEST(words[0] == 0x8281807f);
  BOOST_TEST(words[1] == static_cast<std::int32_t>(0x87868584));
  BOOST_TEST((words[4] == 0x83 && words[5] == 0x88));
  BOOST_TEST(scale_at(p, scales, 1, 4) == 512.0f);
  BOOST_TEST(unused_scales_are_zero(p, scales));
  tensor dirty = scales;
  dirty.set_code(4, 0x100083);
  BOOST_TEST(!unused_scales_are_zero(p, dirty));
}

BOOST_AUTO_TEST_CASE(a_given_scale_is_used_and_nothing_measured) {
  const groups_problem p = groups_from("policy=vllm_per_tensor,rows=1,k=4,has_static=1");
  tensor_set inputs;
  tensor& x = inputs.set("x", matrix(p.type, 1, 4));
  for (int i = 0; i < 4; ++i) x.set_value(i, numbers{1, -2, 4000, 0.25}[static_cast<std::size_t>(i)]);
  inputs.set("static_scale", tensor(dtype::f32, {1})).set_value(0, 2);

  const tensor_set out = outputs_of(p, groups(p, inputs));

  BOOST_TEST((out.at("codes").values() == numbers{0.5, -1, 448, 0.125}));
  BOOST_TEST(!out.has("scales"));
}

BOOST_AUTO_TEST_CASE(int8_codes_are_signed) {
  const groups_problem p = groups_from("policy=token_int8,rows=1,k=3");
  tensor_set inputs;
  tensor& x = inputs.set("x", matrix(p.type, 1, 3));
  for (int i = 0; i < 3; ++i) x.set_value(i, numbers{-127, 2.5, -0.5}[static_cast<std::size_t>(i)]);

  const tensor_set out = outputs_of(p, groups(p, inputs));

  BOOST_TEST((out.at("codes").values() == numbers{-127, 3, -1}));
}

BOOST_AUTO_TEST_CASE(every_policy_agrees_with_a_second_encoder_through_strided_inputs) {
  random_stream draw(6, "groups");
  for (const policy& rule : policies) {
    groups_problem p = groups_from("policy=default,rows=14,k=96,group=48,gap=5");
    p.rule = rule;
    tensor_set inputs;
    tensor& x = inputs.set("x", matrix(p.type, p.rows, p.k, p.gap));
    std::vector<numbers> all;
    for (int g = 0; g < 28; ++g) {
      all.push_back(group_of_kind(g / 2, p.type, 48, draw));
      for (std::int64_t i = 0; i < 48; ++i)
        x.set_value(g / 2 * x.strides()[0] + g % 2 * 48 + i, all.back()[static_cast<std::size_t>(i)]);
    }

    const groups_truth truth = groups(p, inputs);

    int differ = 0;
    for (int g = 0; g < 28; ++g) {
      const scalar::encoded other = scalar::encode(rule, p.type, all[static_cast<std::size_t>(g)]);
      const float scale = truth.scales[static_cast<std::size_t>(g)];
      differ += !(scale == other.scale || (std::isnan(scale) && std::isnan(other.scale)));
      for (int i = 0; i < 48; ++i) {
        const std::uint8_t mine = truth.codes[static_cast<std::size_t>(g / 2 * 96 + g % 2 * 48 + i)];
        const std::uint8_t theirs = other.codes[static_cast<std::size_t>(i)];
        differ += mine != theirs && !(is_nan(rule.code, mine) && is_nan(rule.code, theirs));
      }
    }
    BOOST_TEST(differ == 0, rule.name);
  }
}

BOOST_AUTO_TEST_CASE(weights_take_the_scale_of_their_block_and_round_twice) {
  const weight_dequant_problem p = parse_weight_dequant(keyed_text("m=3,n=5,block=2"));
  tensor_set inputs;
  inputs.set("weight", matrix(p.code, 3, 5));
  inputs.set("scale", matrix(dtype::f32, 2, 3));
  tensor &weight = inputs.at("weight"), &scale = inputs.at("scale");
  for (int i = 0; i < 15; ++i) weight.set_code(i, 0x38);
  for (int i = 0; i < 6; ++i) scale.set_value(i, 1 << i);
  weight.set_code(14, 0x39);
  const double tie = 1.0625 + 0x1p-8, s = std::ceil(tie * 8 / 9 * 0x1p24) / 0x1p24;
  scale.set_value(5, s);
  weight.set_code(0, 0x7f);

  const numbers out = weight_dequant(p, inputs).values();

  BOOST_TEST(std::isnan(out[0]));
  BOOST_TEST(
      (numbers(out.begin() + 1, out.begin() + 14) == numbers{1, 2, 2, 4, 1, 1, 2, 2, 4, 8, 8, 16, 16}));
  BOOST_TEST(out[14] == 1.0625);
}

BOOST_AUTO_TEST_CASE(rows_go_where_loc_sends_them_and_the_others_stay) {
  const scatter_problem p =
      parse_scatter(keyed_text("tokens=3,rows=4,nope_width=5,rope_width=3,gap=2,world=2,rank=1"));
  tensor_set inputs;
  inputs.set("nope", matrix(p.type, 3, 5, 2));
  inputs.set("rope", matrix(p.type, 3, 3, 2));
  tensor &nope = inputs.at("nope"), &rope = inputs.at("rope");
  for (int t = 0; t < 3; ++t) {
    for (int c = 0; c < 5; ++c) nope.set_value(t * 7 + c, 10 * t + c);
    for (int c = 0; c < 3; ++c) rope.set_value(t * 5 + c, 100 + 10 * t + c);
  }
  inputs.set("buffer", matrix(p.stored, 4, 8)).poison(0xcc);
  tensor& loc = inputs.set("loc", tensor(dtype::i32, {3}));
  for (int t = 0; t < 3; ++t) loc.set_value(t, numbers{7, 4, 1}[static_cast<std::size_t>(t)]);

  const numbers after = scatter(p, inputs).values();

  const numbers untouched(8, 0xcc);
  BOOST_TEST((numbers(after.begin(), after.begin() + 8) == numbers{20, 21, 22, 23, 24, 120, 121, 122}));
  BOOST_TEST((numbers(after.begin() + 8, after.begin() + 16) == untouched));
  BOOST_TEST((numbers(after.begin() + 16, after.begin() + 24) == untouched));
  BOOST_TEST((numbers(after.begin() + 24, after.end()) == numbers{0, 1, 2, 3, 4, 100, 101, 102}));
}

BOOST_AUTO_TEST_CASE(rows_may_be_cast_on_the_way) {
  const scatter_problem p =
      parse_scatter(keyed_text("dtype=bf16,stored=e4m3,tokens=1,rows=1,nope_width=3,rope_width=1"));
  tensor_set inputs;
  tensor& nope = inputs.set("nope", matrix(p.type, 1, 3));
  for (int c = 0; c < 3; ++c) nope.set_value(c, numbers{1.0625, -1000, 0x1p-9}[static_cast<std::size_t>(c)]);
  inputs.set("rope", matrix(p.type, 1, 1)).set_value(0, not_a_number);
  inputs.set("buffer", matrix(p.stored, 1, 4));
  inputs.set("loc", tensor(dtype::i32, {1}));

  const numbers after = scatter(p, inputs).values();

  BOOST_TEST((numbers(after.begin(), after.begin() + 3) == numbers{1, -448, 0x1p-9}));
  BOOST_TEST(std::isnan(after[3]));
}

BOOST_AUTO_TEST_SUITE_END()
