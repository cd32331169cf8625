// A case as recipe plus hash: its line of text, and in place of each tensor the digest of it.
//
// A large case costs the repository a kilobyte this way.  Its inputs are drawn anew wherever they are needed,
// and a generator that draws others is seen by name before anything is run on them.
#pragma once

#include <string>

#include "ci/plumbline/instrument.hpp"
#include "fixtures/store.hpp"
#include "properties/case_spec.hpp"
#include "properties/operation.hpp"

namespace plumbline::program {

/// Attribute hash_NAME: the digest of tensor NAME.
inline constexpr std::string_view hash_prefix = "hash_";

bool is_recipe(const recorded_case&);
/// Takes the tensors out and leaves their hashes.
void leave_hashes(fixtures::stored_case&);

/// The case of a recipe's line; bad_argument when it has none or one of other generators.
case_spec line_of(const recorded_case& recipe);
/// Inputs drawn from the line, under the recipe's names.  bad_argument when the line cannot be drawn or one
/// of them has another hash.
recorded_case drawn(const instrument&, const recorded_case& recipe);
/// Inputs and what the variant of the line computes of them now.
recorded_case drawn_and_run(const instrument&, const recorded_case& recipe, executor&);
/// Name of the first tensor that has another hash than the recipe says, or empty; of one that it has no hash
/// for too.
std::string other_hash(const recorded_case& recipe, const tensor_set&);
/// Name of the first tensor that the recipe has a hash of and a run no longer makes, or empty.
std::string no_longer_made(const recorded_case& recipe, const tensor_set& run);

}  // namespace plumbline::program
