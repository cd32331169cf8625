// The shared memory of one block, between two zones that nobody may write.
//
// It is filled with 0xff (NaN in every floating format) before each block, since a GPU leaves whatever the
// last block left.  A write just outside is found when the block ends; under AddressSanitizer at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace plumbline::simt {

class shared_arena {
 public:
  shared_arena();
  ~shared_arena();
  shared_arena(const shared_arena&) = delete;
  shared_arena& operator=(const shared_arena&) = delete;

  /// Makes `bytes` fresh bytes available.
  void prepare(std::size_t bytes);
  /// Byte offset, from the base, of the first changed byte outside; call when a block has ended.
  std::optional<std::ptrdiff_t> first_stray_byte();

  std::byte* base() const { return base_; }
  std::size_t bytes() const { return bytes_; }
  /// Whether an address is meant for this memory: inside it, or near enough to have missed it.
  bool reaches(const void* p) const;
  bool contains(const void* p, std::size_t bytes) const {
    const std::byte* first = static_cast<const std::byte*>(p);
    return first >= base_ && first + bytes <= base_ + bytes_;
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::byte* base_;
  std::size_t bytes_ = 0;
};

}  // namespace plumbline::simt
