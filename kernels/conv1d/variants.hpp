// The rows of prefill's table, each defined beside its kernel.
#pragma once

#include "kernels/core/side.hpp"
#include "kernels/core/variant.hpp"
#include "reference/conv1d_problem.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {

variant<prefill_problem> blocks_variant();
variant<prefill_problem> sequences_variant();

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
