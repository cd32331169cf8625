// The judge of copied data: every element's bytes equal, except at places that another judge owns.
//
// Cache append, page moves and untouched slots are copies, so there is no budget: one differing byte fails,
// -0 is not +0, and NaN payloads count.  The report names the first difference, both values and both codes,
// and how many bytes differ in all.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "properties/judge/verdict.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

/// Something said about the element at an index (as many numbers as the rank).
using element_predicate = std::function<bool(std::span<const std::int64_t> index)>;
using element_name = std::function<std::string(std::span<const std::int64_t> index)>;

/// Byte equality of all elements but those that `elsewhere` says are judged elsewhere.  `output` is the name
/// for the report; `name` says what an index means (empty: "[1, 2, 3]").
verdict judge_bytes(std::string_view output, const tensor& expected, const tensor& computed,
                    const element_predicate& elsewhere = {}, const element_name& name = {});

}  // namespace plumbline
