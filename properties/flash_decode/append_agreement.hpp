// Does an append agree with the truth?  Bytes where something is copied or left alone, admissible sets where
// it is rotated.
#pragma once

#include <vector>

#include "properties/judge/joined.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::laws {

/// |x| + |y| of the pair in which an element is rotated, 0 for one that is copied; in the order of
/// append_truth::k_exact and q_exact.
struct rotation_magnitude {
  std::vector<double> k, q;
};
rotation_magnitude rotation_magnitudes(const flash_decode::append_problem&, const tensor_set& inputs);

/// The whole K cache: every byte outside the rotated elements, then those.
verdict judge_key_cache(const flash_decode::append_problem&, const flash_decode::append_truth&,
                        const rotation_magnitude&, const tensor& computed);
/// The rotated q.
verdict judge_rotated_q(const flash_decode::append_problem&, const flash_decode::append_truth&,
                        const rotation_magnitude&, const tensor& computed);

/// All outputs of an append.
verdict judge_append(const flash_decode::append_problem&, const tensor_set& inputs,
                     const tensor_set& outputs);

}  // namespace plumbline::laws
