// Inputs of mla's attentions, in the regimes of attention (properties/generate/regimes.hpp).
//
// A latent row is key and value at once.  Where a regime shapes values, or scores to the last bit, and a row
// has a rotary part, the values are the latent, the scores come from the rotary part alone and q is zero over
// the latent; elsewhere the whole row is the regime's key and its front the value.  Rows of quantized caches
// are encoded with one scale a tile: the smallest power of two that holds it, or (656-byte rows, where no bit
// must be exact) its largest magnitude over 448.
//
// Whatever no query may read is poison: rows that nobody lists, entries behind a length, gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::generate {

std::string_view draw_latent_regime(std::uint64_t seed, std::uint64_t index);

tensor_set draw_inputs(const mla::prefill_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const mla::decode_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const mla::decode_indices_problem&, std::string_view regime, std::uint64_t seed);
tensor_set draw_inputs(const mla::prefill_indices_problem&, std::string_view regime, std::uint64_t seed);

/// The same call in other memory: pages, or rows that lists name, elsewhere when `layout` is not 0; `fill` in
/// every byte that the call must not read.
tensor_set moved(const mla::prefill_problem&, const tensor_set&, std::uint64_t layout, std::byte fill);
tensor_set moved(const mla::decode_problem&, const tensor_set&, std::uint64_t layout, std::byte fill);
tensor_set moved(const mla::decode_indices_problem&, const tensor_set&, std::uint64_t layout, std::byte fill);
tensor_set moved(const mla::prefill_indices_problem&, const tensor_set&, std::uint64_t layout,
                 std::byte fill);

}  // namespace plumbline::generate
