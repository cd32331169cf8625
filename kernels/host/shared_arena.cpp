#include "kernels/host/shared_arena.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/core/launch.hpp"
#include "kernels/host/sanitizer.hpp"

namespace plumbline::simt {

namespace {

constexpr std::size_t zone = 1024;  // of either side; also the alignment of the base
constexpr std::byte zone_pattern{0xa5};

}  // namespace

shared_arena::shared_arena() : memory_(new std::byte[max_shared_bytes + 3 * zone]) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
  base_ = memory_.get() + ((address + 2 * zone - 1) / zone * zone - address);
  std::memset(base_ - zone, static_cast<int>(zone_pattern), zone);
  prepare(0);
}

shared_arena::~shared_arena() { allow_access(memory_.get(), max_shared_bytes + 3 * zone); }

bool shared_arena::reaches(const void* p) const {
  const std::byte* const at = static_cast<const std::byte*>(p);
  return at >= memory_.get() && at < memory_.get() + max_shared_bytes + 3 * zone;
}

void shared_arena::prepare(std::size_t bytes) {
  allow_access(memory_.get(), max_shared_bytes + 3 * zone);
  bytes_ = bytes;
  std::memset(base_, 0xff, bytes);
  std::memset(base_ + bytes, static_cast<int>(zone_pattern), zone);
  forbid_access(base_ - zone, zone);
  forbid_access(base_ + bytes, zone);
}

std::optional<std::ptrdiff_t> shared_arena::first_stray_byte() {
  allow_access(memory_.get(), max_shared_bytes + 3 * zone);
  if (base_[-static_cast<std::ptrdiff_t>(zone)] == zone_pattern &&
      std::memcmp(base_ - zone, base_ - zone + 1, zone - 1) == 0 &&
      std::memcmp(base_ - zone, base_ + bytes_, zone) == 0)
    return std::nullopt;
  const auto changed = [](std::byte b) { return b != zone_pattern; };
  std::byte* const front = std::find_if(base_ - zone, base_, changed);
  if (front != base_) return front - base_;
  std::byte* const end = base_ + bytes_ + zone;
  std::byte* const behind = std::find_if(base_ + bytes_, end, changed);
  if (behind != end) return behind - base_;
  return std::nullopt;
}

}  // namespace plumbline::simt
