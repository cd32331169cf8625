// The two kernels of store write the same bytes, and those of an encoder that shares no code with them, tile
// after tile: for every writer of the policy table, on many tiles of every class.
//
// Built twice: PLUMBLINE_TILES tiles a policy, ten thousand for every day and a million for the long tier.
// What counts as zero, NaN, subnormal or tie is asked of the elements, not of the generator.
#include "tests/quantize_kernels.hpp"

#include <algorithm>
#include <cstring>

#include "tests/quantize_reference_scalar.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

constexpr std::int64_t wanted = PLUMBLINE_TILES;
constexpr std::int64_t batch_tokens = 512, tiles_a_token = 4;

struct tally {
  std::int64_t tiles = 0, zero = 0, nan = 0, tie = 0, subnormal = 0, unlike = 0;
};

bool is_tie(double quotient) {
  const std::vector<double>& list = scalar::magnitudes();
  const auto above = std::upper_bound(list.begin(), list.end(), std::fabs(quotient));
  return above != list.begin() && above != list.end() && 2 * std::fabs(quotient) == above[-1] + above[0];
}

void count(tally& all, dtype in, const std::vector<double>& x, float scale) {
  const double normal = in == dtype::f16 ? 0x1p-14 : 0x1p-126;
  bool zero = true, nan = false, tie = false, subnormal = false;
  for (const double one : x) {
    zero = zero && one == 0;
    nan = nan || std::isnan(one);
    subnormal = subnormal || (one != 0 && std::fabs(one) < normal);
    tie = tie || is_tie(one / scale);
  }
  ++all.tiles, all.zero += zero, all.nan += nan, all.subnormal += subnormal, all.tie += tie;
}

// A code that the policy leaves open: which NaN; which end of the range for a quotient that is NaN, or under
// a scale of zero.
bool alike(const policy& rule, float scale, double x, std::uint8_t a, std::uint8_t b) {
  if (a == b) return true;
  if (is_nan(rule.code, a) && is_nan(rule.code, b)) return true;
  const bool open = (scale == 0 && rule.zero == zero_scale::any_finite) ||
                    (std::isnan(x / scale) && rule.nan == nan_code::either_end);
  const auto end = [](std::uint8_t code) { return (code & 0x7f) == 0x7e; };
  return open && end(a) && end(b);
}

store_problem batch_of(const policy& rule, dtype in, std::int64_t tile) {
  store_problem p;
  p.rule = rule;
  p.type = in;
  p.tile = tile, p.dv = p.d = tiles_a_token * tile;
  p.tokens = p.page_size = batch_tokens;
  return p;
}

void compare_batch(const store_problem& p, random_stream& draw, tally& all) {
  tensor_set inputs = make_cache(p);
  tensor k = matrix(p.type, p.tokens, p.d);
  fill_tiles(k, p.tile, p.dv, draw, static_cast<int>(draw.integer(0, kinds - 1)));
  inputs.set("k", std::move(k));
  const auto& rows = row_named<store_problem>("k_cache_rows");
  const auto& by_tiles = row_named<store_problem>("k_cache_tiles");
  BOOST_TEST_REQUIRE(rows.domain(p) == "");
  BOOST_TEST_REQUIRE(by_tiles.domain(p) == "");

  const tensor_set first = run_row(rows, p, inputs, poisoned(make_outputs(p, inputs)));
  const tensor_set second = run_row(by_tiles, p, inputs, poisoned(make_outputs(p, inputs)));

  BOOST_TEST_REQUIRE(same_elements(first.at("cache"), second.at("cache")), p.rule.name);
  std::vector<double> x(static_cast<std::size_t>(p.tile));
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const auto written = slot_of(p, token, first.at("cache").data());
    for (std::int64_t t = 0; t < tiles_a_token; ++t) {
      for (std::int64_t i = 0; i < p.tile; ++i)
        x[static_cast<std::size_t>(i)] = inputs.at("k").value(token * p.d + t * p.tile + i);
      const scalar::encoded expected = scalar::encode(p.rule, p.type, x);
      const float scale = scale_at(p, written.scales, t);
      count(all, p.type, x, scale);
      bool same = scale == expected.scale || (std::isnan(scale) && std::isnan(expected.scale));
      for (std::int64_t i = 0; i < p.tile; ++i)
        same = same && alike(p.rule, scale, x[static_cast<std::size_t>(i)], written.codes[t * p.tile + i],
                             expected.codes[static_cast<std::size_t>(i)]);
      if (same) continue;
      if (all.unlike++ == 0)
        BOOST_TEST(same, p.rule.name << " " << name_of(p.type) << " tile " << p.tile << ", token " << token
                                     << ", tile " << t << ": scale " << scale << ", expected "
                                     << expected.scale);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_tiles)

BOOST_AUTO_TEST_CASE(both_kernels_and_a_scalar_encoder_write_the_same_bytes_for_every_policy) {
  constexpr dtype types[] = {dtype::bf16, dtype::f16, dtype::f32};
  constexpr std::int64_t sizes[] = {32, 64, 128};
  int policies_seen = 0;
  for (const policy& rule : policies) {
    if (rule.code != dtype::e4m3) continue;
    ++policies_seen;
    random_stream draw(7, rule.name);
    tally all;
    for (int batch = 0; all.tiles < wanted; ++batch)
      compare_batch(batch_of(rule, types[batch % 3], sizes[batch / 3 % 3]), draw, all);

    BOOST_TEST(all.unlike == 0, rule.name << ": " << all.unlike << " of " << all.tiles);
    for (const auto& [count, what] :
         {std::pair{all.zero, "zero"}, {all.nan, "NaN"}, {all.tie, "tie"}, {all.subnormal, "subnormal"}})
      BOOST_TEST(100 * count >= all.tiles, rule.name << ": " << count << " " << what << " of " << all.tiles);
  }
  BOOST_TEST(policies_seen > 20);
}

BOOST_AUTO_TEST_SUITE_END()
