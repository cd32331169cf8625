// Device memory of one call: blocks with guard zones, and CUDA calls that cannot fail in silence.
//
// A tensor travels as its whole block, so its guard zones and the padding between its rows are on the device
// too and a stray write there comes back as a changed byte.  Scratch gets zones of its own.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/core/executor.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

/// Throws kernel_fault of kind "device error" that names the call, unless `code` is success.
void require_cuda(cudaError_t code, const std::string& call);

/// One allocation on the device.
class device_block {
 public:
  explicit device_block(std::size_t bytes);
  device_block(device_block&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
  }
  device_block& operator=(device_block&&) = delete;
  ~device_block();

  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  void copy_from(std::span<const std::byte> host);
  void copy_to(std::span<std::byte> host, std::size_t offset = 0) const;
  void fill(std::size_t offset, std::size_t bytes, unsigned char value);

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Copies of tensors on the device.
class device_tensors {
 public:
  /// Copies every tensor's block; views point into the copies.
  explicit device_tensors(tensor_set& from);
  std::span<const kernel_arguments::entry> views() const { return views_; }
  /// Copies every block back over `to`, which has the tensors this was made of.
  void copy_to(tensor_set& to) const;

 private:
  std::vector<device_block> blocks_;
  std::vector<kernel_arguments::entry> views_;
};

/// Poisoned scratch between guard zones.
class device_scratch {
 public:
  void* take(std::size_t bytes);
  /// What was written outside the scratch handed out, if anything.
  std::optional<fault> first_stray_byte() const;

 private:
  std::vector<device_block> blocks_;
};

}  // namespace plumbline
