// Scaled codes: the neighbour of what is right fails, an approximate writer within its declared error passes.
#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstring>

#include "properties/judge/quantized_judge.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/quantize_reference_data.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

struct stored_call {
  store_problem p;
  tensor_set inputs, outputs;
};

stored_call written(const char* text) {
  stored_call c;
  c.p = parse_store(keyed_text(text));
  c.inputs = make_cache(c.p);
  for (auto& one : c.inputs) one.value.poison(0x5a);
  random_stream draw(7, "judge");
  tensor& k = c.inputs.set("k", matrix(c.p.type, c.p.tokens, c.p.d));
  for (std::int64_t i = 0; i < k.size(); ++i) k.set_value(i, draw.normal());
  if (c.p.has_slots) {
    tensor& slots = c.inputs.set("slots", tensor(dtype::i32, {c.p.tokens}));
    for (std::int64_t i = 0; i < c.p.tokens; ++i)
      slots.set_value(i, static_cast<double>(i == 1 ? -1 : 2 * i));
  }
  c.outputs = outputs_of(c.p, c.inputs, store(c.p, c.inputs));
  return c;
}

std::uint8_t* bytes_of(tensor_set& outputs, const char* name = "cache") {
  return reinterpret_cast<std::uint8_t*>(outputs.at(name).data());
}

verdict judged(const stored_call& c) { return judge_store(c.p, c.inputs, c.outputs); }

// The test whose finding failed, or "".
std::string failed(const verdict& v) {
  for (const finding& one : v.findings)
    if (!one.passed()) return one.test + " " + one.output;
  return v.result == outcome::pass ? "" : "no finding";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_quantized)

BOOST_AUTO_TEST_CASE(what_the_policy_says_passes_in_every_layout) {
  for (const char* text :
       {"tokens=3,page_size=2,num_pages=4,has_slots=1", "policy=sglang_slow,tokens=2,dtype=f16,layout=split",
        "policy=sglang_dsv4,tokens=3,layout=pages,dv=448,page_size=4,num_pages=2,page_gap=32,has_slots=1"}) {
    const verdict v = judged(written(text));

    BOOST_TEST((v.result == outcome::pass), v.message);
    BOOST_TEST(v.metrics.at("codes_not_nominal") == 0);
  }
}

BOOST_AUTO_TEST_CASE(every_byte_of_a_slot_is_held) {
  const stored_call good = written("tokens=3,page_size=2,num_pages=4,page_gap=656,has_slots=1");
  const auto with = [&](std::int64_t byte, std::uint8_t flip) {
    stored_call bad = good;
    bytes_of(bad.outputs)[byte] ^= flip;
    return failed(judged(bad));
  };
  const slot_place at = place_of(good.p, 4);  // of token 2

  BOOST_TEST(with(at.codes + 200, 1) == "set codes");
  BOOST_TEST(with(at.codes + 200, 0x80) == "set codes");
  BOOST_TEST(with(at.scales + 4, 1) == "scale scales");
  BOOST_TEST(with(at.scales + 7, 0x80) == "scale scales");
  BOOST_TEST(with(at.rope + 127, 1) == "bytes cache");
  BOOST_TEST(with(place_of(good.p, 2).codes, 1) == "bytes cache");
  BOOST_TEST(with(place_of(good.p, 5).rope, 1) == "bytes cache");
}

BOOST_AUTO_TEST_CASE(a_message_names_the_token_its_slot_and_what_was_expected) {
  stored_call bad = written("tokens=3,page_size=2,num_pages=4,has_slots=1");
  for (std::int64_t c = 0; c < 512; ++c) bytes_of(bad.outputs)[place_of(bad.p, 4).codes + c] = 0x38;

  const verdict v = judged(bad);

  BOOST_TEST(v.message.find("codes at token 2, slot 4, tile 0, dim 0: computed 1 (0x38) of ") == 0,
             v.message);
  BOOST_TEST(v.message.find(" more of 1024") != std::string::npos, v.message);
}

BOOST_AUTO_TEST_CASE(codes_are_held_against_the_scale_that_was_written) {
  stored_call c = written("policy=act_quant,tokens=1,page_size=1");
  const std::vector<double> x = elements_of(c.p, c.inputs, 0);
  const auto tile = std::span(x).first(128);
  const group_scale g = scale_of(c.p.rule, c.p.type, extent_of(tile));
  const float one_up = std::bit_cast<float>(std::bit_cast<std::uint32_t>(g.scale.nominal) + 1);
  std::memcpy(bytes_of(c.outputs) + 512, &one_up, 4);
  for (std::size_t i = 0; i < 128; ++i) bytes_of(c.outputs)[i] = code_of(c.p.rule, g, one_up, x[i]);

  const verdict v = judged(c);

  BOOST_TEST((v.result == outcome::pass), v.message);
  BOOST_TEST(v.metrics.at("scales_not_nominal") == 1);
  c.p.rule = *policy_named("default");
  BOOST_TEST(failed(judged(c)) == "scale scales");
  stored_call doubled = written("tokens=1,page_size=1");
  bytes_of(doubled.outputs)[515] ^= 1, bytes_of(doubled.outputs)[514] ^= 0x80;
  const verdict both = judged(doubled);
  BOOST_TEST((!both.findings[0].passed() && !both.findings[1].passed()));
}

