// Smaller problems for a failing one, as a RapidCheck shrink tree.
//
// A step knows the domain: fewer sequences, shorter lengths, fewer heads, fewer splits, smaller head dims,
// dense instead of paged, options off; big steps come first.  Every candidate passes the argument check, so a
// shrink never turns a numeric failure into a refusal.  Values are keyed by their place (regimes.hpp), so
// what remains of a problem keeps its inputs.
#pragma once

#include <functional>
#include <vector>

#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

std::vector<flash_decode::attend_problem> smaller(const flash_decode::attend_problem&);
std::vector<flash_decode::append_problem> smaller(const flash_decode::append_problem&);
std::vector<flash_decode::combine_problem> smaller(const flash_decode::combine_problem&);

/// The first level of the tree.
template <class Problem>
std::vector<Problem> children(const Problem& failing);

/// Walks the tree of `smaller` depth first: moves to the first child that still fails, until no child does or
/// `steps` trials are spent.
template <class Problem>
Problem smallest(const Problem& failing, const std::function<bool(const Problem&)>& fails, int steps);

}  // namespace plumbline::generate
