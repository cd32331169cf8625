// The tests of an attention output in the order of checking, without the question whether they could fail.
#pragma once

#include "properties/judge/attention/judge.hpp"
#include "properties/judge/verdict.hpp"

namespace plumbline::judging {

/// What `judge_attention` does, less the look for a budget that is wider than the data.
verdict apply_attention_tests(std::span<const attention_truth> truth, std::size_t which,
                              const contract& promised, std::span<const attention_output> computed,
                              const row_name& name);

/// The true output rounded once to the contract's types: what the best kernel would return.
std::vector<attention_output> rounded_truth(std::span<const attention_truth> truth, const contract& promised);

}  // namespace plumbline::judging
