// The variants of flash_decode, simple to fast.  One table a function; the rows are the same on every side,
// `run` goes to the kernels built for that side (an empty span: not built in).
#pragma once

#include <span>

#include "kernels/core/executor.hpp"
#include "kernels/core/variant.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

std::span<const variant<attend_problem>> attend_variants(side);
std::span<const variant<append_problem>> append_variants(side);
std::span<const variant<combine_problem>> combine_variants(side);

}  // namespace plumbline::flash_decode
