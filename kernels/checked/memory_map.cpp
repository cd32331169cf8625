#include "kernels/checked/memory_map.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <numeric>

#include "reference/core/counted.hpp"

namespace plumbline::checked {

namespace {

constexpr std::size_t most_reserved = std::size_t{1} << 40, least_reserved = std::size_t{1} << 30;
constexpr std::size_t least_gap = std::size_t{1} << 20;

std::string hex(std::ptrdiff_t x) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%tx", x);
  return text;
}

}  // namespace

region::region(std::string name, content kind, std::byte* data, std::size_t bytes)
    : name_(std::move(name)), kind_(kind), data_(data), bytes_(bytes) {}

region::region(std::string name, content kind, std::byte* data, const tensor& like)
    : region(std::move(name), kind, data, like.extent_bytes()) {
  shape_ = like.view();
  if (like.dense() || like.size() == 0) return;
  elements_.assign(bytes_ / size_of(like.type()), false);
  std::vector<std::int64_t> index(like.shape().size());
  for (std::int64_t i = 0; i < like.size(); ++i) {
    elements_[static_cast<std::size_t>(like.offset(index))] = true;
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < like.dim(static_cast<int>(axis))) break;
      index[axis] = 0;
    }
  }
}

bool region::in_elements(std::size_t offset, std::size_t bytes) const {
  const std::size_t size = size_of(shape_.type);
  for (std::size_t e = offset / size; e <= (offset + bytes - 1) / size; ++e)
    if (!elements_[e]) return false;
  return true;
}

// The element at or below an element offset, axis by axis from the longest stride; `rest` is what is left.
std::string region::element(std::int64_t offset, std::int64_t& rest) const {
  int axes[max_rank];
  std::iota(axes, axes + shape_.rank, 0);
  std::stable_sort(axes, axes + shape_.rank, [&](int a, int b) {
    return shape_.stride[a] != shape_.stride[b] ? shape_.stride[a] > shape_.stride[b]
                                                : shape_.shape[a] < shape_.shape[b];
  });
  std::int64_t index[max_rank] = {};
  rest = offset;
  for (int i = 0; i < shape_.rank; ++i) {
    const int a = axes[i];
    if (shape_.stride[a] > 0 && shape_.shape[a] > 1)
      index[a] = std::min(rest / shape_.stride[a], shape_.shape[a] - 1);
    rest -= index[a] * shape_.stride[a];
  }
  std::string text = name_ + "[";
  for (int a = 0; a < shape_.rank; ++a) text += (a ? ", " : "") + std::to_string(index[a]);
  return text + "]";
}

std::string region::describe(std::ptrdiff_t offset) const {
  if (offset < 0) return counted(-offset, "byte") + " before " + name_;
  if (static_cast<std::size_t>(offset) >= bytes_)
    return counted(offset - static_cast<std::ptrdiff_t>(bytes_), "byte") + " behind the end of " + name_;
  if (kind_ == content::scratch) return name_ + " + " + hex(offset);
  const auto size = static_cast<std::ptrdiff_t>(size_of(shape_.type));
  std::int64_t rest = 0;
  const std::string at = element(offset / size, rest);
  if (rest > 0)
    return "between the rows of " + name_ + ", " + counted(rest * size + offset % size, "byte") + " after " +
           at;
  return at;
}

shadow& region::cells() {
  if (!cells_) cells_ = std::make_unique<shadow>(bytes_);
  return *cells_;
}

memory_map::memory_map() {
  void* got = MAP_FAILED;
  for (reserved_ = most_reserved; got == MAP_FAILED && reserved_ >= least_reserved; reserved_ /= 2)
    got =
        mmap(nullptr, reserved_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  reserved_ *= 2;
  if (got == MAP_FAILED) throw std::bad_alloc();
  base_ = reinterpret_cast<std::uintptr_t>(got);
  used_ = page;  // in front of the first buffer
  pages_.push_back(0);
}

memory_map::~memory_map() { munmap(reinterpret_cast<void*>(base_), reserved_); }

std::byte* memory_map::take(std::size_t bytes) {
  const std::size_t gap = std::max(least_gap, bytes);
  const std::size_t whole = (bytes + gap + page - 1) / page * page;
  if (used_ + whole > reserved_ || regions_.size() > 60000) throw std::bad_alloc();
  const std::size_t start = used_;
  used_ += whole;
  pages_.resize(used_ / page, static_cast<std::uint16_t>(regions_.size()));
  return reinterpret_cast<std::byte*>(base_ + start);
}

region& memory_map::place(std::string name, content kind, const tensor& from) {
  std::byte* const data = take(from.extent_bytes());
  if (from.extent_bytes()) std::memcpy(data, from.data(), from.extent_bytes());
  regions_.push_back(std::make_unique<region>(std::move(name), kind, data, from));
  return *regions_.back();
}

region& memory_map::place(std::string name, std::size_t bytes) {
  std::byte* const data = take(bytes);
  std::memset(data, 0xff, bytes);
  regions_.push_back(std::make_unique<region>(std::move(name), content::scratch, data, bytes));
  return *regions_.back();
}

}  // namespace plumbline::checked
