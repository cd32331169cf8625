// How simulated kernels add: an fp32 chain, a sum cut to 25 fraction bits every 16 terms, or to 13 every 32
// and promoted every 128.  A cut sum aligns its terms to the largest and drops what lies below, toward zero,
// as the published models of tensor cores do (the largest exponent here is the product's own, which cuts no
// less).
#pragma once

#include <cstddef>
#include <vector>

#include "reference/core/contract.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::testing {

using row_pointers = std::vector<const float*>;

/// acc[c] += sum over k of a[k] b[k][c], c < columns.
void multiply_add(accumulation kind, float* acc, const float* a, const row_pointers& b, std::size_t columns);

/// `x` cut toward zero to a format.
float truncated(dtype type, float x);

}  // namespace plumbline::testing
