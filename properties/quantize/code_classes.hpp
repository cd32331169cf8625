// Regimes of those who read codes: where a product of code and scale is rounded.
//
// A reader multiplies in fp32 and rounds again to its output type; one that rounds the scale first, or the
// product once, differs only where a product lies beside a tie of the output type, and ordinary data never
// finds it.  So one class puts products there.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "reference/core/formats.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 7> code_regimes = {
    "mixed", "ordinary", "output_ties", "extreme_scales", "zero_scale", "any_pattern", "powers_of_two"};

/// Regime of the index-th case: `mixed` for two of five, else any.
std::string_view draw_code_regime(std::uint64_t seed, std::uint64_t index);

/// Codes of one group; returns their scale.  A scale is a power of two where `power_of_two` asks for one.
/// `out`: type whose ties `output_ties` aims at.
float fill_codes(std::string_view regime, dtype code, dtype out, bool power_of_two,
                 std::span<std::uint8_t> codes, random_stream&);

}  // namespace plumbline::generate
