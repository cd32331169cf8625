// Smaller problems for a failing one of flash_decode.
//
// A step knows the domain: fewer sequences, shorter lengths, fewer heads, fewer splits, smaller head dims,
// dense instead of paged, options off; big steps come first.  Values are keyed by their place (regimes.hpp),
// so what remains of a problem keeps its inputs.
#pragma once

#include <vector>

#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

std::vector<flash_decode::attend_problem> smaller(const flash_decode::attend_problem&);
std::vector<flash_decode::append_problem> smaller(const flash_decode::append_problem&);
std::vector<flash_decode::combine_problem> smaller(const flash_decode::combine_problem&);

}  // namespace plumbline::generate
