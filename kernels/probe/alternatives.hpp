// What a tensor core might compute: predictions of one vector's result, by name.
//
// Each is the model of kernels/host/tensor_core_sum.hpp with other parameters, or a short calculation of its
// own where the model has no parameter for it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/host/tensor_core_generation.hpp"
#include "kernels/probe/vectors.hpp"

namespace plumbline::probe {

/// The code of the result.
using prediction = std::function<std::uint32_t(const vector&)>;

struct alternative {
  std::string name;
  prediction predict;
};

/// A vector's factors and accumulator as numbers.
struct numbers {
  std::vector<float> a, b;
  float c;
};
numbers numbers_of(const instruction&, const vector&);
/// The code of a result in the format of the sums; NaN is 0x7fffffff or 0x7fff.
std::uint32_t code_of(const instruction&, float result);

/// The rule of the model on sm_90a (of fp8 mma.sync: of one of its halves).
simt::sum_rule model_rule(const instruction&);
/// The model as it stands: what the host executor computes.
prediction as_modelled(const instruction&);

/// The sum by another rule, with the formats' least exponents or others.
prediction by_rule(const instruction&, const simt::sum_rule&);
prediction by_rule(const instruction&, const simt::sum_rule&, const simt::least_exponents&);
/// Products by a rule, without C; then C added, rounded to nearest or toward zero.
prediction then_accumulator(const instruction&, const simt::sum_rule&, simt::rounding);
/// An fp8 mma.sync by halves.
prediction by_halves(const instruction&, const simt::fp8_rule&);

/// Vectors whose factors are numbers (exact in their format; padded with zeros) and an accumulator.
struct factors {
  double a, b;
};
vector made_of(const instruction&, const std::vector<factors>&, double c);

}  // namespace plumbline::probe