BOOST_AUTO_TEST_CASE(padding_of_scale_bytes_is_not_written) {
  stored_call c = written("policy=sglang_dsv4,tokens=1,layout=pages,dv=448,page_size=2");
  const std::int64_t scales = place_of(c.p, 0).scales;

  bytes_of(c.outputs)[scales + 7] = 0;
  BOOST_TEST(failed(judged(c)) == "bytes cache");
  bytes_of(c.outputs)[scales + 7] = 0x5a;
  bytes_of(c.outputs)[scales + 6] += 1;
  BOOST_TEST(failed(judged(c)) == "scale scales");
}

BOOST_AUTO_TEST_CASE(nan_codes_and_nan_scales_are_alike_whatever_their_sign) {
  stored_call c = written("policy=sglang_slow,tokens=1,page_size=1");
  c.inputs.at("k").set_value(130, not_a_number);
  c.outputs = outputs_of(c.p, c.inputs, store(c.p, c.inputs));
  for (int i = 128; i < 256; i += 2) bytes_of(c.outputs)[i] = 0xff;
  bytes_of(c.outputs)[519] ^= 0x80;

  BOOST_TEST((judged(c).result == outcome::pass));
  bytes_of(c.outputs)[129] = 0x7e;
  BOOST_TEST(failed(judged(c)) == "set codes");
}

BOOST_AUTO_TEST_CASE(a_group_of_zeros_under_the_fast_writer_may_hold_any_code_but_nan) {
  stored_call c = written("policy=sglang_fast,tokens=1,page_size=1");
  for (int i = 0; i < 128; ++i) c.inputs.at("k").set_value(i, 0);
  c.outputs = outputs_of(c.p, c.inputs, store(c.p, c.inputs));
  for (int i = 0; i < 128; ++i) bytes_of(c.outputs)[i] = static_cast<std::uint8_t>(i < 64 ? 0x7e : 0x80);

  BOOST_TEST((judged(c).result == outcome::pass));
  bytes_of(c.outputs)[5] = 0x7f;
  BOOST_TEST(failed(judged(c)) == "set codes");
}

// A writer that divides approximately: both the scale and each quotient up to two ulp off, at random.
BOOST_AUTO_TEST_CASE(an_approximate_writer_passes_where_it_declares_it_and_fails_where_it_does_not) {
  const policy declared = *policy_named("act_quant"), exact = *policy_named("deep_gemm");
  random_stream draw(8, "approximate");
  scaled_codes_judge kind(declared, dtype::bf16), strict(exact, dtype::bf16);
  const auto nudged = [&](double x) {
    return static_cast<float>(x * (1 + static_cast<double>(draw.integer(-3, 3)) * 0x1p-24));
  };
  for (int turn = 0; turn < 2000; ++turn) {
    const std::vector<double> x = group_of_kind(turn % 2 == 0 ? 3 : 13, dtype::bf16, 128, draw);
    const float amax = static_cast<float>(extent_of(x).amax), scale = nudged(amax / 448.0);
    std::vector<std::uint8_t> codes;
    for (const double one : x)
      codes.push_back(
          static_cast<std::uint8_t>(encode(dtype::e4m3, nudged(one / scale), overflow::saturate)));
    const auto nowhere = [](std::int64_t) { return std::string("here"); };
    kind.add(x, scale, codes, nowhere);
    strict.add(x, scale, codes, nowhere);
  }

  verdict right, wrong;
  kind.finish(right), strict.finish(wrong);

  BOOST_TEST((right.findings[0].passed() && right.findings[1].passed()), right.findings[1].message);
  BOOST_TEST(right.metrics.at("scales_not_nominal") > 0);
  BOOST_TEST(right.metrics.at("codes_not_nominal") > 0);
  BOOST_TEST((!wrong.findings[0].passed() && !wrong.findings[1].passed()));
}

