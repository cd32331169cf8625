// Every code and every midpoint of every format.
//
// The oracle is the definition: a code's value by std::ldexp, and "nearest, ties to even" read off the two
// neighbours of a midpoint.  A midpoint of neighbouring codes is exact in double, and so is the double on
// either side of it.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "reference/core/bulk_decode.hpp"
#include "reference/core/formats.hpp"

using namespace plumbline;

namespace {

constexpr dtype small_formats[] = {dtype::bf16, dtype::f16, dtype::e4m3, dtype::e5m2, dtype::tf32};
constexpr double infinity = std::numeric_limits<double>::infinity();

// Codes as they count upwards: tf32 keeps its 19 bits in a word's top.
int lift(dtype t) { return t == dtype::tf32 ? 13 : 0; }
std::uint32_t sign_bit(dtype t) { return 1u << (format_of(t).bits - 1); }

double defined_value(dtype t, std::uint32_t counted) {
  const format f = format_of(t);
  const int stored = static_cast<int>(counted >> f.fraction_bits);
  const double fraction = counted & ((1u << f.fraction_bits) - 1u);
  return stored == 0
             ? std::ldexp(fraction, 1 - f.bias - f.fraction_bits)
             : std::ldexp(fraction + std::ldexp(1, f.fraction_bits), stored - f.bias - f.fraction_bits);
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(every_finite_code_has_its_defined_value_and_is_its_own_rounding) {
  for (dtype t : small_formats) {
    const std::uint32_t max = format_of(t).max_code >> lift(t);
    std::uint32_t wrong = 0;
    for (std::uint32_t counted = 0; counted <= max; ++counted) {
      const std::uint32_t code = counted << lift(t);
      const double x = defined_value(t, counted);
      wrong += !same_bits(decode(t, code), x) || !same_bits(decode(t, code | sign_bit(t)), -x);
      wrong += encode(t, x) != code || encode(t, -x) != (code | sign_bit(t));
    }

    BOOST_TEST(wrong == 0u, name_of(t));
  }
}

BOOST_AUTO_TEST_CASE(every_midpoint_goes_to_the_even_code_and_its_neighbours_to_the_nearer_one) {
  for (dtype t : small_formats) {
    const std::uint32_t max = format_of(t).max_code >> lift(t);
    std::uint32_t wrong = 0;
    for (std::uint32_t low = 0; low < max; ++low) {
      const double middle = (defined_value(t, low) + defined_value(t, low + 1)) / 2;
      const std::uint32_t even = (low + low % 2) << lift(t);
      wrong += encode(t, middle) != even || encode(t, -middle) != (even | sign_bit(t));
      wrong += encode(t, std::nextafter(middle, 0)) != low << lift(t);
      wrong += encode(t, std::nextafter(middle, infinity)) != (low + 1) << lift(t);
    }

    BOOST_TEST(wrong == 0u, name_of(t));
  }
}

BOOST_AUTO_TEST_CASE(beyond_the_largest_code_lies_infinity_or_nan_or_saturation) {
  for (dtype t : small_formats) {
    const format f = format_of(t);
    const std::uint32_t max = f.max_code >> lift(t);
    const std::uint32_t beyond = f.has_infinity ? (max + 1) << lift(t) : f.nan_code;
    const double edge = (defined_value(t, max) + defined_value(t, max + 1)) / 2;
    const std::uint32_t at_edge = max % 2 == 0 ? f.max_code : beyond;

    BOOST_TEST(encode(t, edge) == at_edge);
    BOOST_TEST(encode(t, std::nextafter(edge, 0)) == f.max_code);
    BOOST_TEST(encode(t, std::nextafter(edge, infinity)) == beyond);
    BOOST_TEST(encode(t, infinity) == beyond);
    BOOST_TEST(encode(t, -infinity) == (beyond | sign_bit(t)));
    for (double x : {edge, std::nextafter(edge, infinity), 0x1p1000, infinity}) {
      BOOST_TEST(encode(t, x, overflow::saturate) == f.max_code);
      BOOST_TEST(encode(t, -x, overflow::saturate) == (f.max_code | sign_bit(t)));
    }
  }
}

BOOST_AUTO_TEST_CASE(codes_beyond_the_finite_ones_are_infinity_then_nan) {
  for (dtype t : small_formats) {
    const format f = format_of(t);
    const std::uint32_t last = (sign_bit(t) - 1) >> lift(t);
    for (std::uint32_t counted = (f.max_code >> lift(t)) + 1; counted <= last; ++counted) {
      const double x = decode(t, counted << lift(t));
      const bool first = counted == (f.max_code >> lift(t)) + 1;
      BOOST_TEST((f.has_infinity && first ? x == infinity : std::isnan(x)));
    }
    BOOST_TEST(std::isnan(decode(t, encode(t, std::nan("")))));
    BOOST_TEST(std::isnan(decode(t, encode(t, std::nan(""), overflow::saturate))));
  }
}

BOOST_AUTO_TEST_CASE(tiny_values_keep_their_sign) {
  for (dtype t : small_formats)
    for (double tiny : {0.0, 0x1p-1074, 0x1p-1022, 0x1p-500}) {
      BOOST_TEST(encode(t, tiny) == 0u);
      BOOST_TEST(encode(t, -tiny) == sign_bit(t));
    }
}

BOOST_AUTO_TEST_CASE(e8m0_holds_powers_of_two_and_rounds_their_exponent) {
  for (std::uint32_t code = 0; code < 255; ++code) {
    const double x = std::ldexp(1, static_cast<int>(code) - 127);
    BOOST_TEST(decode(dtype::e8m0, code) == x);
    BOOST_TEST(encode(dtype::e8m0, x) == code);
    if (code == 254) break;
    BOOST_TEST(encode(dtype::e8m0, 1.5 * x) == code + code % 2);
    BOOST_TEST(encode(dtype::e8m0, std::nextafter(1.5 * x, 0)) == code);
    BOOST_TEST(encode(dtype::e8m0, std::nextafter(1.5 * x, infinity)) == code + 1);
  }
  BOOST_TEST(std::isnan(decode(dtype::e8m0, 255)));
  for (double x : {0.0, -0.0, -1.0, std::nan("")}) BOOST_TEST(encode(dtype::e8m0, x) == 255u);
  BOOST_TEST(encode(dtype::e8m0, 0x1p-1070) == 0u);
  BOOST_TEST(encode(dtype::e8m0, infinity, overflow::saturate) == 254u);
}

BOOST_AUTO_TEST_CASE(f32_rounds_as_the_hardware_does) {
  std::uint64_t bits = 0x9e3779b97f4a7c15u;
  int wrong = 0;
  for (int n = 0; n < 2'000'000; ++n) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    const int exponent = static_cast<int>(bits >> 40) % 300 - 152;
    const double x = std::ldexp(static_cast<double>(static_cast<std::int64_t>(bits)), exponent - 63);
    wrong += encode(dtype::f32, x) != std::bit_cast<std::uint32_t>(static_cast<float>(x));
  }

  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(whole_rows_decode_to_the_same_bits_as_single_codes) {
  for (dtype t : {dtype::bf16, dtype::f16, dtype::e4m3, dtype::e5m2, dtype::e8m0}) {
    const std::uint32_t count = size_of(t) == 2 ? 65536 : 256;
    std::vector<std::uint16_t> wide(count);
    std::vector<std::uint8_t> narrow(count);
    for (std::uint32_t c = 0; c < count; ++c) {
      wide[c] = static_cast<std::uint16_t>(c);
      narrow[c] = static_cast<std::uint8_t>(c);
    }
    std::vector<double> row(count);

    decode_row(t, size_of(t) == 2 ? static_cast<const void*>(wide.data()) : narrow.data(), count, row.data());

    std::uint32_t wrong = 0;
    for (std::uint32_t c = 0; c < count; ++c) {
      const double x = decode(t, c);
      wrong += std::isnan(x) ? !std::isnan(row[c]) : !same_bits(x, row[c]);
    }
    BOOST_TEST(wrong == 0u, name_of(t));
  }
}

BOOST_AUTO_TEST_CASE(an_ulp_is_the_distance_to_the_next_code) {
  for (dtype t : small_formats) {
    const std::uint32_t max = format_of(t).max_code >> lift(t);
    std::uint32_t wrong = 0;
    for (std::uint32_t c = 0; c < max; ++c)
      wrong += ulp(t, defined_value(t, c)) != defined_value(t, c + 1) - defined_value(t, c);

    BOOST_TEST(wrong == 0u, name_of(t));
  }
}

BOOST_AUTO_TEST_CASE(names_read_back) {
  for (int i = 0; i <= static_cast<int>(dtype::i8); ++i) {
    const auto t = static_cast<dtype>(i);
    BOOST_TEST((dtype_from(name_of(t)) == t));
  }
  BOOST_TEST((dtype_from("fp16") == dtype::f16));
  BOOST_TEST(!dtype_from("float").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
