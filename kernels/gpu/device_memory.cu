#include "kernels/gpu/device_memory.hpp"

#include <algorithm>

#include "kernels/core/launch.hpp"

namespace plumbline {

void require_cuda(cudaError_t code, const std::string& call) {
  if (code == cudaSuccess) return;
  throw kernel_fault({"device error", "device error: " + call + ": " + cudaGetErrorName(code) + ", " +
                                          cudaGetErrorString(code)});
}

device_block::device_block(std::size_t bytes) : bytes_(bytes) {
  void* memory = nullptr;
  require_cuda(cudaMalloc(&memory, bytes), "cudaMalloc of " + std::to_string(bytes) + " bytes");
  data_ = static_cast<std::byte*>(memory);
}

// After a fault in a kernel every call fails, this one too; the fault was reported where it was found.
device_block::~device_block() {
  if (data_) static_cast<void>(cudaFree(data_));
}

void device_block::copy_from(std::span<const std::byte> host) {
  require_cuda(cudaMemcpy(data_, host.data(), host.size(), cudaMemcpyHostToDevice),
               "cudaMemcpy to the device");
}

void device_block::copy_to(std::span<std::byte> host, std::size_t offset) const {
  require_cuda(cudaMemcpy(host.data(), data_ + offset, host.size(), cudaMemcpyDeviceToHost),
               "cudaMemcpy from the device");
}

void device_block::fill(std::size_t offset, std::size_t bytes, unsigned char value) {
  require_cuda(cudaMemset(data_ + offset, value, bytes), "cudaMemset");
}

device_tensors::device_tensors(tensor_set& from) {
  blocks_.reserve(from.size());
  for (auto& entry : from) {
    device_block& block = blocks_.emplace_back(entry.value.block().size());
    block.copy_from(entry.value.block());
    tensor_view view = entry.value.view();
    view.data = block.data() + guard_bytes;
    views_.push_back({entry.name, view});
  }
}

void device_tensors::copy_to(tensor_set& to) const {
  std::size_t at = 0;
  for (auto& entry : to) blocks_[at++].copy_to(entry.value.block());
}

void* device_scratch::take(std::size_t bytes) {
  device_block& block = blocks_.emplace_back(bytes + 2 * guard_bytes);
  block.fill(0, block.bytes(), guard_pattern);
  block.fill(guard_bytes, bytes, 0xff);
  return block.data() + guard_bytes;
}

std::optional<fault> device_scratch::first_stray_byte() const {
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    for (const std::size_t zone : {std::size_t{0}, blocks_[i].bytes() - guard_bytes}) {
      std::vector<std::byte> bytes(guard_bytes);
      blocks_[i].copy_to(bytes, zone);
      const auto changed =
          std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{guard_pattern}; });
      if (changed == bytes.end()) continue;
      const auto offset = static_cast<std::int64_t>(zone) + (changed - bytes.begin()) -
                          static_cast<std::int64_t>(guard_bytes);
      return fault{"stray write", "stray write: scratch buffer " + std::to_string(i) + " (" +
                                      std::to_string(blocks_[i].bytes() - 2 * guard_bytes) +
                                      " bytes) was written at byte offset " + std::to_string(offset)};
    }
  return std::nullopt;
}

}  // namespace plumbline
