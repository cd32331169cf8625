// Global memory of one call: every tensor and scratch buffer far from its neighbours.
//
// On a GPU an index that runs over lands in whatever was allocated next, and reads numbers.  Here each buffer
// has at least its own size of nothing behind it, so an access belongs to the buffer it was meant for, and
// bytes between the rows of a tensor count as outside too.  The addresses are reserved, not used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/checked/shadow.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::checked {

enum class content : std::uint8_t { input, output, in_place, scratch };

/// One buffer.
class region {
 public:
  region(std::string name, content kind, std::byte* data, std::size_t bytes);
  region(std::string name, content kind, std::byte* data, const tensor& like);

  content kind() const { return kind_; }
  const std::string& name() const { return name_; }
  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  /// Whether `bytes` bytes from `offset` are all inside elements.
  bool holds(std::ptrdiff_t offset, std::size_t bytes) const {
    return offset >= 0 && static_cast<std::size_t>(offset) + bytes <= bytes_ &&
           (elements_.empty() || in_elements(static_cast<std::size_t>(offset), bytes));
  }
  /// "k_cache[3, 17, 0, 5]", "scratch 0 + 0x1a40", "4 bytes behind the end of out", ...
  std::string describe(std::ptrdiff_t offset) const;
  shadow& cells();

 private:
  bool in_elements(std::size_t offset, std::size_t bytes) const;
  std::string element(std::int64_t offset, std::int64_t& rest) const;

  std::string name_;
  content kind_;
  std::byte* data_;
  std::size_t bytes_;
  tensor_view shape_;           // rank 0: bytes without a shape
  std::vector<bool> elements_;  // by element offset; empty: there are no gaps
  std::unique_ptr<shadow> cells_;
};

class memory_map {
 public:
  memory_map();
  ~memory_map();
  memory_map(const memory_map&) = delete;
  memory_map& operator=(const memory_map&) = delete;

  /// A copy of a tensor's elements and padding.
  region& place(std::string name, content, const tensor&);
  /// Fresh bytes, filled with 0xff.
  region& place(std::string name, std::size_t bytes);

  bool contains(std::uintptr_t address) const { return address - base_ < used_; }
  /// The buffer that an address of the map lies in or is nearest behind.
  region& nearest(std::uintptr_t address) {
    const std::uint16_t i = pages_[(address - base_) / page];
    return *regions_[i];
  }

 private:
  static constexpr std::size_t page = 64 * 1024;
  std::byte* take(std::size_t bytes);

  std::uintptr_t base_ = 0;
  std::size_t reserved_ = 0, used_ = 0;
  std::vector<std::uint16_t> pages_;  // which buffer a page belongs to
  std::vector<std::unique_ptr<region>> regions_;
};

}  // namespace plumbline::checked
