// A second opinion for the tests of the kernels: inputs of small calls, and attention as the definition says.
//
// Independent of the reference on purpose: plain loops in double over the tensors' values, no streaming, no
// shared code.  Slots and page-table entries that no key uses hold NaN and wild page ids.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/core/variant.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode::naive {

/// Inputs of a problem, drawn from `seed`; with several pages or rows they lie in an order that `layout`
/// draws.
tensor_set make_inputs(const attend_problem&, std::uint64_t seed, std::uint64_t layout = 1);
tensor_set make_inputs(const append_problem&, std::uint64_t seed);

struct truth {
  std::vector<double> out, lse;  // row-major as the outputs
  std::vector<double> out_bound,
      lse_bound;  // what rounding as the contract says can do at worst, first order
};
truth attend(const attend_problem&, const tensor_set& inputs, const contract& promised);

/// First place where `outputs` leaves the bound, in words; empty: none does.
std::string disagreement(const truth&, const tensor_set& outputs);

/// The problem read from its text.
attend_problem attend_from(const std::string& text);
append_problem append_from(const std::string& text);

}  // namespace plumbline::flash_decode::naive
