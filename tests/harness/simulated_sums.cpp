#include "tests/harness/simulated_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace plumbline::testing {
namespace {

double cut_to_fp32(double x) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & ~((std::uint64_t{1} << 29) - 1));
}

/// acc[c] += sum over a group of a[k] b[k][c], terms cut to `bits` fraction bits below the largest, the sum
/// cut to fp32 (and to `bits` again when that is narrower).
void add_group(float* acc, const float* a, const float* const* b, std::size_t count, std::size_t columns,
               int bits) {
  constexpr std::size_t block = 64;
  for (std::size_t from = 0; from < columns; from += block) {
    const std::size_t width = std::min(block, columns - from);
    std::array<double, block> largest, scale, back, sum;
    for (std::size_t c = 0; c < width; ++c) largest[c] = std::fabs(static_cast<double>(acc[from + c]));
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t c = 0; c < width; ++c)
        largest[c] = std::max(largest[c], std::fabs(static_cast<double>(a[k]) * b[k][from + c]));
    for (std::size_t c = 0; c < width; ++c) {
      const auto exponent = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(largest[c]) >> 52);
      const std::int64_t unit = exponent > bits + 1 ? exponent - bits : 1;
      back[c] = std::bit_cast<double>(static_cast<std::uint64_t>(unit) << 52);
      scale[c] = std::bit_cast<double>(static_cast<std::uint64_t>(2046 - unit) << 52);
      sum[c] = std::trunc(acc[from + c] * scale[c]);
    }
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t c = 0; c < width; ++c)
        sum[c] += std::trunc(static_cast<double>(a[k]) * b[k][from + c] * scale[c]);
    for (std::size_t c = 0; c < width; ++c) {
      double total = sum[c] * back[c];
      if (bits < 23)
        total = std::bit_cast<double>(std::bit_cast<std::uint64_t>(total) &
                                      ~((std::uint64_t{1} << (52 - bits)) - 1));
      acc[from + c] = static_cast<float>(cut_to_fp32(total));
    }
  }
}

}  // namespace

void multiply_add(accumulation kind, float* acc, const float* a, const row_pointers& b, std::size_t columns) {
  const std::size_t terms = b.size();
  if (kind == accumulation::f32) {
    for (std::size_t k = 0; k < terms; ++k)
      for (std::size_t c = 0; c < columns; ++c) acc[c] = std::fmaf(a[k], b[k][c], acc[c]);
    return;
  }
  if (kind == accumulation::tc25) {
    for (std::size_t k = 0; k < terms; k += 16)
      add_group(acc, a + k, b.data() + k, std::min<std::size_t>(16, terms - k), columns, 25);
    return;
  }
  std::vector<float> narrow(columns);
  for (std::size_t start = 0; start < terms; start += 128) {
    std::fill(narrow.begin(), narrow.end(), 0.0f);
    for (std::size_t k = start; k < std::min(terms, start + 128); k += 32)
      add_group(narrow.data(), a + k, b.data() + k, std::min<std::size_t>(32, terms - k), columns, 13);
    for (std::size_t c = 0; c < columns; ++c) acc[c] += narrow[c];
  }
}

float truncated(dtype type, float x) {
  const double nearest = round_to(type, x);
  if (std::fabs(nearest) <= std::fabs(static_cast<double>(x))) return static_cast<float>(nearest);
  return static_cast<float>(decode(type, encode(type, x) - 1));
}

}  // namespace plumbline::testing