BOOST_AUTO_TEST_CASE(groups_hold_codes_scales_and_the_zero_bytes_of_packed_words) {
  const groups_problem p = parse_groups(keyed_text("policy=default_ue8m0,rows=3,k=10,group=2,layout=packed"));
  tensor_set inputs;
  tensor& x = inputs.set("x", matrix(p.type, 3, 10));
  for (std::int64_t i = 0; i < 30; ++i) x.set_value(i, static_cast<double>(i - 7));
  const tensor_set good = outputs_of(p, groups(p, inputs));
  const auto judged_with = [&](const char* name, std::int64_t at, std::uint64_t flip) {
    tensor_set bad = good;
    bad.at(name).set_code(at, bad.at(name).code(at) ^ flip);
    return failed(judge_groups(p, inputs, bad));
  };

  BOOST_TEST((judge_groups(p, inputs, good).result == outcome::pass));
  BOOST_TEST(judged_with("codes", 11, 1) == "set codes");
  BOOST_TEST(judged_with("scales", 1, 0x10000) == "scale scales");
  BOOST_TEST(judged_with("scales", 5, 0x100) == "bytes scales");
  tensor_set short_codes = good;
  short_codes.set("codes", matrix(p.rule.code, 2, 10));
  BOOST_TEST(failed(judge_groups(p, inputs, short_codes)) == "bytes codes");
}

BOOST_AUTO_TEST_CASE(a_given_scale_judges_codes_alone) {
  const groups_problem p = parse_groups(keyed_text("policy=vllm_per_tensor,rows=1,k=4,has_static=1"));
  tensor_set inputs;
  inputs.set("x", matrix(p.type, 1, 4)).set_value(2, 3);
  inputs.set("static_scale", tensor(dtype::f32, {1})).set_value(0, 2);
  tensor_set outputs = outputs_of(p, groups(p, inputs));

  BOOST_TEST((judge_groups(p, inputs, outputs).result == outcome::pass));
  outputs.at("codes").set_value(2, 3);
  BOOST_TEST(failed(judge_groups(p, inputs, outputs)) == "set codes");
}

BOOST_AUTO_TEST_CASE(readers_are_held_bit_for_bit_and_only_copied_nan_keeps_its_payload) {
  const dequantize_problem p = parse_dequantize(keyed_text("tokens=2,page_size=2"));
  tensor_set inputs = make_cache(p);
  std::uint8_t* row = bytes_of(inputs);
  row[0] = 0x7f, row[1] = 0x39;
  const float scale = 1;
  std::memcpy(row + 512, &scale, 4);
  row[528] = 0xc1, row[529] = 0x7f;
  tensor_set outputs = make_outputs(p);
  outputs.set("out", dequantize(p, inputs));
  const auto judged_with = [&](std::int64_t at, std::uint64_t code) {
    tensor_set other = outputs;
    other.at("out").set_code(at, code);
    return failed(judge_dequantize(p, inputs, other));
  };

  BOOST_TEST(judged_with(0, 0xffc0) == "");
  BOOST_TEST(judged_with(0, 0x7f80) == "bytes out");
  BOOST_TEST(judged_with(1, 0x3f91) == "bytes out");
  BOOST_TEST(judged_with(512, 0x7fc0) == "bytes out");
  BOOST_TEST(judged_with(2, 0x8000) == "bytes out");
}

BOOST_AUTO_TEST_CASE(weights_and_scattered_rows_are_held_too) {
  const weight_dequant_problem w = parse_weight_dequant(keyed_text("m=2,n=2"));
  tensor_set weights;
  weights.set("weight", matrix(w.code, 2, 2)).set_code(3, 0x41);
  weights.set("scale", matrix(dtype::f32, 1, 1)).set_value(0, 0.3);
  tensor_set out;
  out.set("out", weight_dequant(w, weights));
  const scatter_problem s = parse_scatter(keyed_text("tokens=1,rows=2"));
  tensor_set rows;
  rows.set("nope", matrix(s.type, 1, 528)), rows.set("rope", matrix(s.type, 1, 128));
  rows.set("loc", tensor(dtype::i32, {1}));
  rows.set("buffer", matrix(s.stored, 2, 656)).poison(9);
  tensor_set buffer;
  buffer.set("buffer", scatter(s, rows));

  BOOST_TEST((judge_weight_dequant(w, weights, out).result == outcome::pass));
  BOOST_TEST((judge_scatter(s, rows, buffer).result == outcome::pass));
  out.at("out").set_code(3, out.at("out").code(3) + 1);
  buffer.at("buffer").set_code(656, 0);
  BOOST_TEST(failed(judge_weight_dequant(w, weights, out)) == "bytes out");
  BOOST_TEST(failed(judge_scatter(s, rows, buffer)) == "bytes buffer");
}

BOOST_AUTO_TEST_SUITE_END()
