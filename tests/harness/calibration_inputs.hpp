// Inputs for calibrating the judge: thirteen ways of drawing q, k and v, each making other mistakes visible.
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/core/formats.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/simulated_kernel.hpp"
#include "tests/harness/small_attention.hpp"

namespace plumbline::testing {

enum class regime : std::uint8_t {
  flat,
  normal,
  peaked,
  sink,
  positive,
  cancel,
  tiny,
  huge,
  powers_of_two,
  needle,
  ramp,
  twins,
  fuzz
};
inline constexpr int regime_count = 13;
std::string_view name_of(regime);

struct size_limits {
  std::int64_t keys = 400, rows = 8;
};

/// Values are exact in `in`.
small_attention draw_input(regime, dtype in, random_stream&, const size_limits& = {});

/// A correct kernel's free choices.
kernel_choices draw_choices(random_stream&, const contract& promised);

}  // namespace plumbline::testing
