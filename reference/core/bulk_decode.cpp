#include "reference/core/bulk_decode.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace plumbline {

namespace {

template <dtype Type>
constexpr std::array<double, 256> byte_values() {
  std::array<double, 256> values{};
  for (std::uint32_t code = 0; code < 256; ++code) values[code] = decode(Type, code);
  return values;
}

template <dtype Type>
void decode_bytes(const std::uint8_t* codes, std::int64_t count, double* out) {
  static constexpr std::array<double, 256> values = byte_values<Type>();
  for (std::int64_t i = 0; i < count; ++i) out[i] = values[codes[i]];
}

double half_value(std::uint16_t code) {
  const std::uint32_t magnitude = code & 0x7fffu;
  const std::uint32_t normal = (magnitude << 13) + (112u << 23);
  const std::uint32_t special = magnitude == 0x7c00u ? 0x7f800000u : 0x7fc00000u;
  const float small = static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24f;
  std::uint32_t bits = magnitude < 0x400u ? std::bit_cast<std::uint32_t>(small) : normal;
  bits = magnitude >= 0x7c00u ? special : bits;
  return std::bit_cast<float>(bits | (code & 0x8000u) << 16);
}

template <class Integer>
void widen(const void* codes, std::int64_t count, double* out) {
  const auto* integers = static_cast<const Integer*>(codes);
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<double>(integers[i]);
}

}  // namespace

void decode_row(dtype t, const void* codes, std::int64_t count, double* out) {
  if (count <= 0) return;
  switch (t) {
    case dtype::bf16: {
      const auto* halves = static_cast<const std::uint16_t*>(codes);
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(halves[i]) << 16);
      return;
    }
    case dtype::f16: {
      const auto* halves = static_cast<const std::uint16_t*>(codes);
      for (std::int64_t i = 0; i < count; ++i) out[i] = half_value(halves[i]);
      return;
    }
    case dtype::tf32: {
      const auto* words = static_cast<const std::uint32_t*>(codes);
      for (std::int64_t i = 0; i < count; ++i) out[i] = std::bit_cast<float>(words[i] & 0xffffe000u);
      return;
    }
    case dtype::e4m3:
      return decode_bytes<dtype::e4m3>(static_cast<const std::uint8_t*>(codes), count, out);
    case dtype::e5m2:
      return decode_bytes<dtype::e5m2>(static_cast<const std::uint8_t*>(codes), count, out);
    case dtype::e8m0:
      return decode_bytes<dtype::e8m0>(static_cast<const std::uint8_t*>(codes), count, out);
    case dtype::f32:
      return widen<float>(codes, count, out);
    case dtype::i32:
      return widen<std::int32_t>(codes, count, out);
    case dtype::u8:
      return widen<std::uint8_t>(codes, count, out);
    case dtype::f64:
      std::memcpy(out, codes, static_cast<std::size_t>(count) * sizeof(double));
      return;
  }
}

}  // namespace plumbline
