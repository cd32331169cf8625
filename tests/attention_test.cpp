// The truth: hand-made numbers, closed forms, 113 bits, and the promises about threads, masks and NaN.
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "reference/core/keyed_text.hpp"
#include "tests/attention_cases.hpp"

using namespace plumbline;
using namespace plumbline::attention_cases;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

attention_truth attend_one(const attention_unit& u, const attention_options& options) {
  return attend({&u, 1}, {}, options)[0];
}
attention_truth truth_of(const attention_unit& u) { return attend_one(u, {1, false, 0}); }

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

/// |x - expected| within `ulps` units in the last place of the larger.
bool close(double x, double expected, double ulps) {
  return std::fabs(x - expected) <= ulps * 0x1p-52 * std::max(std::fabs(x), std::fabs(expected));
}

std::vector<int> levels() {
  std::vector<int> all{3};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) all.push_back(4);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attention)

BOOST_AUTO_TEST_CASE(two_keys_with_log_odds_of_three_weigh_three_to_one) {
  // q = (1), k = (ln 3, 0): weights 3/4, 1/4.  v = (8, 4; 0, 16): out = (6, 7).  lse = ln 4.
  const auto data = std::make_shared<arrays>(arrays{{1}, {std::log(3.0), 0}, {8, 4, 0, 16}});
  const attention_truth truth = truth_of(make_unit(data, 1, 2));

  BOOST_TEST(close(truth.out[0], 6, 4));
  BOOST_TEST(close(truth.out[1], 7, 4));
  BOOST_TEST(close(truth.lse[0], std::log(4.0), 4));
}

BOOST_AUTO_TEST_CASE(five_rows_and_keys_by_hand_with_a_causal_edge) {
  // k_j = (j ln 2), q_i = (1): weights 2^j.  Row i sees keys 0..i; v_j = (2^j, 1).
  // out_0 = sum 4^j / sum 2^j = 1, 5/3, 3, 17/3, 11; out_1 = 1; lse = ln(2^(i+1) - 1).
  const double expected[] = {1, 5. / 3, 3, 17. / 3, 11};
  arrays a;
  for (int j = 0; j < 5; ++j) {
    a.q.push_back(1);
    a.k.push_back(j * std::log(2.0));
    a.v.insert(a.v.end(), {std::ldexp(1.0, j), 1.0});
  }
  attention_unit u = make_unit(std::make_shared<arrays>(a), 1, 2);
  u.end = {1, 2, 3, 4, 5};
  const attention_truth truth = truth_of(u);

  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(close(truth.out[2 * i], expected[i], 8), "row " << i << ": " << truth.out[2 * i]);
    BOOST_TEST(close(truth.out[2 * i + 1], 1, 8));
    if (i > 0) BOOST_TEST(close(truth.lse[i], std::log(std::ldexp(2.0, static_cast<int>(i)) - 1), 8));
  }
  BOOST_TEST(truth.lse[0] == 0);
}

BOOST_AUTO_TEST_CASE(a_sink_joins_the_normaliser_and_not_the_lse) {
  // One key with score 0, sink ln 3: weight 1/4.  value_scale 2.
  attention_unit u = make_unit(std::make_shared<arrays>(arrays{{1}, {0}, {10}}), 1, 1);
  u.sink = {std::log(3.0)};
  u.value_scale = 2;
  const attention_truth truth = truth_of(u);

  BOOST_TEST(close(truth.out[0], 5, 4));
  BOOST_TEST(truth.lse[0] == 0);
}

BOOST_AUTO_TEST_CASE(a_soft_cap_bends_scores_by_tanh) {
  // q.k = 2 atanh(1/2) = ln 3 with cap 2: s = 2 tanh(atanh(1/2)) = 1, against a score of 0: w = e / (e + 1).
  attention_unit u = make_unit(std::make_shared<arrays>(arrays{{1}, {std::log(3.0), 0}, {1, 0}}), 1, 1);
  u.softcap = 2;
  const attention_truth truth = truth_of(u);

  BOOST_TEST(close(truth.out[0], std::exp(1.0) / (std::exp(1.0) + 1), 8));
}

BOOST_AUTO_TEST_CASE(equal_scores_give_the_mean) {
  for (const std::int64_t keys : {1, 7, 63, 64, 65, 1000, 5000}) {
    random_case c = make_case({3, keys, 4, 5}, 1);
    std::fill(c.data->q.begin(), c.data->q.end(), 0.0);
    for (std::size_t j = 0; j < c.data->v.size(); ++j)
      c.data->v[j] = static_cast<double>(j % 5 + 8 * (j / 5 % 2));
    const attention_truth truth = truth_of(c.unit);

    const double odd = static_cast<double>(keys / 2);
    for (std::size_t i = 0; i < truth.out.size(); ++i)
      BOOST_TEST(close(truth.out[i], static_cast<double>(i % 5) + 8 * odd / static_cast<double>(keys), 2));
    BOOST_TEST(close(truth.lse[0], std::log(static_cast<double>(keys)), 1));
  }
}

