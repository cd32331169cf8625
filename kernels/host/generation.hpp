// The generations of tensor cores that the host can stand for, by name.
#pragma once

#include <cstdint>
#include <string_view>

namespace plumbline::simt {

enum class generation : std::uint8_t { sm_80, sm_89, sm_90a };

constexpr std::string_view name_of(generation g) {
  constexpr std::string_view names[] = {"sm_80", "sm_89", "sm_90a"};
  return names[static_cast<int>(g)];
}

/// The generation of a name; throws bad_argument naming those that are known.
generation generation_of(std::string_view name);

}  // namespace plumbline::simt
