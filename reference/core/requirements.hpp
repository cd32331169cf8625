// What a check is made of: one line that names the argument and what was expected of it.
//
// Inputs are described once, as a list of tensors; the same list lays out empty inputs and refuses tensors
// that are missing, of another type or shape, or that the problem does not have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/tensor.hpp"

namespace plumbline {

/// Throws bad_argument.
[[noreturn]] void refuse(std::string_view argument, const std::string& expected);

void require_between(std::string_view argument, std::int64_t x, std::int64_t low, std::int64_t high);
/// At least `least`, and what an i32 holds.
void require_least(std::string_view argument, std::int64_t x, std::int64_t least);
/// `count` values in [least, most]; `each` says what has one ("sequence").
void require_list(std::string_view argument, const std::vector<std::int64_t>& list, std::int64_t count,
                  std::int64_t least, std::int64_t most, std::string_view each);
/// At most 2^34 elements: more is a typing error.
void require_size(std::string_view argument, const std::vector<std::int64_t>& shape);
void require_scale(std::string_view argument, double x, std::string_view when_zero);
/// hq a multiple of hk, both at least 1.
void require_heads(std::int64_t hq, std::int64_t hk);
/// At least 2, and even.
void require_even(std::string_view argument, std::int64_t x);
/// bf16 or f16.
void require_narrow(std::string_view argument, dtype type);
/// f32, f16 or bf16.
void require_output(std::string_view argument, dtype type);

/// One input.
struct input_spec {
  std::string name;
  dtype type;
  std::vector<std::int64_t> shape;
  std::int64_t gap = 0;                   // unused elements behind each row
  std::int64_t page_gap = 0;              // unused elements behind each step of the first axis
  std::vector<std::int64_t> values = {};  // not empty: what the tensor must hold
  bool dense = false;                     // no strides allowed
};

tensor_set lay_out(const std::vector<input_spec>&);
/// Refuses inputs that are not what the list says, in its order, then tensors that are not on it.
void require_inputs(const std::vector<input_spec>&, const tensor_set& inputs);

/// (..., rows, width) with `gap` unused elements behind each row and `page_gap` more behind each step of the
/// first axis.
tensor paged_rows(dtype type, std::vector<std::int64_t> shape, std::int64_t gap, std::int64_t page_gap);

}  // namespace plumbline