BOOST_AUTO_TEST_CASE(a_dominating_key_gives_its_value_exactly) {
  random_case c = make_case({9, 300, 8, 3}, 2);
  for (std::size_t d = 0; d < 8; ++d) {
    c.data->k[137 * 8 + d] = 1000;
    for (std::size_t i = 0; i < 9; ++i) c.data->q[i * 8 + d] = 4;
  }
  const attention_truth truth = truth_of(c.unit);

  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t column = 0; column < 3; ++column)
      BOOST_TEST(truth.out[i * 3 + column] == c.data->v[137 * 3 + column]);
}

BOOST_AUTO_TEST_CASE(random_small_shapes_agree_with_113_bits_as_far_as_double_goes) {
  const shape shapes[] = {{1, 1, 1, 1},        {5, 5, 3, 2},      {8, 64, 16, 16},
                          {9, 65, 17, 13},     {17, 130, 64, 64}, {4, 200, 96, 80},
                          {33, 90, 40, 33, 8}, {2, 2200, 8, 4},   {20, 150, 24, 7, 30},
                          {130, 70, 5, 9},     {3, 77, 576, 512}, {16, 100, 3, 3, 1, true}};
  double worst = 0;
  std::uint64_t seed = 0;
  for (const shape& s : shapes)
    for (const int level : levels())
      for (int variant = 0; variant < 4; ++variant) {
        random_case c = make_case(s, ++seed);
        if (variant & 1) cut_ranges(c.unit, seed);
        if (variant & 2) {
          c.unit.softcap = 5;
          c.unit.value_scale = -0.75;
          random_stream sinks(seed, "sink");
          for (std::int64_t i = 0; i < s.rows; ++i) c.unit.sink.push_back(4 * sinks.normal());
        }
        for (const bool companions : {false, true}) {
          const double used = worst_against_quad(c.unit, *c.data, attend_one(c.unit, {1, companions, level}));
          BOOST_TEST(used <= 1, "rows " << s.rows << " keys " << s.keys << " dk " << s.dk << " dv " << s.dv
                                        << " level " << level << " variant " << variant << ": " << used);
          worst = std::max(worst, used);
        }
      }
  BOOST_TEST(worst > 0.001, "the allowance is far too wide: " << worst);
  BOOST_TEST_MESSAGE("largest part of the allowance used: " << worst);
}

