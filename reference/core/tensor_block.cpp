#include "reference/core/tensor_block.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace plumbline {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t no_mans_land = std::size_t{1} << 34;  // 2^32 elements of four bytes, either way

std::size_t down(std::size_t x) { return x / page * page; }
std::size_t up(std::size_t x) { return down(x + page - 1); }
std::size_t span_of(std::size_t bytes) { return up(bytes) + 2 * no_mans_land; }

}  // namespace

std::vector<tensor_block::range> pages_of(std::span<const tensor_block::range> used) {
  std::vector<tensor_block::range> pages;
  for (const auto& [begin, end] : used) {
    if (begin == end) continue;
    if (!pages.empty() && down(begin) <= pages.back().end)
      pages.back().end = std::max(pages.back().end, up(end));
    else
      pages.push_back({down(begin), up(end)});
  }
  return pages;
}

tensor_block::tensor_block(std::size_t bytes, std::byte fill) : whole_(bytes, fill) {}

tensor_block::tensor_block(std::size_t bytes, std::span<const range> used, std::byte fill) {
  reserve(bytes, pages_of(used));
  for (const range& one : pages_)
    std::memset(reserved_ + one.begin, static_cast<int>(fill), one.end - one.begin);
}

tensor_block::tensor_block(const tensor_block& from) : whole_(from.whole_) {
  if (!from.sparse()) return;
  reserve(from.size_, from.pages_);
  for (const range& one : pages_)
    std::memcpy(reserved_ + one.begin, from.reserved_ + one.begin, one.end - one.begin);
}

tensor_block::~tensor_block() {
  if (reserved_) munmap(reserved_ - no_mans_land, span_of(size_));
}

void tensor_block::reserve(std::size_t bytes, std::span<const range> pages) {
  void* const all =
      mmap(nullptr, span_of(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  reserved_ = static_cast<std::byte*>(all) + no_mans_land;
  size_ = bytes;
  pages_.assign(pages.begin(), pages.end());
  for (const range& one : pages_)
    if (mprotect(reserved_ + one.begin, one.end - one.begin, PROT_READ | PROT_WRITE) != 0) {
      munmap(reserved_ - no_mans_land, span_of(size_));
      reserved_ = nullptr;
      throw std::bad_alloc();
    }
}

std::vector<tensor_block::range> tensor_block::parts() const {
  if (sparse()) return pages_;
  return {{0, whole_.size()}};
}

void tensor_block::swap(tensor_block& other) noexcept {
  whole_.swap(other.whole_);
  std::swap(reserved_, other.reserved_);
  std::swap(size_, other.size_);
  pages_.swap(other.pages_);
}

}  // namespace plumbline
