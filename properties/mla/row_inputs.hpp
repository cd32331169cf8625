// Inputs of rms_norm, rotary and write_cache.
//
// rms_norm   normal     N(0, 1) times a power of two
//            near_eps   rows whose mean square lies within a factor of eight of eps: the only ones that show
//                       where eps is added, and whether it is
//            wide       one element that outweighs its row, or magnitudes over twenty powers of two
//            positive   elements of one sign: errors of the weights do not average out
//            mixed      every row another of these, or zeros, or with a NaN or an infinity in it
// rotary     normal         N(0, 1) under any angles
//            quarter_turns  angles that are multiples of 90 degrees: every result is a copy
//            wide           pairs of very different magnitude, overflow and subnormals among them
//            any_pattern    any bits
// write_cache  any_pattern  any bits
//              normal       N(0, 1), as a reader would like it
#pragma once

#include <array>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 5> rms_norm_regimes = {"normal", "near_eps", "wide", "positive",
                                                                     "mixed"};
inline constexpr std::array<std::string_view, 4> rotary_regimes = {"normal", "quarter_turns", "wide",
                                                                   "any_pattern"};
inline constexpr std::array<std::string_view, 2> write_cache_regimes = {"any_pattern", "normal"};

std::string_view draw_rms_norm_regime(std::uint64_t seed, std::uint64_t index);
std::string_view draw_rotary_regime(std::uint64_t seed, std::uint64_t index);
std::string_view draw_write_cache_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const mla::rms_norm_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const mla::rotary_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const mla::write_cache_problem&, std::string_view regime, std::uint64_t seed);

/// Sets what lies between rows and around tensors to a byte; for inputs that are not updated in place.
void fill_unused(tensor_set& inputs, std::byte fill);

}  // namespace plumbline::generate
