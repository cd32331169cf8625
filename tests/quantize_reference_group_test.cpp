// Scales and codes of one group: bytes worked out by hand, a second encoder, and both sides of every
// latitude.
#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <set>
#include <string>

#include "reference/quantize_group.hpp"
#include "tests/quantize_reference_data.hpp"
#include "tests/quantize_reference_scalar.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

using codes = std::vector<int>;
using numbers = std::vector<double>;

policy row(std::string_view name) {
  const auto found = policy_named(name);
  BOOST_TEST_REQUIRE(found.has_value(), name);
  return *found;
}

struct written {
  float scale;
  codes bytes;
};
written encode(std::string_view name, dtype in, const numbers& x) {
  std::vector<std::uint8_t> bytes(x.size());
  const float scale = encode_group(row(name), in, x, bytes.data());
  return {scale, codes(bytes.begin(), bytes.end())};
}

float up(float x, int ulps = 1) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + static_cast<std::uint32_t>(ulps));
}

// A group whose scale is exactly 1.
group_scale unit_scale(const policy& p) { return scale_of(p, dtype::f32, {limit_of(p.code), false}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_group)

BOOST_AUTO_TEST_CASE(names_are_unique_and_read_back) {
  std::set<std::string_view> names;
  for (const policy& one : policies) {
    BOOST_TEST(names.insert(one.name).second, one.name);
    BOOST_TEST((policy_named(one.name) == one));
  }
  BOOST_TEST(!policy_named("no such writer").has_value());
}

BOOST_AUTO_TEST_CASE(codes_under_scale_one_are_the_nearest_ties_to_even) {
  const written out = encode("default", dtype::f32,
                             {448, 1, -1, 1.0625, 1.1875, 17, 0x1p-9, 0x1p-10, 0x1.8p-10, 0x1.002p-10, -0.0});

  BOOST_TEST(out.scale == 1.0f);
  BOOST_TEST((out.bytes == codes{0x7e, 0x38, 0xb8, 0x38, 0x3a, 0x58, 0x01, 0x00, 0x01, 0x01, 0x80}));
}

BOOST_AUTO_TEST_CASE(beyond_the_largest_code_464_rounds_down_and_the_next_float_is_overflow) {
  const policy saturating = row("default"), losing = row("sglang_slow_torch_2_12");
  const group_scale one = unit_scale(saturating);

  BOOST_TEST(code_of(losing, one, 1, 464) == 0x7e);
  BOOST_TEST(code_of(losing, one, 1, -464) == 0xfe);
  BOOST_TEST(is_nan(dtype::e4m3, code_of(losing, one, 1, up(464))));
  BOOST_TEST(code_of(saturating, one, 1, up(464)) == 0x7e);
  BOOST_TEST(code_of(saturating, one, 1, -infinity) == 0xfe);
  BOOST_TEST(is_nan(dtype::e4m3, code_of(losing, one, 1, infinity)));
}

BOOST_AUTO_TEST_CASE(a_group_of_zeros_is_what_its_writer_makes_of_it) {
  struct expected {
    const char* name;
    double scale;
    codes bytes;  // of +0 and -0; -1: NaN
  };
  const float third = 1e-4f / 448, tenth = 1e-10f / 448;
  for (const expected& e : {expected{"default", 0, {0x00, 0x00}},
                            {"default_ue8m0", 0, {0x00, 0x00}},
                            {"sglang_slow", 0, {-1, -1}},
                            {"vllm_ds_mla", 0x1p-13, {0x00, 0x80}},
                            {"vllm_ds_mla_2025", 0x1p-126, {0x00, 0x80}},
                            {"flashmla_2026", 0x1p-13, {0x00, 0x80}},
                            {"sglang_dsv4", 0x1p-35, {0x00, 0x80}},
                            {"act_quant", third, {0x00, 0x80}},
                            {"act_quant_ue8m0", 0x1p-22, {0x00, 0x80}},
                            {"deep_gemm", third, {0x00, 0x80}},
                            {"group_fp8", tenth, {0x00, 0x80}},
                            {"group_fp8_ue8m0", 0x1p-42, {0x00, 0x80}},
                            {"group_int8", 1e-10f / 127, {0x00, 0x00}}}) {
    const written out = encode(e.name, dtype::bf16, {0.0, -0.0});

    BOOST_TEST(static_cast<double>(out.scale) == e.scale, e.name);
    for (int i = 0; i < 2; ++i)
      BOOST_TEST((e.bytes[i] < 0 ? (out.bytes[i] & 0x7f) == 0x7f : out.bytes[i] == e.bytes[i]), e.name);
  }
}

BOOST_AUTO_TEST_CASE(a_scale_of_zero_under_the_fast_writer_leaves_any_code_that_reads_as_zero) {
  const policy p = row("sglang_fast");
  const group_scale g = scale_of(p, dtype::bf16, extent{});

  const code_set set = codes_of(p, g, 0, 0.0);

  BOOST_TEST(g.scale.nominal == 0);
  BOOST_TEST((set.holds(p.code, 0x7e) && set.holds(p.code, 0xfe) && set.holds(p.code, 0x00)));
  BOOST_TEST((!set.holds(p.code, 0x7f) && !set.holds(p.code, 0xff)));
}

BOOST_AUTO_TEST_CASE(nan_goes_where_its_writer_sends_it) {
  const numbers x = {not_a_number, 448, 1};

  const written ours = encode("default", dtype::bf16, x), slow = encode("sglang_slow", dtype::bf16, x);
  const policy fast = row("sglang_fast");
  const code_set lost = codes_of(fast, unit_scale(fast), 1, not_a_number);

  BOOST_TEST(ours.scale == 1.0f);
  BOOST_TEST((ours.bytes == codes{0x7f, 0x7e, 0x38}));
  BOOST_TEST((encode("default", dtype::bf16, {not_a_number, 0.0}).bytes == codes{0x7f, 0x00}));
  BOOST_TEST(std::isnan(slow.scale));
  BOOST_TEST((slow.bytes == codes{0x7f, 0x7f, 0x7f}));
  BOOST_TEST((lost.holds(fast.code, 0x7e) && lost.holds(fast.code, 0xfe)));
  BOOST_TEST((!lost.holds(fast.code, 0x7f) && !lost.holds(fast.code, 0x00)));
}

BOOST_AUTO_TEST_CASE(infinity_takes_the_scale_and_leaves_zeros) {
  const written ours = encode("default", dtype::f32, {-infinity, 3, -3}),
                fast = encode("sglang_fast", dtype::f32, {infinity, 3, -3});

  BOOST_TEST((std::isinf(ours.scale) && std::isinf(fast.scale)));
  BOOST_TEST((ours.bytes == codes{0x7f, 0x00, 0x80}));
  BOOST_TEST((fast.bytes == codes{0xfe, 0x00, 0x80}));
}

BOOST_AUTO_TEST_CASE(half_precision_scales_run_out_of_steps) {
  const double step = 0x1p-24, few = 448 * step * 1.4, none = 448 * step * 0.49;

  const written saturating = encode("sglang_slow", dtype::f16, {few, 0}),
                losing = encode("sglang_slow_torch_2_12", dtype::f16, {few, 0}),
                underflown = encode("sglang_slow", dtype::f16, {none, -none});

  BOOST_TEST((saturating.scale == static_cast<float>(step) && losing.scale == saturating.scale));
  BOOST_TEST((saturating.bytes[0] == 0x7e && losing.bytes[0] == 0x7f));
  BOOST_TEST(underflown.scale == 0);
  BOOST_TEST((underflown.bytes == codes{0x7e, 0xfe}));
}

BOOST_AUTO_TEST_CASE(an_inverse_that_overflows_saturates_every_element) {
  const written fast = encode("sglang_fast", dtype::f32, {448 * 0x1p-129, 0x1p-129, 0});

  BOOST_TEST(fast.scale == 0x1p-129f);
  BOOST_TEST((fast.bytes == codes{0x7e, 0x7e, 0xfe}));
}

BOOST_AUTO_TEST_CASE(one_huge_element_flushes_its_group) {
  const written out = encode("default", dtype::bf16, {0x1.fep127, 1, -1, 0x1p117});

  BOOST_TEST(out.scale == static_cast<float>(0x1.fep127) / 448);
  BOOST_TEST((out.bytes == codes{0x7e, 0x00, 0x80, 0x26}));
}

BOOST_AUTO_TEST_CASE(int8_rounds_as_its_writer_does) {
  const numbers halves = {127, 2.5, 3.5, -2.5, -0.5, 1.75};

  BOOST_TEST((encode("group_int8", dtype::f32, halves).bytes == codes{127, 2, 3, 0xfe, 0, 1}));
  BOOST_TEST((encode("group_int8_nearest", dtype::f32, halves).bytes == codes{127, 2, 4, 0xfe, 0, 2}));
  BOOST_TEST((encode("token_int8", dtype::f32, halves).bytes == codes{127, 3, 4, 0xfd, 0xff, 2}));
}

BOOST_AUTO_TEST_CASE(int8_without_a_clamp_wraps) {
  const written out = encode("kv_int8", dtype::f16, {127 * 0x1.8p-24, -127 * 0x1.8p-24});

  BOOST_TEST(out.scale == 0x1p-23f);
  BOOST_TEST((out.bytes == codes{95, 0xa1}));
  const policy p = row("kv_int8");
  BOOST_TEST(code_of(p, unit_scale(p), 1, 130) == 0x82);
}

BOOST_AUTO_TEST_CASE(facts_about_all_128_significands_of_bf16) {
  int product_differs = 0, above_limit = 0, truncated_to_126 = 0;
  const policy divided = row("act_quant"), multiplied = row("act_quant_v32"), truncated = row("group_int8");
  for (int fraction = 0; fraction < 128; ++fraction) {
    const double amax = 1 + fraction / 128.0;
    const float s = scale_of(divided, dtype::bf16, {amax, false}).scale.nominal;
    product_differs += s != scale_of(multiplied, dtype::bf16, {amax, false}).scale.nominal;
    above_limit += static_cast<float>(amax) / s > 448;
    const group_scale g = scale_of(truncated, dtype::bf16, {amax, false});
    truncated_to_126 += code_of(truncated, g, g.scale.nominal, amax) == 126;
    BOOST_TEST(scale_of(row("default_ue8m0"), dtype::bf16, {amax, false}).scale.nominal ==
               scale_of(row("act_quant_ue8m0"), dtype::bf16, {amax, false}).scale.nominal);
  }

  BOOST_TEST(product_differs == 71);
  BOOST_TEST(above_limit == 11);
  BOOST_TEST(truncated_to_126 == 15);
}

BOOST_AUTO_TEST_CASE(scales_become_powers_of_two_upwards_and_before_quantizing) {
  const written out = encode("default_ue8m0", dtype::f32, {448 * 1.25, 448, -1});

  BOOST_TEST(out.scale == 2.0f);
  BOOST_TEST((out.bytes == codes{0x79, 0x76, 0xb0}));
  BOOST_TEST(up_by_bits(1) == 1.0f);
  BOOST_TEST(up_by_bits(up(1)) == 2.0f);
  BOOST_TEST(up_by_bits(0x1p-149f) == 0x1p-126f);
  BOOST_TEST(up_by_bits(0) == 0.0f);
}

BOOST_AUTO_TEST_CASE(the_logarithm_takes_scales_just_above_a_power_for_it_and_both_are_right) {
  struct window {
    int exponent, ulps;  // widest that was measured
  };
  for (const window& w : {window{-10, 2}, {-20, 5}, {-40, 11}}) {
    const float power = std::ldexp(1.0f, w.exponent);
    const auto set_at = [&](std::string_view name, int ulps) {
      policy p = row(name);
      p.amax_floor = p.scale_floor = p.scale_error = 0;
      return scale_of(p, dtype::f32, {static_cast<double>(up(power, ulps)) * 448, false}).scale;
    };
    const scale_set inside = set_at("flashmla_2026", w.ulps), edge = set_at("flashmla_2026", w.ulps + 1),
                    outside = set_at("flashmla_2026", 3 * w.ulps + 3), bits = set_at("default_ue8m0", w.ulps);

    BOOST_TEST(up_by_log2(up(power, w.ulps)) == power);
    BOOST_TEST(up_by_log2(up(power, w.ulps + 1)) == 2 * power);
    BOOST_TEST((inside.holds(power) && inside.holds(2 * power) && !inside.holds(1.5f * power)));
    BOOST_TEST((edge.holds(power) && edge.nominal == 2 * power));
    BOOST_TEST((inside.why == latitude::logarithm));
    BOOST_TEST((outside.holds(2 * power) && !outside.holds(power)));
    BOOST_TEST((bits.holds(2 * power) && !bits.holds(power)));
  }
}

BOOST_AUTO_TEST_CASE(an_exact_scale_is_one_bit_pattern_and_a_declared_one_two_ulp_wide) {
  const extent e{3.140625, false};
  const scale_set exact = scale_of(row("default"), dtype::bf16, e).scale,
                  declared = scale_of(row("act_quant"), dtype::bf16, e).scale;
  const float s = exact.nominal;

  BOOST_TEST((exact.holds(s) && !exact.holds(up(s)) && !exact.holds(-s)));
  BOOST_TEST((declared.holds(s) && declared.holds(up(s)) && declared.holds(up(s, -1))));
  BOOST_TEST((!declared.holds(up(s, 5)) && !declared.holds(up(s, -5)) && !declared.holds(-s)));
  BOOST_TEST(!declared.holds(std::numeric_limits<float>::quiet_NaN()));
  BOOST_TEST(!scale_of(row("default"), dtype::bf16, {}).scale.holds(-0.0f));
}

BOOST_AUTO_TEST_CASE(a_declared_power_of_two_may_be_its_neighbour_only_where_the_error_reaches_it) {
  const policy p = row("act_quant_v32_ue8m0");
  const scale_set on = scale_of(p, dtype::f32, {448, false}).scale,
                  away = scale_of(p, dtype::f32, {448 * (1 + 0x1p-20), false}).scale;

  BOOST_TEST((on.holds(1) && on.holds(2) && !on.holds(0.5f) && !on.holds(1.5f)));
  BOOST_TEST((away.holds(2) && !away.holds(1)));
}

BOOST_AUTO_TEST_CASE(a_code_may_differ_from_the_nearest_only_within_the_declared_error_of_a_boundary) {
  const policy exact = row("default"), declared = row("act_quant"), int8 = row("group_int8");
  const group_scale one = unit_scale(exact);
  const auto set_of = [&](const policy& p, double x) { return codes_of(p, one, 1, x); };
  const double tie = 1.0625, inside = tie * (1 + 0x1p-23), outside = tie * (1 + 0x1.8p-22);

  BOOST_TEST(
      (set_of(declared, tie).holds(dtype::e4m3, 0x38) && set_of(declared, tie).holds(dtype::e4m3, 0x39)));
  BOOST_TEST(set_of(declared, inside).holds(dtype::e4m3, 0x38));
  BOOST_TEST(!set_of(declared, outside).holds(dtype::e4m3, 0x38));
  BOOST_TEST(!set_of(exact, inside).holds(dtype::e4m3, 0x38));
  BOOST_TEST((set_of(exact, tie).single() && set_of(declared, outside).single()));
  BOOST_TEST(!set_of(declared, tie).holds(dtype::e4m3, 0xb8));
  BOOST_TEST((set_of(int8, 5).holds(dtype::i8, 4) && !set_of(int8, 5.01).holds(dtype::i8, 4)));
  BOOST_TEST(!set_of(declared, 0.0).holds(dtype::e4m3, 0x80));
}

BOOST_AUTO_TEST_CASE(a_ceiling_bounds_amax) {
  policy p = row("vllm_per_token");

  const group_scale g = scale_of(p, dtype::bf16, {896, false}, 448);

  BOOST_TEST(g.scale.nominal == 1.0f);
  BOOST_TEST(code_of(p, g, 1, 896) == 0x7e);
}

BOOST_AUTO_TEST_CASE(readers_round_twice) {
  BOOST_TEST(value_of(dtype::e4m3, 0x39, 1, dtype::f32) == 1.125);
  BOOST_TEST(value_of(dtype::i8, 0xfd, 0.5f, dtype::bf16) == -1.5);
  BOOST_TEST(value_of(dtype::e4m3, 0x7e, 0, dtype::bf16) == 0);
  BOOST_TEST(std::isnan(value_of(dtype::e4m3, 0x7f, 0, dtype::bf16)));
  // 1.125 * s lies above the tie between 1.0625 and its successor by less than fp32 can tell.
  const double tie = 1.0625 + 0x1p-8, s = std::ceil(tie * 8 / 9 * 0x1p24) / 0x1p24;
  BOOST_TEST_REQUIRE((1.125 * s > tie && 1.125 * s <= tie + 0x1p-24));
  BOOST_TEST(round_to(dtype::bf16, 1.125 * s) == 1.0625 + 0x1p-7);
  BOOST_TEST(value_of(dtype::e4m3, 0x39, static_cast<float>(s), dtype::bf16) == 1.0625);
}

BOOST_AUTO_TEST_CASE(every_policy_agrees_with_a_second_encoder_on_every_class_of_groups) {
  random_stream draw(1, "quantize groups");
  for (const policy& p : policies)
    for (const dtype in : {dtype::bf16, dtype::f16, dtype::f32})
      for (int turn = 0; turn < 4 * kinds; ++turn) {
        const numbers x = group_of_kind(turn % kinds, in, 64, draw);
        std::vector<std::uint8_t> mine(x.size());
        const float scale = encode_group(p, in, x, mine.data());

        const scalar::encoded other = scalar::encode(p, in, x);

        const bool same_scale = std::isnan(scale) ? std::isnan(other.scale)
                                                  : std::bit_cast<std::uint32_t>(scale) ==
                                                        std::bit_cast<std::uint32_t>(other.scale);
        BOOST_TEST(same_scale, p.name << " " << name_of(in) << " kind " << turn % kinds << ": scale " << scale
                                      << " and " << other.scale);
        int differ = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
          differ += mine[i] != other.codes[i] && !(is_nan(p.code, mine[i]) && is_nan(p.code, other.codes[i]));
        BOOST_TEST(differ == 0, p.name << " " << name_of(in) << " kind " << turn % kinds);
      }
}

BOOST_AUTO_TEST_CASE(what_is_nominal_is_right_and_exact_policies_leave_one_result) {
  random_stream draw(2, "quantize groups");
  for (const policy& p : policies)
    for (int turn = 0; turn < 2 * kinds; ++turn) {
      const numbers x = group_of_kind(turn % kinds, dtype::bf16, 32, draw);
      const group_scale g = scale_of(p, dtype::bf16, extent_of(x));
      int wrong = 0, loose = 0;
      for (const double one : x) {
        const code_set set = codes_of(p, g, g.scale.nominal, one);
        wrong += !set.holds(p.code, set.nominal) || set.nominal != code_of(p, g, g.scale.nominal, one);
        loose += p.quotient_error == 0 && p.nan == nan_code::kept && p.zero != zero_scale::any_finite &&
                 !set.single();
      }

      BOOST_TEST((wrong == 0 && loose == 0 && g.scale.holds(g.scale.nominal)),
                 p.name << " kind " << turn % kinds);
    }
}

BOOST_AUTO_TEST_SUITE_END()
