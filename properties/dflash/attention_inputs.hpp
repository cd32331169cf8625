// Inputs of dflash's attention, in the regimes of attention (properties/generate/regimes.hpp).
//
// A regime draws the keys of a sequence in order: those in use go to the cache, the others are new.  Whatever
// no query may read is poison: rows behind those in use, rows of the cache that no sequence has, gaps.  A
// mask hides a share of the keys, never the last one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::generate {

std::string_view draw_dflash_attention_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const dflash::attention_problem&, std::string_view regime, std::uint64_t seed);
/// The same call, other bytes in whatever it must not read.
tensor_set refilled(const dflash::attention_problem&, const tensor_set&, std::byte fill);

}  // namespace plumbline::generate
