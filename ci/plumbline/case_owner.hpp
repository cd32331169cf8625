// Whose a case of a file is.
//
// A file says so by the name of the group, which every operator may claim; where two do, the attribute `op`
// of the case decides, and a case that has none is refused: a guess could judge it by another operator's
// truth.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"

namespace plumbline::program {

/// The functions that claim the group, in the order they are listed; none: no operator knows it.
std::vector<const operation*> claimants(const instrument&, const std::string& group);
/// True when functions of more than one operator do.
bool contested(const std::vector<const operation*>&);
/// Those that the case belongs to, by its group and its attribute `op`.  bad_argument naming `op` when it
/// names none of the claimants, or is missing where it must decide.
std::vector<const operation*> owners(const instrument&, const std::string& group,
                                     const std::map<std::string, std::string>& attributes);

}  // namespace plumbline::program
