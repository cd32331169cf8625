// The bytes that a tensor owns: one block, or a stretch of addresses of which only some pages exist.
//
// Rows may lie gigabytes apart: a cache passes 2^31 bytes at three million tokens, and a kernel that counts
// in 32 bits is wrong there and nowhere else.  Nobody needs three million tokens to see that, only their
// addresses.  So such a block reserves the addresses and maps the pages that hold elements; all others, and
// gigabytes in front of and behind the block, where an offset that wrapped would land, may not be touched: an
// access there ends the process at the very instruction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

namespace plumbline {

inline constexpr std::size_t block_alignment = 512;

/// Allocator of blocks that start at a multiple of block_alignment, so that a copy of a tensor is aligned
/// too.
template <class T>
struct aligned_allocator {
  using value_type = T;
  aligned_allocator() = default;
  template <class U>
  constexpr aligned_allocator(const aligned_allocator<U>&) noexcept {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{block_alignment}));
  }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete (p, std::align_val_t{block_alignment}); }
  friend constexpr bool operator==(aligned_allocator, aligned_allocator) { return true; }
};

class tensor_block {
 public:
  /// Bytes [begin, end) of a block.
  struct range {
    std::size_t begin, end;
  };

  tensor_block() = default;
  /// All of `bytes`, filled.
  tensor_block(std::size_t bytes, std::byte fill);
  /// Addresses for `bytes`; the pages of the ranges, which are in order and may touch, are mapped and filled.
  /// Throws std::bad_alloc when there are no such addresses.
  tensor_block(std::size_t bytes, std::span<const range> used, std::byte fill);
  tensor_block(const tensor_block&);
  tensor_block(tensor_block&& from) noexcept { swap(from); }
  tensor_block& operator=(tensor_block from) noexcept {
    swap(from);
    return *this;
  }
  ~tensor_block();

  std::byte* data() { return reserved_ ? reserved_ : whole_.data(); }
  const std::byte* data() const { return reserved_ ? reserved_ : whole_.data(); }
  std::size_t size() const { return reserved_ ? size_ : whole_.size(); }
  /// True when parts of it do not exist.
  bool sparse() const { return reserved_ != nullptr; }
  /// What exists, in order, as whole pages; the whole block when it is not sparse.
  std::vector<range> parts() const;

 private:
  void swap(tensor_block&) noexcept;
  void reserve(std::size_t bytes, std::span<const range> pages);

  std::vector<std::byte, aligned_allocator<std::byte>> whole_;
  std::byte* reserved_ = nullptr;
  std::size_t size_ = 0;
  std::vector<range> pages_;
};

/// Ranges rounded out to pages, those that meet joined.
std::vector<tensor_block::range> pages_of(std::span<const tensor_block::range> used);

}  // namespace plumbline
