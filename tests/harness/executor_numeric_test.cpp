// exp2_soft, log2_soft, tanh_soft and the conversions of kernels/core, against long double and the
// reference's formats.
//
// The errors that kernels/core/numeric.hpp states, and contracts quote, are held here.  Floats are visited by
// their codes with a stride (PLUMBLINE_STRIDE, odd): a large one in the smoke test, 1 in the long one, which
// found the worst arguments that both visit.  A stated error must also be tight: 99 % of it is reached.
#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/core/numeric.hpp"

namespace plumbline {
namespace {

using namespace kernels;

/// What the sweeps compare with: libm's double functions are within an ulp, 2^-28 of what is measured here;
/// long double costs ten times as much and is used where x has 2053 times fewer values, and at the worst
/// arguments.
using sweep = std::conditional_t<PLUMBLINE_STRIDE == 1, double, long double>;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

/// Calls with every PLUMBLINE_STRIDE-th float from `low` to `high` (same sign, low the smaller magnitude).
template <class Visit>
void each_float(float low, float high, Visit&& visit) {
  for (std::uint64_t code = bits_of(low); code <= bits_of(high); code += PLUMBLINE_STRIDE)
    visit(float_of(static_cast<std::uint32_t>(code)));
}

template <class Error>
double largest(float low, float high, Error&& error) {
  double most = 0;
  each_float(low, high, [&](float x) {
    const double e = error(x);
    most = e <= most ? most : e;  // NaN stays
  });
  return most;
}

template <class Real>
double exp2_error(float x) {
  const Real truth = std::exp2(static_cast<Real>(x));
  return static_cast<double>(std::abs(exp2_soft(x) - truth) / truth);
}

template <class Real>
double log2_ulps(float x) {
  const Real truth = std::log2(static_cast<Real>(x));
  if (truth == 0) return std::abs(log2_soft(x));
  return static_cast<double>(std::abs(log2_soft(x) - truth)) / ulp(dtype::f32, static_cast<double>(truth));
}

template <class Real>
double tanh_error(float x) {
  return static_cast<double>(std::abs(tanh_soft(x) - std::tanh(static_cast<Real>(x))));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_numeric)

BOOST_AUTO_TEST_CASE(exp2_is_within_its_stated_relative_error) {
  const double error =
      std::max({largest(0.0f, 0x1.fffffep6f, exp2_error<sweep>), largest(-0.0f, -126.0f, exp2_error<sweep>),
                exp2_error<long double>(-0x1.ff2c82p-2f)});

  BOOST_TEST(error <= exp2_soft_error);
  BOOST_TEST(error >= 0.99 * exp2_soft_error);
}

BOOST_AUTO_TEST_CASE(exp2_is_exact_where_that_matters) {
  for (int n = -126; n < 128; ++n) BOOST_TEST(exp2_soft(static_cast<float>(n)) == std::ldexp(1.0f, n));
  BOOST_TEST(exp2_soft(-0.0f) == 1.0f);
  BOOST_TEST(exp2_soft(-infinity) == 0.0f);
  BOOST_TEST(exp2_soft(-126.0f - 0x1p-17f) == 0.0f);
  BOOST_TEST(exp2_soft(-std::numeric_limits<float>::max()) == 0.0f);
  BOOST_TEST(exp2_soft(128.0f) == infinity);
  BOOST_TEST(exp2_soft(infinity) == infinity);
  BOOST_TEST(std::isnan(exp2_soft(quiet_nan)));
}

BOOST_AUTO_TEST_CASE(log2_is_within_its_stated_ulps) {
  const double error = std::max(largest(0x1p-149f, std::numeric_limits<float>::max(), log2_ulps<sweep>),
                                log2_ulps<long double>(0x1.69ec9ap+0f));

  BOOST_TEST(error <= log2_soft_ulps);
  BOOST_TEST(error >= 0.99 * log2_soft_ulps);
}

BOOST_AUTO_TEST_CASE(log2_is_exact_where_that_matters) {
  for (int n = -149; n < 128; ++n) BOOST_TEST(log2_soft(std::ldexp(1.0f, n)) == static_cast<float>(n));
  BOOST_TEST(log2_soft(0.0f) == -infinity);
  BOOST_TEST(log2_soft(-0.0f) == -infinity);
  BOOST_TEST(log2_soft(infinity) == infinity);
  BOOST_TEST(std::isnan(log2_soft(-1.0f)));
  BOOST_TEST(std::isnan(log2_soft(-infinity)));
  BOOST_TEST(std::isnan(log2_soft(quiet_nan)));
}

BOOST_AUTO_TEST_CASE(tanh_is_within_its_stated_absolute_error) {
  const double error =
      std::max(largest(0.0f, infinity, tanh_error<sweep>), tanh_error<long double>(0x1.42d842p-1f));

  BOOST_TEST(error <= tanh_soft_error);
  BOOST_TEST(error >= 0.99 * tanh_soft_error);
}

BOOST_AUTO_TEST_CASE(tanh_is_odd_and_saturates) {
  each_float(0.0f, infinity, [](float x) {
    if (bits_of(tanh_soft(-x)) != (bits_of(tanh_soft(x)) ^ 0x80000000u) || tanh_soft(x) > 1) BOOST_ERROR(x);
  });
  BOOST_TEST(tanh_soft(9.5f) == 1.0f);
  BOOST_TEST(tanh_soft(-infinity) == -1.0f);
  BOOST_TEST(bits_of(tanh_soft(-0.0f)) == 0x80000000u);
  BOOST_TEST(std::isnan(tanh_soft(quiet_nan)));
}

BOOST_AUTO_TEST_CASE(stores_round_as_the_reference_formats_do) {
  const auto same = [](dtype type, std::uint32_t code, float x) {
    const std::uint32_t expected = encode(type, x, type == dtype::e4m3 ? overflow::saturate : overflow::ieee);
    if (std::isnan(x) ? code != format_of(type).nan_code : code != expected)
      BOOST_ERROR(name_of(type) << " of " << x << ": " << code << ", expected " << expected);
  };
  for (const float sign : {1.0f, -1.0f})
    each_float(0.0f, float_of(0x7fffffffu), [&](float magnitude) {
      const float x = std::copysign(magnitude, sign);
      same(dtype::bf16, store_as<dtype::bf16>(x), x);
      same(dtype::f16, store_as<dtype::f16>(x), x);
      same(dtype::e4m3, store_as<dtype::e4m3>(x), x);
    });
}

BOOST_AUTO_TEST_CASE(stores_round_midpoints_to_even) {
  for (const dtype type : {dtype::bf16, dtype::f16, dtype::e4m3})
    for (std::uint32_t code = 0; code < format_of(type).max_code; ++code) {
      const double middle = (decode(type, code) + decode(type, code + 1)) / 2;
      const float at = static_cast<float>(middle);
      if (at != middle) continue;  // below bf16's subnormals a float cannot hold it
      for (const float x : {at, std::nextafter(at, 0.0f), std::nextafter(at, infinity)}) {
        const std::uint32_t stored = type == dtype::bf16  ? store_as<dtype::bf16>(x)
                                     : type == dtype::f16 ? store_as<dtype::f16>(x)
                                                          : store_as<dtype::e4m3>(x);
        if (stored != encode(type, x)) BOOST_ERROR(name_of(type) << " of " << x << ": " << stored);
      }
    }
}

BOOST_AUTO_TEST_CASE(loads_are_exact) {
  const auto same = [](float x, double expected) {
    return std::isnan(expected) ? std::isnan(x) : bits_of(x) == bits_of(static_cast<float>(expected));
  };
  for (std::uint32_t code = 0; code < 65536; ++code) {
    if (!same(load_as<dtype::bf16>(static_cast<std::uint16_t>(code)), decode(dtype::bf16, code)) ||
        !same(load_as<dtype::f16>(static_cast<std::uint16_t>(code)), decode(dtype::f16, code)) ||
        !same(load_as<dtype::e4m3>(static_cast<std::uint8_t>(code >> 8)), decode(dtype::e4m3, code >> 8)) ||
        !same(unpack2<dtype::f16>(widen_e4m3x2(code)).low, decode(dtype::e4m3, code & 0xff)) ||
        !same(unpack2<dtype::f16>(widen_e4m3x2(code)).high, decode(dtype::e4m3, code >> 8)))
      BOOST_ERROR(code);
  }
}

BOOST_AUTO_TEST_CASE(the_first_of_a_pair_lies_in_the_lower_half) {
  BOOST_TEST(pack2<dtype::bf16>(1.0f, -2.0f) == 0xc0003f80u);
  BOOST_TEST(pack2<dtype::f16>(1.0f, -2.0f) == 0xc0003c00u);
  BOOST_TEST(pack2_e4m3(1.0f, -2.0f) == 0xc038u);
  BOOST_TEST(unpack2<dtype::bf16>(0xc0003f80u).low == 1.0f);
  BOOST_TEST(unpack2<dtype::f16>(0xc0003c00u).high == -2.0f);
}

BOOST_AUTO_TEST_CASE(maximum_knows_nan_and_the_sign_of_zero) {
  BOOST_TEST(maximum(1.0f, 2.0f) == 2.0f);
  BOOST_TEST(maximum(-infinity, -3.0f) == -3.0f);
  BOOST_TEST(bits_of(maximum(-0.0f, 0.0f)) == 0u);
  BOOST_TEST(bits_of(maximum(0.0f, -0.0f)) == 0u);
  BOOST_TEST(bits_of(maximum(-0.0f, -0.0f)) == 0x80000000u);
  BOOST_TEST(std::isnan(maximum(quiet_nan, 1.0f)));
  BOOST_TEST(std::isnan(maximum(1.0f, quiet_nan)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
