// decode: by hand, by closed forms, and against plain rows in 113 bits.
#include <boost/test/unit_test.hpp>

#include <numeric>

#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

namespace {

constexpr attention_options truth_alone{1, false, 0};
constexpr double wild_page = 2147480000;

// One sequence of `keys` on pages of two slots, key j = (k_j, 0) with value k_j, query (1, 0).
struct small_decode {
  decode_problem p;
  tensor_set inputs;
  explicit small_decode(const numbers& keys, integer sq = 1) {
    p.sq = sq;
    p.d = 2;
    p.dv = 1;
    p.page_size = 2;
    p.max_pages = p.num_pages = 3;
    p.cache_seqlens = {static_cast<integer>(keys.size())};
    p.softmax_scale = 1;
    inputs = empty_inputs(p);
    fill(inputs.at("k_cache"), junk);
    for (integer i = 0; i < sq; ++i) put(inputs.at("q"), 1, 0, i, 0, 0);
    const double pages[] = {2, 0, 1};
    for (integer page = 0; page < 3; ++page)
      put(inputs.at("block_table"), page * 2 < static_cast<integer>(keys.size()) ? pages[page] : wild_page, 0,
          page);
    for (std::size_t j = 0; j < keys.size(); ++j) {
      const double page = pages[j / 2];
      put(inputs.at("k_cache"), keys[j], page, j % 2, 0, 0);
      put(inputs.at("k_cache"), 0, page, j % 2, 0, 1);
    }
  }
  attention_truth truth() const { return mla::decode(p, inputs, {}, truth_alone)[0]; }
};

struct drawn {
  decode_problem p;
  tensor_set inputs;
};

drawn draw_decode(std::uint64_t seed) {
  random_stream r(seed, "decode");
  drawn c;
  decode_problem& p = c.p;
  p.type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
  p.b = r.integer(0, 3);
  p.sq = r.integer(0, 4);
  p.hk = r.integer(1, 2);
  p.hq = p.hk * r.integer(1, 3);
  p.d = r.integer(1, 40);
  p.dv = r.integer(1, p.d);
  p.page_size = r.chance(0.3) ? 64 : r.integer(1, 9);
  p.max_pages = r.integer(0, 4);
  p.num_pages = p.b * p.max_pages + r.integer(0, 2);
  p.gap = r.chance(0.5) ? r.integer(1, 5) : 0;
  p.page_gap = r.chance(0.5) ? 1 : 0;
  p.softmax_scale = r.chance(0.3) ? 0 : r.uniform();
  p.causal = r.chance(0.6);
  for (integer s = 0; s < p.b; ++s)
    p.cache_seqlens.push_back(r.chance(0.2) ? 0 : r.integer(0, p.max_pages * p.page_size));
  c.inputs = empty_inputs(p);
  draw(c.inputs.at("q"), r, 2);
  tensor& cache = c.inputs.at("k_cache");
  fill(cache, junk);
  fill(c.inputs.at("block_table"), wild_page);
  std::vector<integer> pages(static_cast<std::size_t>(p.num_pages));
  std::iota(pages.begin(), pages.end(), integer{0});
  for (std::size_t n = pages.size(); n > 1; --n)
    std::swap(pages[n - 1], pages[static_cast<std::size_t>(r.integer(0, static_cast<integer>(n) - 1))]);
  std::size_t next = 0;
  for (integer s = 0; s < p.b; ++s)
    for (integer j = 0; j < p.cache_seqlens[static_cast<std::size_t>(s)]; ++j) {
      if (j % p.page_size == 0)
        put(c.inputs.at("block_table"), static_cast<double>(pages[next++]), s, j / p.page_size);
      for (integer h = 0; h < p.hk; ++h)
        for (integer e = 0; e < p.d; ++e) put(cache, r.normal(), pages[next - 1], j % p.page_size, h, e);
    }
  return c;
}

// The row of query i, head h, by the definition: every key is asked whether it is seen.
row row_of(const drawn& c, integer s, integer i, integer h) {
  const decode_problem& p = c.p;
  const tensor &q = c.inputs.at("q"), &cache = c.inputs.at("k_cache"), &table = c.inputs.at("block_table");
  const integer length = p.cache_seqlens[static_cast<std::size_t>(s)];
  row r{p.d, p.dv, p.softmax_scale > 0 ? p.softmax_scale : std::pow(static_cast<double>(p.d), -0.5), {}, {},
        {},  {}};
  for (integer e = 0; e < p.d; ++e) r.q.push_back(at(q, s, i, h, e));
  for (integer j = 0; j < length; ++j) {
    if (p.causal && p.sq > 1 && j > length - p.sq + i) continue;
    const double page = at(table, s, j / p.page_size);
    for (integer e = 0; e < p.d; ++e) {
      r.k.push_back(at(cache, page, j % p.page_size, h / (p.hq / p.hk), e));
      if (e < p.dv) r.v.push_back(r.k.back());
    }
  }
  return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_decode)

BOOST_AUTO_TEST_CASE(two_keys_with_log_odds_of_three_weigh_three_to_one) {
  // bf16 holds 1.09375; its odds are e^1.09375.
  const small_decode call({1.09375, 0});
  const double odds = std::exp(1.09375);
  const attention_truth truth = call.truth();

  BOOST_TEST(close(truth.out[0], 1.09375 * odds / (1 + odds), 8));
  BOOST_TEST(close(truth.lse[0], std::log(1 + odds), 8));
}

BOOST_AUTO_TEST_CASE(equal_keys_on_several_pages_give_their_value_and_the_log_of_their_number) {
  for (const std::size_t n : {1u, 2u, 3u, 5u, 6u}) {
    const attention_truth truth = small_decode(numbers(n, 0.5)).truth();

    BOOST_TEST(truth.out[0] == 0.5);
    BOOST_TEST(close(truth.lse[0], 0.5 + std::log(static_cast<double>(n)), 8));
  }
}

BOOST_AUTO_TEST_CASE(the_last_query_sees_every_key_and_each_one_before_it_one_less) {
  small_decode call({0, 0, 0}, 5);
  call.p.causal = true;
  const attention_truth truth = call.truth();

  const double seen[] = {0, 0, 1, 2, 3};
  for (std::size_t i = 0; i < 5; ++i)
    BOOST_TEST(truth.lse[i] == (seen[i] == 0 ? infinity : std::log(seen[i])), "query " << i);
}

BOOST_AUTO_TEST_CASE(one_query_sees_all_keys_causal_or_not) {
  small_decode call({1, 2, 3});
  const attention_truth open = call.truth();
  call.p.causal = true;
  const attention_truth causal = call.truth();

  BOOST_TEST(open.out == causal.out);
  BOOST_TEST(open.lse == causal.lse);
}

BOOST_AUTO_TEST_CASE(a_sequence_without_keys_is_zero_with_lse_plus_infinity) {
  const attention_truth truth = small_decode({}).truth();

  BOOST_TEST(truth.out == numbers{0});
  BOOST_TEST(truth.lse == numbers{infinity});
}

BOOST_AUTO_TEST_CASE(a_nan_in_a_visible_key_gives_nan_and_lse_plus_infinity) {
  small_decode call({1, 2, 3}, 2);
  call.p.causal = true;
  put(call.inputs.at("k_cache"), junk, 0, 0, 0, 1);  // key 2, its part that is no value
  const attention_truth truth = call.truth();

  BOOST_TEST(std::isfinite(truth.out[0]));
  BOOST_TEST(std::isfinite(truth.lse[0]));
  BOOST_TEST(std::isnan(truth.out[1]));
  BOOST_TEST(truth.lse[1] == infinity);
}

BOOST_AUTO_TEST_CASE(the_default_scale_is_that_of_the_whole_key) {
  decode_problem p;
  BOOST_TEST(effective_scale(p) == 1.0 / 24);
  p.softmax_scale = 0.135234;
  BOOST_TEST(effective_scale(p) == 0.135234);
}

BOOST_AUTO_TEST_CASE(the_models_scale_is_that_of_the_head_with_the_square_of_mscale) {
  const double plain_scale = 1 / std::sqrt(192.0), m = 0.1 * std::log(40.0) + 1;

  BOOST_TEST(model_softmax_scale(192, 4096, 4096, 40, 1) == plain_scale);
  BOOST_TEST(close(model_softmax_scale(192, 4097, 4096, 40, 1), plain_scale * m * m, 8));
  // The published six digits.
  BOOST_TEST(std::round(model_softmax_scale(192, 16384, 4096, 40, 1) * 1e6) == 135234);
  BOOST_TEST(std::round(model_softmax_scale(192, 16384, 4096, 40, 0.707) * 1e6) == 114721);
}

BOOST_AUTO_TEST_CASE(random_problems_agree_with_plain_rows_in_113_bits) {
  int empty = 0, rows = 0;
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const drawn c = draw_decode(seed);
    const auto truths = mla::decode(c.p, c.inputs, {}, truth_alone);
    BOOST_TEST_REQUIRE(truths.size() == static_cast<std::size_t>(c.p.b * c.p.hk));
    std::vector<char> out_seen(static_cast<std::size_t>(c.p.b * c.p.sq * c.p.hq)), lse_seen(out_seen.size());
    for (std::size_t u = 0; u < truths.size(); ++u)
      for (integer n = 0; n < truths[u].rows; ++n) {
        const row_place place = place_of(c.p, u, n);
        const row plain = row_of(c, place.sequence, place.query, place.head);
        const double error =
            error_of(plain, truths[u].out.data() + n * c.p.dv, truths[u].lse[static_cast<std::size_t>(n)]);
        BOOST_TEST(error <= 1, to_text(c.p) << ", " << name_of(place) << ": " << error);
        worst = std::max(worst, error);
        empty += plain.k.empty(), ++rows;
        out_seen[static_cast<std::size_t>(place.out_row)] = 1;
        lse_seen[static_cast<std::size_t>(place.lse)] = 1;
        BOOST_TEST(place.out_row == (place.sequence * c.p.sq + place.query) * c.p.hq + place.head);
        BOOST_TEST(place.lse == (place.sequence * c.p.hq + place.head) * c.p.sq + place.query);
      }
    BOOST_TEST(std::count(out_seen.begin(), out_seen.end(), 0) == 0);
    BOOST_TEST(std::count(lse_seen.begin(), lse_seen.end(), 0) == 0);
  }
  BOOST_TEST(rows > 500);
  BOOST_TEST(empty > 50);
  BOOST_TEST_MESSAGE("worst error " << worst << " of the bound in " << rows << " rows");
}

BOOST_AUTO_TEST_CASE(companions_come_with_the_truth_and_do_not_change_it) {
  const contract promised = plain_attention;
  for (std::uint64_t seed = 1000; seed < 1010; ++seed) {
    const drawn c = draw_decode(seed);
    const auto alone = mla::decode(c.p, c.inputs, {}, truth_alone);
    const auto full = mla::decode(c.p, c.inputs, {&promised, 1}, {1, true, 0});
    for (std::size_t u = 0; u < full.size(); ++u) {
      BOOST_TEST(full[u].contracts.size() == 1u);
      BOOST_TEST(full[u].S1.size() == full[u].out.size());
      for (std::size_t n = 0; n < alone[u].lse.size(); ++n)
        BOOST_TEST((alone[u].lse[n] == infinity) == (full[u].lse[n] == infinity));
      for (integer n = 0; n < full[u].rows; ++n) {
        const row_place place = place_of(c.p, u, n);
        BOOST_TEST(error_of(row_of(c, place.sequence, place.query, place.head),
                            full[u].out.data() + n * c.p.dv, full[u].lse[static_cast<std::size_t>(n)]) <= 1);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
