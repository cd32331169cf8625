// Cases in upstream projects' terms: each becomes calls of ours, a wrong byte fails, nothing is passed over.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "properties/quantize/upstream.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;
using namespace plumbline::quantize;

namespace {

// Two groups of 128: one of 448 in front of zeros, one of zeros; scales 1 and the floor.
recorded_case act_quant() {
  recorded_case c;
  c.function = "act_quant";
  c.name = "by_hand";
  c.options = {{"block_size", "128"}, {"scale_fmt", "none"}};
  tensor x(dtype::bf16, {1, 256}), codes(dtype::e4m3, {1, 256}), scales(dtype::f32, {1, 2});
  x.set_value(0, 448), codes.set_value(0, 448);
  scales.set_value(0, 1);
  scales.set_value(1, 1e-4f / 448);
  c.tensors.set("x", x);
  c.tensors.set("expected_codes", codes);
  c.tensors.set("expected_scales", scales);
  return c;
}

// Two tokens of 8 + 2 ones under one tile: scale 1 / 448, codes 448, then two fp32 ones.
recorded_case k_cache() {
  recorded_case c;
  c.function = "quantize_k_cache";
  c.name = "by_hand";
  c.options = {{"writer", "sglang slow"}, {"dv", "8"},         {"tile_size", "8"},
               {"block_size", "1"},       {"num_blocks", "2"}, {"row_bytes", "20"}};
  tensor k(dtype::f32, {2, 1, 1, 10}), packed(dtype::u8, {2, 1, 1, 20}), read(dtype::f32, {2, 1, 1, 10});
  for (std::int64_t i = 0; i < 20; ++i) {
    k.set_value(i, 1);
    read.set_value(i, i % 10 < 8 ? static_cast<float>(448 * static_cast<double>(1 / 448.0f)) : 1);
  }
  for (std::int64_t token = 0; token < 2; ++token) {
    const float scale = 1 / 448.0f, rope[2] = {1, 1};
    for (int i = 0; i < 8; ++i) packed.set_code(token * 20 + i, 0x7e);
    std::memcpy(packed.data() + token * 20 + 8, &scale, 4);
    std::memcpy(packed.data() + token * 20 + 12, rope, 8);
  }
  c.tensors.set("k_cache", k);
  c.tensors.set("expected_packed", packed);
  c.tensors.set("expected_dequantized", read);
  return c;
}

recorded_case condition(const char* name) {
  recorded_case c;
  c.function = "errors";
  c.name = name;
  c.options = {{"operator", "quantize_k_cache"}, {"condition", "somebody's words"}};
  return c;
}

external_judgement judged(const recorded_case& c) { return judge_upstream(c, ""); }

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_upstream)

BOOST_AUTO_TEST_CASE(a_writers_bytes_pass_and_any_other_byte_fails) {
  recorded_case code = act_quant(), scale = act_quant(), packed = k_cache(), read = k_cache();
  code.tensors.at("expected_codes").set_code(7, 1);
  scale.tensors.at("expected_scales").set_value(0, 1.001);
  packed.tensors.at("expected_packed").set_code(13, 7);
  read.tensors.at("expected_dequantized").set_value(3, 2);

  BOOST_TEST((judged(act_quant()).result == outcome::pass), judged(act_quant()).message);
  BOOST_TEST((judged(k_cache()).result == outcome::pass), judged(k_cache()).message);
  for (const recorded_case& wrong : {code, scale, packed, read}) {
    const external_judgement one = judged(wrong);
    BOOST_TEST((one.result == outcome::fail));
    BOOST_TEST(!one.message.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_case_is_as_many_calls_as_it_holds_and_each_function_takes_its_own) {
  const std::vector<recorded_case> calls = calls_of(k_cache());

  BOOST_TEST_REQUIRE(calls.size() == 2u);
  BOOST_TEST(calls[0].function == "store");
  BOOST_TEST(calls[1].function == "dequantize");
  for (const char* function : {"store", "dequantize"}) {
    BOOST_TEST(operation_named("quantize." + std::string(function)).claims_group("quantize_k_cache"),
               function);
    std::string why_not;
    const auto host = make_executor("host", why_not);
    case_spec spec;
    spec.op = "quantize", spec.function = function;
    const case_result ran =
        operation_named("quantize." + std::string(function)).examine_recorded(k_cache(), spec, *host, {});
    BOOST_TEST((ran.result == outcome::pass), ran.message);
  }
  BOOST_TEST(!operation_named("quantize.groups").claims_group("quantize_k_cache"));
}

BOOST_AUTO_TEST_CASE(a_tensor_that_no_call_takes_and_an_unknown_writer_fail_by_name) {
  recorded_case stray = act_quant(), writer = k_cache(), short_of = k_cache();
  stray.tensors.set("expected_surprise", tensor(dtype::f32, {1}));
  writer.options["writer"] = "nobody";
  short_of.tensors.erase("expected_packed");

  BOOST_TEST((judged(stray).message.find("expected_surprise") != std::string::npos), judged(stray).message);
  BOOST_TEST((judged(writer).message.find("nobody") != std::string::npos), judged(writer).message);
  for (const recorded_case& one : {stray, writer, short_of})
    BOOST_TEST((judged(one).result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(what_upstream_refuses_ours_refuses_by_the_same_argument_or_answers_and_says_why) {
  for (const char* name : {"act_quant_k_130", "separate_dim_nope_448", "slow_dv_not_multiple_of_tile",
                           "slow_row_138_bytes", "slow_two_heads", "weight_dequant_transposed"}) {
    const external_judgement one = judged(condition(name));
    BOOST_TEST((one.result == outcome::pass), name << ": " << one.message);
    BOOST_TEST(one.message.empty());
  }
  const external_judgement answered = judged(condition("slow_no_blocks"));
  BOOST_TEST((answered.result == outcome::pass));
  BOOST_TEST(!answered.message.empty());
  BOOST_TEST(judged(condition("mla_batch_above_max")).kind == "unsupported");
}

BOOST_AUTO_TEST_CASE(ways_up_to_a_power_of_two_are_held_number_by_number) {
  recorded_case c;
  c.function = "round_scale_up_to_power_of_two";
  c.name = "by_hand";
  tensor scale(dtype::f32, {3}), up(dtype::f32, {3}), floored(dtype::f32, {3});
  const double from[] = {1, 1.5, 0x1.8p-20}, to[] = {1, 2, 0x1p-19};
  for (int i = 0; i < 3; ++i)
    scale.set_value(i, from[i]), up.set_value(i, to[i]), floored.set_value(i, to[i]);
  floored.set_value(2, 0x1p-13);
  c.tensors.set("scale", scale);
  c.tensors.set("expected_bit_way", up);
  c.tensors.set("expected_float_way", up);
  c.tensors.set("expected_float_way_floor_1e-4", floored);
  recorded_case wrong = c;
  wrong.tensors.at("expected_bit_way").set_value(1, 1);

  BOOST_TEST((judged(c).result == outcome::pass), judged(c).message);
  BOOST_TEST((judged(wrong).result == outcome::fail));
}

BOOST_AUTO_TEST_SUITE_END()
