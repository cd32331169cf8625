// Aligned arrays of doubles that go back to a pool: large blocks from the allocator cost a page fault for
// every 4 KiB on first touch, which is dearer than the arithmetic that fills them.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <tuple>
#include <utility>

namespace plumbline {

class buffer_pool {
 public:
  buffer_pool() = default;
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;
  ~buffer_pool() {
    for (const auto& [size, block] : free_) std::free(block);
  }
  /// A block of at least `size` doubles, 64-byte aligned, contents unknown; gives its true size.
  std::pair<double*, std::size_t> take(std::size_t size) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = free_.lower_bound(size);
      if (found != free_.end() && found->first <= 2 * size) {
        const std::pair<double*, std::size_t> block{found->second, found->first};
        free_.erase(found);
        return block;
      }
    }
    const std::size_t rounded = (size + 7) / 8 * 8;
    void* memory = std::aligned_alloc(64, rounded * sizeof(double));
    if (!memory) throw std::bad_alloc();
    return {static_cast<double*>(memory), rounded};
  }
  void give(double* block, std::size_t size) {
    const std::lock_guard lock(mutex_);
    free_.emplace(size, block);
  }

 private:
  std::mutex mutex_;
  std::multimap<std::size_t, double*> free_;
};

/// One array from a pool.
class buffer {
 public:
  buffer() = default;
  buffer(buffer_pool& pool, std::size_t size) : pool_(&pool) {
    std::tie(data_, capacity_) = pool.take(size ? size : 1);
  }
  buffer(buffer&& from) noexcept { swap(from); }
  buffer& operator=(buffer&& from) noexcept {
    buffer old(std::move(from));
    swap(old);
    return *this;
  }
  ~buffer() {
    if (data_) pool_->give(data_, capacity_);
  }
  double* data() const { return data_; }
  double& operator[](std::size_t i) const { return data_[i]; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  void swap(buffer& other) {
    std::swap(pool_, other.pool_), std::swap(data_, other.data_), std::swap(capacity_, other.capacity_);
  }
  buffer_pool* pool_ = nullptr;
  double* data_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace plumbline
