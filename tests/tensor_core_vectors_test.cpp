// The model against every recorded vector of a real H100 and H200, all bits; and near misses that those same
// vectors must refuse.
//
// A near miss is the same code with another parameter, so it cannot drift from the model.  Beside each stands
// how many of the 5000 vectors of H200 and H100 it meets: another implementation of the same variants, made
// before this one, counted the same.  5000 of 5000 for a near miss would say that the vectors cannot tell.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "fixtures/store.hpp"
#include "kernels/host/tensor_core_generation.hpp"

namespace plumbline {
namespace {

using simt::all_bits;
using simt::first_half;
using simt::fp8_rule;
using simt::least_exponents;
using simt::least_of;
using simt::product_tile;
using simt::rounding;
using simt::rule_for;
using simt::sum_rule;
using enum dtype;

constexpr const char* file = PLUMBLINE_RECORDED_FOLDER "/tensor_core.h5";

/// Vectors of one instruction and device, as numbers.
struct vectors {
  int count = 0, k = 0;
  dtype sum = f32;
  std::vector<float> a, b, c, d;
};

std::vector<float> numbers(const tensor& t) {
  std::vector<float> all;
  for (const double x : t.values()) all.push_back(static_cast<float>(x));
  return all;
}

vectors read_vectors(const std::string& name) {
  const fixtures::stored_case stored = fixtures::read(file, {"tensor_core", name});
  const tensor& a = stored.tensors.at("a");
  return {static_cast<int>(a.dim(0)),
          static_cast<int>(a.dim(1)),
          stored.tensors.at("expected_d").type(),
          numbers(a),
          numbers(stored.tensors.at("b")),
          numbers(stored.tensors.at("c")),
          numbers(stored.tensors.at("expected_d"))};
}

bool same_bits(float x, float y) {
  return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
}

/// Vectors whose result `multiply` gives, eight to a tile: vector i stands in row i and column i.
template <int K>
int matches(const vectors& v, const std::function<void(product_tile<K>&)>& multiply) {
  BOOST_REQUIRE(v.k == K);
  BOOST_REQUIRE(v.count % 8 == 0);
  int equal = 0;
  for (int first = 0; first < v.count; first += 8) {
    product_tile<K> tile = {};
    for (int i = 0; i < 8; ++i) {
      for (int k = 0; k < K; ++k) {
        tile.a[i][k] = v.a[static_cast<std::size_t>((first + i) * K + k)];
        tile.b[k][i] = v.b[static_cast<std::size_t>((first + i) * K + k)];
      }
      tile.d[i][i] = v.c[static_cast<std::size_t>(first + i)];
    }
    multiply(tile);
    for (int i = 0; i < 8; ++i) equal += same_bits(tile.d[i][i], v.d[static_cast<std::size_t>(first + i)]);
  }
  return equal;
}

/// The same one output at a time, by integers.
int matches_by_integers(const vectors& v, const sum_rule& rule, const least_exponents& least) {
  int equal = 0;
  for (int i = 0; i < v.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    equal +=
        same_bits(simt::truncated_sum(rule, least, &v.a[at * v.k], &v.b[at * v.k], 1, v.k, v.c[at]), v.d[at]);
  }
  return equal;
}

struct both_devices {
  vectors h200, h100;
  explicit both_devices(const std::string& family)
      : h200(read_vectors("h200_" + family)), h100(read_vectors("h100_" + family)) {}
};

struct counts {
  int h200, h100;
  friend bool operator==(const counts&, const counts&) = default;
  friend std::ostream& operator<<(std::ostream& to, const counts& c) {
    return to << c.h200 << " of H200 and " << c.h100 << " of H100";
  }
};

constexpr counts all = {5000, 5000};

template <sum_rule Rule, int K>
counts met_by(const both_devices& v, const least_exponents& least) {
  const auto multiply = [&](product_tile<K>& t) { simt::multiply_add<Rule>(t, least); };
  const counts by_tiles = {matches<K>(v.h200, multiply), matches<K>(v.h100, multiply)};
  const counts by_integers = {matches_by_integers(v.h200, Rule, least),
                              matches_by_integers(v.h100, Rule, least)};
  BOOST_TEST(by_tiles == by_integers);
  return by_tiles;
}

template <fp8_rule Rule, sum_rule Half>
counts met_by_fp8(const both_devices& v) {
  const auto multiply = [](product_tile<32>& t) { simt::multiply_add_fp8<Rule, Half>(t); };
  return {matches<32>(v.h200, multiply), matches<32>(v.h100, multiply)};
}

/// What the host's mma.sync of that shape makes of them on sm_90a.
template <mma_shape Shape>
counts met_by_instruction(const both_devices& v) {
  const auto multiply = [](product_tile<Shape.k>& t) {
    simt::multiply_as<Shape>(simt::generation::sm_90a, t);
  };
  return {matches<Shape.k>(v.h200, multiply), matches<Shape.k>(v.h100, multiply)};
}

/// A rule with another F, other groups, another rounding.
constexpr sum_rule with_bits(sum_rule r, int bits) {
  r.kept_bits = bits;
  return r;
}
constexpr sum_rule in_groups(sum_rule r, int products) {
  r.products = products;
  return r;
}
constexpr sum_rule with_rounding(sum_rule r, rounding last) {
  r.last = last;
  return r;
}
constexpr sum_rule exact_to_nearest(sum_rule r) {
  return with_rounding(with_bits(r, all_bits), rounding::nearest_even);
}
constexpr sum_rule chain_of_fma(sum_rule r) { return in_groups(exact_to_nearest(r), 1); }

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor_core_vectors)

BOOST_AUTO_TEST_CASE(every_case_of_the_file_is_among_those_tested_here) {
  BOOST_TEST(fixtures::list(file).size() == 20u);
  for (const auto& path : fixtures::list(file)) BOOST_TEST(read_vectors(path.name).count == 5000);
}

BOOST_AUTO_TEST_CASE(bf16_sums_are_those_of_the_devices) {
  const both_devices v("mma_bf16_f32_k16");
  constexpr sum_rule rule = rule_for(f32, 16, 25);
  constexpr least_exponents least = least_of(bf16, bf16, f32);

  BOOST_TEST((met_by_instruction<mma_shape{bf16, bf16, f32, 16}>(v)) == all);
  BOOST_TEST((met_by<rule, 16>(v, least)) == all);

  BOOST_TEST((met_by<with_bits(rule, 24), 16>(v, least)) == (counts{4475, 4509}));
  BOOST_TEST((met_by<with_bits(rule, 26), 16>(v, least)) == (counts{4830, 4842}));
  BOOST_TEST((met_by<in_groups(rule, 8), 16>(v, least)) == (counts{4066, 4056}));
  BOOST_TEST((met_by<with_rounding(rule, rounding::nearest_even), 16>(v, least)) == (counts{3295, 3317}));
  BOOST_TEST((met_by<chain_of_fma(rule), 16>(v, least)).h200 == 2343);
  BOOST_TEST((met_by<exact_to_nearest(rule), 16>(v, least)).h200 == 3194);
}

BOOST_AUTO_TEST_CASE(f16_sums_are_those_of_the_devices) {
  const both_devices v("mma_f16_f32_k16");
  constexpr sum_rule rule = rule_for(f32, 16, 25);
  constexpr least_exponents least = least_of(f16, f16, f32);

  BOOST_TEST((met_by_instruction<mma_shape{f16, f16, f32, 16}>(v)) == all);
  BOOST_TEST((met_by<rule, 16>(v, least)) == all);

  BOOST_TEST((met_by<with_bits(rule, 24), 16>(v, least)) == (counts{3813, 3825}));
  BOOST_TEST((met_by<with_bits(rule, 26), 16>(v, least)) == (counts{4466, 4464}));
  BOOST_TEST((met_by<in_groups(rule, 8), 16>(v, least)) == (counts{3450, 3467}));
  BOOST_TEST((met_by<with_rounding(rule, rounding::nearest_even), 16>(v, least)) == (counts{3225, 3218}));
  BOOST_TEST((met_by<chain_of_fma(rule), 16>(v, least)).h200 == 1867);
  BOOST_TEST((met_by<exact_to_nearest(rule), 16>(v, least)).h200 == 2899);
}

// These vectors alone would allow F of 24.
BOOST_AUTO_TEST_CASE(f16_sums_kept_in_f16_are_those_of_the_devices) {
  const both_devices v("mma_f16_f16_k16");
  constexpr sum_rule rule = rule_for(f16, 16, 25);
  constexpr least_exponents least = least_of(f16, f16, f16);

  BOOST_TEST((met_by_instruction<mma_shape{f16, f16, f16, 16}>(v)) == all);
  BOOST_TEST((met_by<rule, 16>(v, least)) == all);

  BOOST_TEST((met_by<with_bits(rule, 24), 16>(v, least)) == all);
  BOOST_TEST((met_by<with_bits(rule, 26), 16>(v, least)) == (counts{5000, 4998}));
  BOOST_TEST((met_by<in_groups(rule, 8), 16>(v, least)) == (counts{3638, 3689}));
  BOOST_TEST((met_by<with_rounding(rule, rounding::toward_zero), 16>(v, least)) == (counts{2537, 2461}));
}

BOOST_AUTO_TEST_CASE(tf32_sums_of_four_are_those_of_the_devices) {
  const both_devices v("mma_tf32_f32_k4");
  constexpr sum_rule rule = rule_for(f32, 4, 25);
  constexpr least_exponents least = least_of(tf32, tf32, f32);

  BOOST_TEST((met_by_instruction<mma_shape{tf32, tf32, f32, 4}>(v)) == all);
  BOOST_TEST((met_by<rule, 4>(v, least)) == all);

  BOOST_TEST((met_by<with_bits(rule, 24), 4>(v, least)) == (counts{4517, 4502}));
  BOOST_TEST((met_by<with_bits(rule, 26), 4>(v, least)) == (counts{4830, 4832}));
  BOOST_TEST((met_by<in_groups(rule, 2), 4>(v, least)) == (counts{4025, 4082}));
  BOOST_TEST((met_by<with_rounding(rule, rounding::nearest_even), 4>(v, least)) == (counts{3595, 3600}));
}

BOOST_AUTO_TEST_CASE(fp8_sums_of_wgmma_are_those_of_the_devices) {
  const both_devices e4("wgmma_e4m3_f32_k32"), e5("wgmma_e5m2_f32_k32");
  constexpr sum_rule rule = rule_for(f32, 32, 13, 13);
  constexpr least_exponents least4 = least_of(e4m3, e4m3, f32), least5 = least_of(e5m2, e5m2, f32);
  const auto by_wgmma = [](const both_devices& v, const std::function<void(product_tile<32>&)>& multiply) {
    return counts{matches<32>(v.h200, multiply), matches<32>(v.h100, multiply)};
  };

  BOOST_TEST(by_wgmma(e4, simt::multiply_as_wgmma<e4m3, e4m3, f32>) == all);
  BOOST_TEST(by_wgmma(e5, simt::multiply_as_wgmma<e5m2, e5m2, f32>) == all);
  BOOST_TEST((met_by<rule, 32>(e4, least4)) == all);
  BOOST_TEST((met_by<rule, 32>(e5, least5)) == all);

  BOOST_TEST((met_by<with_bits(rule, 12), 32>(e4, least4)).h200 == 3037);
  BOOST_TEST((met_by<with_bits(rule, 14), 32>(e4, least4)).h200 == 4133);
  BOOST_TEST((met_by<in_groups(rule, 16), 32>(e4, least4)).h200 == 4186);
  BOOST_TEST((met_by<rule_for(f32, 32, 13, 23), 32>(e4, least4)).h200 == 3585);
  BOOST_TEST((met_by<with_bits(rule, 12), 32>(e5, least5)).h200 == 3974);
  BOOST_TEST((met_by<with_bits(rule, 14), 32>(e5, least5)).h200 == 4548);
  BOOST_TEST((met_by<in_groups(rule, 16), 32>(e5, least5)).h200 == 4622);
  BOOST_TEST((met_by<rule_for(f32, 32, 13, 23), 32>(e5, least5)).h200 == 4159);
}

// With fp32 sums nearly every half is exact, so these pin where C enters, not the order of the halves.
BOOST_AUTO_TEST_CASE(fp8_sums_of_mma_with_f32_sums_are_those_of_the_devices) {
  const both_devices e4("mma_e4m3_f32_k32"), e5("mma_e5m2_f32_k32");
  constexpr sum_rule half = rule_for(f32, 16, 25);

  BOOST_TEST((met_by_instruction<mma_shape{e4m3, e4m3, f32, 32}>(e4)) == all);
  BOOST_TEST((met_by_instruction<mma_shape{e5m2, e5m2, f32, 32}>(e5)) == all);

  constexpr fp8_rule early = {first_half::low_pairs, true},
                     cut = {first_half::low_pairs, false, rounding::toward_zero};
  BOOST_TEST((met_by_fp8<early, half>(e4)) == (counts{2795, 2783}));
  BOOST_TEST((met_by_fp8<early, half>(e5)) == (counts{2756, 2783}));
  BOOST_TEST((met_by_fp8<cut, half>(e4)) == (counts{3181, 3139}));
  BOOST_TEST((met_by_fp8<cut, half>(e5)) == (counts{3138, 3168}));
}

BOOST_AUTO_TEST_CASE(fp8_sums_of_mma_with_f16_sums_are_those_of_the_devices) {
  const both_devices e4("mma_e4m3_f16_k32"), e5("mma_e5m2_f16_k32");
  constexpr sum_rule half = rule_for(f16, 16, 25);

  BOOST_TEST((met_by_instruction<mma_shape{e4m3, e4m3, f16, 32}>(e4)) == all);
  BOOST_TEST((met_by_instruction<mma_shape{e5m2, e5m2, f16, 32}>(e5)) == all);

  BOOST_TEST((met_by_fp8<fp8_rule{first_half::high_pairs}, half>(e4)) == (counts{3450, 3476}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::front}, half>(e4)) == (counts{3477, 3477}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::even}, half>(e4)) == (counts{3433, 3438}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::low_pairs, true}, half>(e4)) == (counts{3038, 3113}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::high_pairs}, half>(e5)) == (counts{3762, 3755}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::front}, half>(e5)) == (counts{3843, 3821}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::even}, half>(e5)) == (counts{3850, 3825}));
  BOOST_TEST((met_by_fp8<fp8_rule{first_half::low_pairs, true}, half>(e5)) == (counts{3137, 3153}));
}

BOOST_AUTO_TEST_CASE(older_generations_are_told_apart_by_the_same_vectors) {
  const both_devices v("mma_bf16_f32_k16");
  const auto multiply = [](product_tile<16>& t) {
    simt::multiply_as<mma_shape{bf16, bf16, f32, 16}>(simt::generation::sm_80, t);
  };

  const int met = matches<16>(v.h200, multiply);

  BOOST_TEST(met < 5000);
  BOOST_TEST(met == (met_by<rule_for(f32, 8, 24), 16>(v, least_of(bf16, bf16, f32)).h200));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
