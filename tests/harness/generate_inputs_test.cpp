#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include "properties/flash_decode/append_inputs.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/combine_inputs.hpp"
#include "properties/flash_decode/shapes.hpp"

using namespace plumbline;
using namespace plumbline::generate;

namespace {

flash_decode::attend_problem paged_problem() {
  flash_decode::attend_problem p;
  p.b = 3;
  p.hq = 2;
  p.d = p.dv = 16;
  p.page_size = 4;
  p.max_pages = 5;
  p.capacity = 20;
  p.num_pages = 12;
  p.batch_cache = 4;
  p.has_batch_idx = true;
  p.cache_seqlens = {9, 0, 14};
  p.cache_leftpad = {1, 0, 5};
  return p;
}

struct slot_counts {
  int nan = 0, finite = 0, large = 0;
};

slot_counts count(const tensor& cache) {
  slot_counts c;
  for (double x : cache.values()) {
    if (std::isnan(x)) ++c.nan;
    if (std::isfinite(x)) ++c.finite;
    if (std::fabs(x) >= 1000) ++c.large;
  }
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(generated_inputs)

BOOST_AUTO_TEST_CASE(what_is_arranged_is_gathered_again) {
  for (std::uint64_t i = 0; i < 150; ++i) {
    auto p = draw_attend(i % 2 ? dtype::bf16 : dtype::e4m3, dtype::bf16, regime::normal, 21, i);
    p.shared_pages = false;
    const auto content = draw_content(p, regime::normal, i);

    const tensor_set inputs = arrange(p, content, {i, poison::nan, false});

    BOOST_REQUIRE_NO_THROW(flash_decode::check(p, inputs));
    BOOST_REQUIRE((gather(p, inputs).sequences == content.sequences));
  }
}

BOOST_AUTO_TEST_CASE(inputs_of_every_drawn_case_are_valid) {
  for (std::uint64_t i = 0; i < 150; ++i) {
    const auto attend = draw_attend(dtype::f16, dtype::f16, draw_regime(5, i), 5, i);
    BOOST_REQUIRE_NO_THROW(flash_decode::check(attend, draw_inputs(attend, draw_regime(5, i), i)));
    const auto append = draw_append(dtype::bf16, 5, i);
    BOOST_REQUIRE_NO_THROW(flash_decode::check(append, draw_inputs(append, append_regimes[i % 2], i)));
    const auto combine = draw_combine(dtype::bf16, 5, i);
    BOOST_REQUIRE_NO_THROW(flash_decode::check(combine, draw_inputs(combine, combine_regimes[i % 7], i)));
  }
}

BOOST_AUTO_TEST_CASE(unused_slots_hold_nan_or_large_values_by_the_seed) {
  const auto p = paged_problem();
  const int used = (8 + 0 + 9) * 16, all = 12 * 4 * 16;

  const slot_counts even = count(draw_inputs(p, regime::normal, 4).at("k_cache"));
  const slot_counts odd = count(draw_inputs(p, regime::normal, 5).at("k_cache"));

  BOOST_TEST(even.nan == all - used);
  BOOST_TEST(even.large == 0);
  BOOST_TEST(odd.nan == 0);
  BOOST_TEST(odd.large == all - used);
}

BOOST_AUTO_TEST_CASE(unused_page_table_entries_are_wild_and_used_pages_distinct) {
  const auto p = paged_problem();
  const tensor_set inputs = arrange(p, draw_content(p, regime::normal, 4), {4, poison::nan, false});
  const std::int32_t* table = inputs.at("page_table").as<std::int32_t>();
  const std::int32_t* rows = inputs.at("cache_batch_idx").as<std::int32_t>();
  int wild = 0;
  std::vector<int> times(12);
  for (int i = 0; i < 4 * 5; ++i) {
    if (table[i] == 2147480000) ++wild;
    if (table[i] >= 0 && table[i] < 12) ++times[static_cast<std::size_t>(table[i])];
  }

  // sequence 0 uses pages 0..2, sequence 1 none, sequence 2 (padding 5) pages 1..3
  BOOST_TEST(wild == 20 - 3 - 3);
  for (int t : times) BOOST_TEST(t <= 1);
  BOOST_TEST(table[rows[2] * 5] == 2147480000);
}

BOOST_AUTO_TEST_CASE(gaps_and_surroundings_of_inputs_hold_nan) {
  auto p = paged_problem();
  p.gap = 8;

  const tensor_set inputs = draw_inputs(p, regime::normal, 4);

  for (const char* name : {"q", "k_cache", "v_cache"}) {
    const tensor& t = inputs.at(name);
    BOOST_TEST(std::isnan(t.value(16)), name);  // behind the first row
    BOOST_TEST(std::isnan(t.value(-1)), name);
  }
}

BOOST_AUTO_TEST_CASE(sequences_share_the_pages_of_their_prefix) {
  auto p = paged_problem();
  p.has_batch_idx = false;
  p.batch_cache = 3;
  p.cache_leftpad.clear();
  p.cache_seqlens = {9, 10, 14};
  p.shared_pages = true;

  const tensor_set inputs = draw_inputs(p, regime::normal, 6);
  const std::int32_t* table = inputs.at("page_table").as<std::int32_t>();

  for (int page : {0, 1}) {
    BOOST_TEST(table[page] == table[5 + page]);
    BOOST_TEST(table[page] == table[10 + page]);
  }
  BOOST_TEST(table[2] != table[5 + 2]);
}

BOOST_AUTO_TEST_CASE(a_shorter_sequence_keeps_the_values_it_had) {
  auto p = paged_problem();
  const auto before = draw_content(p, regime::normal, 8);
  p.cache_seqlens[0] = 5;

  const auto after = draw_content(p, regime::normal, 8);

  const auto& longer = before.sequences[0].keys.k;
  BOOST_TEST(
      (after.sequences[0].keys.k == std::vector<std::byte>(longer.begin(), longer.begin() + 4 * 16 * 2)));
  BOOST_TEST((after.sequences[2] == before.sequences[2]));
}

BOOST_AUTO_TEST_CASE(empty_partials_hold_nan_or_large_values_and_never_all_are_empty) {
  flash_decode::combine_problem p;
  p.num_splits = 8;
  p.b = p.sq = p.hq = 2;
  p.dv = 4;
  p.empty_percent = 90;
  const double minus_infinity = -std::numeric_limits<double>::infinity();

  for (std::uint64_t seed : {2u, 3u}) {
    const tensor_set inputs = draw_inputs(p, "normal", seed);
    const auto lse = inputs.at("lse_partial").values(), out = inputs.at("out_partial").values();
    int empty = 0;
    for (std::size_t row = 0; row < lse.size(); ++row) {
      const bool is_empty = lse[row] == minus_infinity;
      empty += is_empty;
      for (std::size_t c = 0; c < 4; ++c) {
        const double x = out[row * 4 + c];
        BOOST_TEST((seed % 2 ? std::fabs(x) >= 1000 : std::isnan(x)) == is_empty);
      }
    }
    BOOST_TEST(empty > 40);
    BOOST_TEST(empty < 64);
  }
}

BOOST_AUTO_TEST_CASE(rotary_tables_hold_points_of_the_circle_where_used_and_poison_elsewhere) {
  flash_decode::append_problem p;
  p.b = 1;
  p.d = p.dv = 32;
  p.sn = 2;
  p.capacity = 12;
  p.cache_seqlens = {7};
  p.rotary_dim = 16;
  p.seqlen_rotary = 12;

  const tensor_set inputs = draw_inputs(p, "normal", 2);
  const auto cos = inputs.at("rotary_cos").values(), sin = inputs.at("rotary_sin").values();

  for (int row = 0; row < 12; ++row)
    for (int e = 0; e < 8; ++e) {
      const double c = cos[static_cast<std::size_t>(row * 8 + e)],
                   s = sin[static_cast<std::size_t>(row * 8 + e)];
      if (row == 7 || row == 8)  // each of the two is rounded to bf16
        BOOST_TEST(std::fabs(c * c + s * s - 1) <= 4 * unit_roundoff(dtype::bf16));
      else
        BOOST_TEST((std::isnan(c) && std::isnan(s)));
    }
}

BOOST_AUTO_TEST_SUITE_END()
