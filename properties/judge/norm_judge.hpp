// The judge of a norm: x / sqrt(mean(x^2) + eps) * weight in fp32, rounded once.
//
// A sum of squares has no cancellation and its root halves what it lost, so an element errs by 3e-7 |r| at
// random, most of it a scale that its row shares, and by 8e-7 |r| in one direction; all else is the rounding
// of the output.  H takes the worst case of the chain, E the two figures, R the mean square of a row and of
// the tensor, A the scale of a row, of 64 columns over all rows, and of the tensor.  Each element's output
// rounding is known to R and A, so a row shows a scale that is wrong by a fraction of an ulp: an eps in the
// wrong place, where the mean square is near it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "properties/judge/verdict.hpp"
#include "reference/core/formats.hpp"

namespace plumbline {

struct norm_truth {
  std::int64_t rows = 0, columns = 0;
  std::vector<double> out;  // (rows, columns)
};

/// Judges `computed` (rows, columns).  `name` names a row: "token 3".
verdict judge_norm(const norm_truth&, dtype out_type, std::span<const double> computed,
                   const std::function<std::string(std::int64_t row)>& name);

}  // namespace plumbline
