// Upstream's tables of angles: ours by hand, and what a recorded table must not get away with.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "reference/core/keyed_text.hpp"
#include "reference/mla_rotary_table.hpp"
#include "tests/harness/mla_upstream_case.hpp"

using namespace plumbline;
using namespace plumbline::mla;

namespace {

// Positions 0, 1 and 300 of a table of 4 pairs, theta 2^8: they turn by 1, 1/4, 1/16, 1/64 without YaRN.
recorded_case table(std::int64_t max_seq_len, double change(std::int64_t pair, double turn) = nullptr) {
  recorded_case c = named("rotary_table", {{"qk_rope_head_dim", "8"},
                                           {"max_seq_len", std::to_string(max_seq_len)},
                                           {"original_seq_len", "512"},
                                           {"rope_theta", "256"},
                                           {"rope_factor", "4"},
                                           {"beta_fast", "32"},
                                           {"beta_slow", "1"}});
  rotary_table_options o;
  o.qk_rope_head_dim = 8, o.max_seq_len = max_seq_len, o.original_seq_len = 512;
  o.rope_theta = 256, o.rope_factor = 4;
  const std::vector<double> turns = rotary_frequencies(o);
  const double positions[] = {0, 1, 300};
  c.tensors.set("positions", filled(dtype::i32, {3}, {0, 1, 300}));
  tensor cos(dtype::f32, {3, 4}), sin(dtype::f32, {3, 4});
  for (std::int64_t i = 0; i < 12; ++i) {
    const double turn = turns[static_cast<std::size_t>(i % 4)];
    const double angle = positions[i / 4] * (change ? change(i % 4, turn) : turn);
    cos.set_value(i, std::cos(angle)), sin.set_value(i, std::sin(angle));
  }
  c.tensors.set("expected_cos", cos);
  c.tensors.set("expected_sin", sin);
  return c;
}

void require_failure(const recorded_case& c, const char* word) {
  const external_judgement one = judged(c);
  BOOST_TEST((one.result == outcome::fail));
  BOOST_TEST((one.message.find(word) != std::string::npos), one.message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_upstream_angles)

BOOST_AUTO_TEST_CASE(pairs_turn_by_powers_of_theta_and_slow_ones_are_stretched) {
  rotary_table_options o;
  o.qk_rope_head_dim = 8, o.max_seq_len = 512, o.original_seq_len = 512, o.rope_theta = 256,
  o.rope_factor = 4;
  const std::vector<double> plain = rotary_frequencies(o);
  BOOST_TEST(plain == (std::vector<double>{1, 0.25, 0.0625, 0.015625}), boost::test_tools::per_element());

  // One turn within 512 positions: pair 4 log256(512 / 2 pi) = 3.17; 32 turns: 0.67.  So the ramp is 0 .. 4.
  o.max_seq_len = 513;
  const double by_hand[] = {1, 0.25 * (0.75 + 0.25 / 4), 0.0625 * (0.5 + 0.5 / 4),
                            0.015625 * (0.25 + 0.75 / 4)};
  const std::vector<double> stretched = rotary_frequencies(o);
  for (std::size_t i = 0; i < 4; ++i)
    BOOST_TEST(std::fabs(stretched[i] - by_hand[i]) <= 0x1p-52 * by_hand[i]);
}

BOOST_AUTO_TEST_CASE(the_defaults_of_deepseek_keep_ten_pairs_and_divide_those_from_23_on) {
  const std::vector<double> turns = rotary_frequencies({});
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const double plain = std::pow(10000.0, -static_cast<double>(i) / 32);
    const double share = i <= 10 ? 1 : i >= 23 ? 1.0 / 40 : 0;
    if (share > 0)
      BOOST_TEST(std::fabs(turns[i] - plain * share) <= 0x1p-50 * plain, "pair " << i);
    else
      BOOST_TEST((turns[i] < plain && turns[i] > plain / 40), "pair " << i);
  }
}

BOOST_AUTO_TEST_CASE(a_table_of_these_angles_passes_and_one_of_others_fails) {
  require_pass(table(512));
  require_pass(table(513));
  // A ramp that was left out, a position too late, one that goes over by the halves of a head.
  recorded_case no_yarn = table(512), late = table(513);
  no_yarn.options["max_seq_len"] = "513";
  late.tensors.set("positions", filled(dtype::i32, {3}, {0, 2, 300}));
  require_failure(no_yarn, "position 300, pair 3");
  require_failure(late, "position 2, pair 0");
  require_failure(table(513, [](std::int64_t pair, double turn) { return pair == 3 ? turn * 1.001 : turn; }),
                  "position 300, pair 3");
}

BOOST_AUTO_TEST_CASE(the_softmax_scales_of_the_same_options_are_held) {
  recorded_case c = table(513);
  const double m = 0.1 * std::log(4.0) + 1, half = 0.0707 * std::log(4.0) + 1, plain = 1 / std::sqrt(192.0);
  c.tensors.set("expected_softmax_scale_192",
                filled(dtype::f64, {3}, {plain * half * half, plain * m * m, plain}));
  require_pass(c);
  c.tensors.set("expected_softmax_scale_192", filled(dtype::f64, {3}, {plain * half * half, plain, plain}));
  require_failure(c, "softmax_scale");
}

BOOST_AUTO_TEST_CASE(options_that_are_no_table_are_refused_by_name) {
  for (const char* option : {"qk_rope_head_dim", "max_seq_len", "original_seq_len", "rope_theta",
                             "rope_factor", "beta_fast", "beta_slow"}) {
    recorded_case c = table(513);
    c.options[option] = "-3";
    require_failure(c, option);
  }
  recorded_case short_of = table(512);
  short_of.tensors.set("expected_sin", tensor(dtype::f32, {2, 4}));
  require_failure(short_of, "expected_sin");
}

BOOST_AUTO_TEST_SUITE_END()
