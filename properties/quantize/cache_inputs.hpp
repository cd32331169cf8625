// Inputs of stores and readers.
//
// The dims that are quantized come from the classes of element_classes.hpp, tile by tile; rotary dims are
// copied, so they are any bits, NaN payloads too.  What a reader reads comes from code_classes.hpp.  The
// cache holds stale bytes everywhere, padding included: a store must keep what it does not write, and a
// reader must not look there.
#pragma once

#include <string_view>

#include "properties/quantize/code_classes.hpp"
#include "properties/quantize/element_classes.hpp"
#include "properties/quantize/presentation.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::generate {

tensor_set draw_inputs(const quantize::store_problem&, std::string_view regime, std::uint64_t seed);

tensor_set draw_inputs(const quantize::dequantize_problem&, std::string_view regime, std::uint64_t seed);

/// A cache of stale bytes.
void put_stale_cache(const quantize::cache_shape&, random_stream, tensor_set& inputs);
/// Slots for tokens, all different, some -1.
tensor draw_slots(std::int64_t tokens, std::int64_t slots, random_stream);

}  // namespace plumbline::generate
