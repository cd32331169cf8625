// A signed index where the standard containers want an unsigned one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plumbline {

/// `i` must not be negative; sizes and offsets are signed here, so that a difference may be.
constexpr std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace plumbline
