// Many rows of nearly one value round alike: they are one row to the filters that pool rows.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "properties/judge/attention/repeats.hpp"
#include "tests/harness/handmade_truth.hpp"

using namespace plumbline;
using namespace plumbline::testing;
using plumbline::judging::repeats_of;

namespace {

constexpr std::int64_t rows = 256, columns = 64;
constexpr double half_step = 0x1p-8, bf16_step = 0x1p-7;  // of bf16 between 1 and 2
constexpr double u_bf16 = 0x1p-8;

/// Values halfway between two of bf16, moved by less than any cast sees, up in one row and down in the next.
attention_truth ties() {
  attention_truth t = handmade(rows, columns, 1.0);
  for (std::size_t at = 0; at < t.out.size(); ++at) {
    const auto row = static_cast<double>(at / columns), column = static_cast<double>(at % columns);
    t.out[at] = 1 + column * bf16_step + half_step + (static_cast<std::int64_t>(row) % 2 ? 1e-7 : -1e-7);
    t.S1[at] = t.out[at];
  }
  return t;
}

/// The same ties, at a distance from each other that grows row by row.
attention_truth ties_apart() {
  attention_truth t = ties();
  for (std::size_t at = 0; at < t.out.size(); ++at) {
    const auto row = static_cast<std::int64_t>(at / columns),
               column = static_cast<std::int64_t>(at % columns);
    t.out[at] = 1 + static_cast<double>((column + 5 * row) % 100) * bf16_step + half_step;
    t.S1[at] = t.out[at];
  }
  return t;
}

/// Every row rounds its ties alike, 40 columns of 64 up.
attention_output rounded_alike(const attention_truth& t) {
  attention_output x{t.out, t.lse};
  for (std::size_t at = 0; at < x.out.size(); ++at) {
    const double tie = 1 + std::floor((x.out[at] - 1) / bf16_step) * bf16_step + half_step;
    x.out[at] = tie + (at % columns < 40 ? half_step : -half_step);
  }
  return x;
}

contract into_bf16() {
  contract c = plain_f32();
  c.attention().p_type = c.out_type = dtype::bf16;
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judge_repeats)

BOOST_AUTO_TEST_CASE(equal_rows_count_as_one_and_rows_apart_as_many) {
  attention_truth same = handmade(rows, columns, 1.0);
  attention_truth apart = same;
  for (std::size_t at = 0; at < apart.out.size(); ++at)
    apart.out[at] = 1 + 0.01 * static_cast<double>(at / columns);

  BOOST_TEST(repeats_of(same, 0, u_bf16) == static_cast<double>(rows));
  BOOST_TEST(repeats_of(apart, 0, u_bf16) == 1.0);
}

BOOST_AUTO_TEST_CASE(heads_of_a_token_that_agree_count_as_one_token) {
  constexpr std::int64_t heads = 8;
  attention_truth t = handmade(rows, columns, 1.0);
  for (std::size_t at = 0; at < t.out.size(); ++at)
    t.out[at] = 1 + 0.01 * static_cast<double>(static_cast<std::int64_t>(at) / (columns * heads));
  const double found = repeats_of(t, 0, u_bf16);

  // Eight heads agree; an octave takes the larger of its two samples, so at most twice that.
  BOOST_TEST(found > heads * 0.9);
  BOOST_TEST(found < 2 * heads);
}

BOOST_AUTO_TEST_CASE(rows_that_only_coherent_P_rounding_makes_equal_count_as_equal) {
  attention_truth t = handmade(rows, columns, 1.0);
  for (std::int64_t row = 0; row < rows; ++row) {
    const double bend = 0.01 * static_cast<double>(row);
    for (std::int64_t c = 0; c < columns; ++c) {
      t.out[static_cast<std::size_t>(row * columns + c)] = 1 + bend;
      t.C[static_cast<std::size_t>(row * columns + c)] = bend;
    }
  }
  BOOST_TEST_REQUIRE(repeats_of(t, 0, u_bf16) == 1.0);
  for (auto& row : t.contracts[0].rows) row.b[0] = -1;

  BOOST_TEST(repeats_of(t, 0, u_bf16) == static_cast<double>(rows));
}

BOOST_AUTO_TEST_CASE(zeros_say_nothing_about_agreement) {
  attention_truth t = handmade(rows, columns, 0.0);
  BOOST_TEST(repeats_of(t, 0, u_bf16) == 1.0);
}

BOOST_AUTO_TEST_CASE(ties_that_all_rows_round_alike_are_no_fault) {
  const attention_truth t = ties();
  const verdict v = judged(t, into_bf16(), rounded_alike(t));

  BOOST_TEST((v.result == outcome::pass), v.message);
}

BOOST_AUTO_TEST_CASE(the_same_roundings_in_rows_that_differ_are_a_fault) {
  const attention_truth t = ties_apart();
  const verdict v = judged(t, into_bf16(), rounded_alike(t));

  BOOST_TEST((v.result == outcome::fail));
  BOOST_TEST(finding_named(v, "A").where == "tensor");
}

BOOST_AUTO_TEST_SUITE_END()