BOOST_AUTO_TEST_CASE(ranges_may_begin_and_end_beside_any_page_boundary) {
  for (const std::int64_t begin : {0, 1, 62, 63, 64, 65, 127})
    for (const std::int64_t end : {128, 129, 191, 192, 193})
      for (const bool companions : {false, true}) {
        random_case c = make_case({17, 200, 8, 4}, static_cast<std::uint64_t>(begin + end));
        c.unit.begin.assign(17, begin);
        c.unit.end.assign(17, end);
        c.unit.begin[16] = begin + 1;  // alone in its panel

        BOOST_TEST(worst_against_quad(c.unit, *c.data, attend_one(c.unit, {1, companions, 0})) <= 1,
                   "[" << begin << ", " << end << ")");
      }
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
  const contract promised = plain_attention;
  for (const shape& s : {shape{70, 9000, 16, 24}, shape{300, 700, 24, 8}, shape{3, 5000, 8, 8, 1, true}}) {
    random_case c = make_case(s, 5);
    cut_ranges(c.unit, 5);
    const attention_unit units[] = {c.unit, c.unit};
    for (const bool companions : {false, true}) {
      const std::vector<attention_truth> one = attend(units, {&promised, 1}, {1, companions, 0});
      for (const int threads : {2, 3, 7}) {
        const std::vector<attention_truth> many = attend(units, {&promised, 1}, {threads, companions, 0});
        for (std::size_t i = 0; i < 2; ++i) {
          BOOST_TEST(same_bits(one[i].out, many[i].out));
          BOOST_TEST(same_bits(one[i].lse, many[i].lse));
          if (!companions) continue;
          BOOST_TEST(same_bits(one[i].contracts[0].A2, many[i].contracts[0].A2));
          BOOST_TEST(same_bits(one[i].SB, many[i].SB));
          BOOST_TEST(std::memcmp(one[i].contracts[0].rows.data(), many[i].contracts[0].rows.data(),
                                 one[i].contracts[0].rows.size() * sizeof(contract_companions::row)) == 0);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(invisible_keys_may_hold_anything) {
  for (const bool companions : {false, true}) {
    random_case c = make_case({20, 400, 16, 12}, 6);
    for (std::size_t i = 0; i < 20; ++i)
      c.unit.begin[i] = 70, c.unit.end[i] = 131 + 10 * static_cast<std::int64_t>(i);
    const contract promised = plain_attention;
    const attention_truth clean = attend({&c.unit, 1}, {&promised, 1}, {1, companions, 0})[0];
    for (std::size_t j = 0; j < 400; ++j)
      if (j < 70 || j >= 321)
        for (std::size_t d = 0; d < 16; ++d)
          c.data->k[j * 16 + d] = nan_value, c.data->v[j * 12 + d % 12] = d % 2 ? nan_value : infinity;
    const attention_truth poisoned = attend({&c.unit, 1}, {&promised, 1}, {1, companions, 0})[0];

    BOOST_TEST(same_bits(clean.out, poisoned.out));
    BOOST_TEST(same_bits(clean.lse, poisoned.lse));
    if (companions) BOOST_TEST(same_bits(clean.contracts[0].A2, poisoned.contracts[0].A2));
  }
}

BOOST_AUTO_TEST_CASE(nan_in_a_key_reaches_the_rows_that_see_it_and_no_other) {
  for (const bool companions : {false, true})
    for (const bool in_value : {false, true}) {
      random_case c = make_case({16, 200, 8, 4}, 7);
      for (std::size_t i = 0; i < 16; ++i) c.unit.end[i] = 190 + static_cast<std::int64_t>(i) / 2;
      const attention_truth clean = attend_one(c.unit, {1, companions, 0});
      (in_value ? c.data->v[195 * 4 + 1] : c.data->k[195 * 8 + 1]) = nan_value;
      const attention_truth dirty = attend_one(c.unit, {1, companions, 0});

      for (std::size_t i = 0; i < 16; ++i)
        for (std::size_t column = 0; column < 4; ++column) {
          const bool reached = c.unit.end[i] > 195 && (!in_value || column == 1);
          const double x = dirty.out[i * 4 + column];
          BOOST_TEST(std::isnan(x) == reached);
          if (c.unit.end[i] <= 195) BOOST_TEST(close(x, clean.out[i * 4 + column], 64));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_row_without_keys_is_zero_and_its_lse_minus_infinity) {
  random_case c = make_case({10, 100, 8, 4}, 8);
  c.unit.begin[3] = c.unit.end[3] = 50;
  c.unit.begin[9] = c.unit.end[9] = 0;
  c.unit.sink.assign(10, 1.0);
  for (const bool companions : {false, true}) {
    const attention_truth truth = attend_one(c.unit, {1, companions, 0});
    for (const std::size_t row : {3u, 9u}) {
      BOOST_TEST(truth.lse[row] == -infinity);
      for (std::size_t column = 0; column < 4; ++column) BOOST_TEST(truth.out[row * 4 + column] == 0);
    }
  }
  c.unit.begin.assign(10, 0);
  c.unit.end.assign(10, 0);
  BOOST_TEST(truth_of(c.unit).lse[0] == -infinity);
  attention_unit none;
  none.dk = none.dv = 1;
  BOOST_TEST(truth_of(none).out.empty());
}

BOOST_AUTO_TEST_CASE(both_instruction_sets_agree_to_a_few_ulp) {
  if (levels().size() < 2) return;
  random_case c = make_case({64, 1500, 128, 128}, 9);
  const attention_truth narrow = attend_one(c.unit, {1, false, 3}), wide = attend_one(c.unit, {1, false, 4});
  for (std::size_t i = 0; i < 64; ++i) {
    const quad_row exact = attend_in_quad(c.unit, *c.data, static_cast<std::int64_t>(i));
    for (std::size_t column = 0; column < 128; ++column) {
      const double apart = std::fabs(narrow.out[i * 128 + column] - wide.out[i * 128 + column]);
      BOOST_TEST(apart <= 4 * exact.relative * static_cast<double>(exact.S1[column]));
    }
    if (i == 3) break;  // 113 bits are slow
  }
}

BOOST_AUTO_TEST_CASE(an_error_in_a_loader_comes_back_as_thrown) {
  random_case c = make_case({70, 5000, 16, 8}, 10);
  c.unit.load_v = [](std::int64_t first, std::int64_t, double*) {
    if (first > 3000) throw std::runtime_error("page table is wild");
  };
  for (const int threads : {1, 3})
    for (const bool companions : {false, true})
      BOOST_CHECK_EXCEPTION(
          attend_one(c.unit, {threads, companions, 0}), std::runtime_error,
          [](const std::runtime_error& e) { return std::string(e.what()) == "page table is wild"; });
}

BOOST_AUTO_TEST_CASE(bad_arguments_are_refused_by_name) {
  random_case c = make_case({4, 10, 8, 4}, 11);
  const auto refused = [&](const char* name, const attention_unit& u, const contract& promised = {},
                           int level = 0) {
    BOOST_CHECK_EXCEPTION(attend({&u, 1}, {&promised, 1}, {1, true, level}), bad_argument,
                          [&](const bad_argument& e) { return e.argument() == name; });
  };
  attention_unit wide = c.unit, few = c.unit, sinks = c.unit;
  wide.end[2] = 11;
  few.begin.pop_back();
  sinks.sink = {1.0};
  contract huge = plain_attention, whole = plain_attention;
  huge.attention().p_type = dtype::e4m3, huge.attention().p_scale = 1024;
  whole.attention().p_type = dtype::i32;

  refused("begin, end", wide);
  refused("begin, end", few);
  refused("sink", sinks);
  refused("p_scale", c.unit, huge);
  refused("p_type", c.unit, whole);
  refused("x86_64_level", c.unit, {}, 5);
}

BOOST_AUTO_TEST_SUITE_END()
