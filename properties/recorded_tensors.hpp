// Tensors of a recorded case: asked for by name and rank, held against what the options say, laid out for a
// kernel.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/recorded_options.hpp"

namespace plumbline {

/// The tensor of that name; throws bad_argument, with the names that are there, when it is not.
const tensor& needed(const recorded_case&, std::string_view name);
/// The same, also when it has another number of axes.
const tensor& needed(const recorded_case&, std::string_view name, int rank);
/// Throws bad_argument when a tensor that is there has another shape.
void require_shape(std::string_view name, const tensor*, std::span<const std::int64_t> shape);
/// Throws bad_argument when the option `dtype` is there and names another type.
void require_type(recorded_options&, dtype found);
/// Options that repeat what the tensors show; throws bad_argument naming the first that says another number.
void require_as_said(recorded_options&, std::span<const std::pair<const char*, std::int64_t>> said);

/// Values of an i32 tensor in order; none when it is not there, bad_argument when it holds other numbers.
std::vector<std::int64_t> whole_values(const recorded_case&, std::string_view name);
/// i32 tensor of rank 1.
tensor whole_numbers(const std::vector<std::int64_t>& values);
/// Lengths from where each begins and the last ends (cu_seqlens).
std::vector<std::int64_t> differences(const std::vector<std::int64_t>& cumulative);

/// Copies the tensors of these names that the case has.  Those of three axes and more get `gap` elements of
/// 0xff behind each row of the last axis, so that a read beside a row shows.
void take(const recorded_case&, std::initializer_list<std::string_view> names, std::int64_t gap,
          tensor_set& inputs);

}  // namespace plumbline
