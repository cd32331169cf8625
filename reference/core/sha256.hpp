// SHA-256 (FIPS 180-4): one short text that says whether two machines computed the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace plumbline {

class tensor;

/// An incremental digest: feed bytes, then read `hex`.
class sha256 {
 public:
  sha256& update(std::span<const std::byte> bytes);
  sha256& update(std::string_view text);
  /// The bytes of the elements in row-major index order, whatever the strides; never padding or guards.
  sha256& update(const tensor& elements);
  /// 64 lower-case hex digits of everything fed so far; more may be fed afterwards.
  std::string hex() const;

 private:
  void absorb(const std::byte* block);
  std::uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::byte pending_[64] = {};
  std::size_t pending_size_ = 0;
  std::uint64_t total_ = 0;
};

/// Digest of one span of bytes.
std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace plumbline
