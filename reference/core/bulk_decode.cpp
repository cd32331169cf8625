#include "reference/core/bulk_decode.hpp"

#include <bit>
#include <cstring>

namespace plumbline {

namespace {

// Fields of a small format moved into a float, without a branch so that the loop is vectorised.  A subnormal
// is given the smallest normal exponent and its hidden bit taken off again, which is exact.
template <dtype Type, class Code>
void decode_small(const Code* codes, std::int64_t count, double* out) {
  constexpr format f = format_of(Type);
  constexpr int shift = 23 - f.fraction_bits;
  constexpr std::uint32_t sign = 1u << (f.bits - 1), rebias = static_cast<std::uint32_t>(127 - f.bias) << 23;
  constexpr std::uint32_t least_normal = 1u << f.fraction_bits, hidden = rebias + (1u << 23);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t code = codes[i], magnitude = code & (sign - 1);
    const std::uint32_t moved = magnitude << shift;
    const float subnormal = std::bit_cast<float>(moved + hidden) - std::bit_cast<float>(hidden);
    const std::uint32_t is_subnormal = 0u - static_cast<std::uint32_t>(magnitude < least_normal);
    const std::uint32_t is_special = 0u - static_cast<std::uint32_t>(magnitude > f.max_code);
    const std::uint32_t bits = (std::bit_cast<std::uint32_t>(subnormal) & is_subnormal) |
                               ((moved + rebias) & ~is_subnormal) | (0x7f800000u & is_special) |
                               (code & sign) << (32 - f.bits);
    out[i] = static_cast<double>(std::bit_cast<float>(bits));
  }
}

template <class Integer>
void widen(const void* codes, std::int64_t count, double* out) {
  const auto* integers = static_cast<const Integer*>(codes);
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<double>(integers[i]);
}

}  // namespace

void decode_row(dtype t, const void* codes, std::int64_t count, double* out) {
  if (count <= 0) return;
  const auto* bytes = static_cast<const std::uint8_t*>(codes);
  const auto* halves = static_cast<const std::uint16_t*>(codes);
  const auto* words = static_cast<const std::uint32_t*>(codes);
  switch (t) {
    case dtype::bf16:
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(halves[i]) << 16);
      return;
    case dtype::f16:
      return decode_small<dtype::f16>(halves, count, out);
    case dtype::e4m3:
      return decode_small<dtype::e4m3>(bytes, count, out);
    case dtype::e5m2:
      return decode_small<dtype::e5m2>(bytes, count, out);
    case dtype::e8m0:
      for (std::int64_t i = 0; i < count; ++i) out[i] = decode(dtype::e8m0, bytes[i]);
      return;
    case dtype::tf32:
      for (std::int64_t i = 0; i < count; ++i) out[i] = std::bit_cast<float>(words[i] & 0xffffe000u);
      return;
    case dtype::f32:
      return widen<float>(codes, count, out);
    case dtype::i32:
      return widen<std::int32_t>(codes, count, out);
    case dtype::u8:
      return widen<std::uint8_t>(codes, count, out);
    case dtype::i8:
      return widen<std::int8_t>(codes, count, out);
    case dtype::f64:
      std::memcpy(out, codes, static_cast<std::size_t>(count) * sizeof(double));
      return;
  }
}

}  // namespace plumbline
