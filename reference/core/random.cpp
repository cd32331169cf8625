#include "reference/core/random.hpp"

#include <Random123/philox.h>

#include <bit>

namespace plumbline {

namespace {

// FNV-1a with an initial value of 0, so that the empty purpose is the counter's natural origin.
constexpr std::uint64_t hash_of(std::string_view text) {
  std::uint64_t h = 0;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return h;
}

}  // namespace

random_stream::random_stream(std::uint64_t seed, std::string_view purpose)
    : seed_(seed), purpose_(hash_of(purpose)) {}

void random_stream::refill() {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const r123::Philox4x32::ctr_type counter = {{low(counter_), high(counter_), low(purpose_), high(purpose_)}};
  const r123::Philox4x32::key_type key = {{low(seed_), high(seed_)}};
  const auto drawn = r123::Philox4x32()(counter, key);
  for (unsigned i = 0; i < 4; ++i) block_[i] = drawn[i];
  ++counter_;
  used_ = 0;
}

std::uint32_t random_stream::bits32() {
  if (used_ == 4) refill();
  return block_[used_++];
}

std::uint64_t random_stream::bits64() {
  const std::uint64_t low = bits32();
  return low | static_cast<std::uint64_t>(bits32()) << 32;
}

std::int64_t random_stream::integer(std::int64_t low, std::int64_t high) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  if (span == 0) return low;
  const std::uint64_t mask = ~0ull >> std::countl_zero(span);
  for (;;) {
    const std::uint64_t drawn = (mask >> 32 ? bits64() : bits32()) & mask;
    if (drawn <= span) return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
  }
}

double random_stream::uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

double random_stream::normal() {
  // Flips: variance 64/4.  Difference of two uniforms on a grid of 2^16 steps of h = 2^-16: (1 - h^2)/6.
  constexpr double inverse_deviation = 0.2487080016872019674;  // 1 / sqrt(16 + (1 - 2^-32) / 6)
  const int heads = std::popcount(bits64()) - 32;
  const std::uint32_t pair = bits32();
  const int between = static_cast<int>(pair & 0xffff) - static_cast<int>(pair >> 16);
  return static_cast<double>(heads * 65536 + between) * (inverse_deviation * 0x1p-16);
}

}  // namespace plumbline
