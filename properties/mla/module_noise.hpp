// How far a module that rounds is from the module that does not.
//
// A chain of steps has no useful worst case: each bound multiplies the one before.  Its likely error has no
// such trouble.  Every rounding moves a number by up to half a unit of its last place, independently of the
// others; so the chain is run in double with a random move of that size at each of its rounding points, some
// tens of times, and the root mean square of what comes out is the standard deviation of each result.
// Correlations (one latent under all heads) and what softmax makes of an error of a score come out right by
// themselves.  Cost: as many modules in double as there are runs.
//
// Rounding points (those of the recorded module): the result of every projection, norm and rotation, a score
// (absorbed: also both of its products), the scaled score, a weight, the attention, and what W_UV makes of
// it.  A sum of K terms moves by up to sqrt(K) units of its absolute terms besides.  Where linear layers read
// codes, their input moves by half a step of e4m3 under the scale of its group of 128, and a weight that
// nobody rounded to the type of x by half a unit of that.
#pragma once

#include <vector>

#include "reference/core/tensor.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {

/// Unit roundoffs: of what a step leaves, and of the sums within it.
struct module_rounding {
  double stored, summed;
  bool codes = false;  // linear layers quantize their input to e4m3
};

/// Results of a module, shaped as in forward_truth.
struct module_results {
  std::vector<double> out, latent, k_pe, k_new, v_new;
};

/// The standard deviation of every result.  `before`: x of the tokens in front of start_pos, (b, start_pos,
/// dim), whose rows of the caches the module made by the same roundings; null: the caches are exact.
module_results module_deviation(const forward_problem&, const tensor_set& inputs, const tensor* before,
                                const module_rounding&);

}  // namespace plumbline::mla
