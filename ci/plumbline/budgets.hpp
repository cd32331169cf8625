// The text of `list --budgets`: how the results of each function are judged, with the constants of the code
// that judges.
#pragma once

#include <span>
#include <string>

#include "properties/operation.hpp"

namespace plumbline::program {

/// Budgets of all functions on the host's contracts.
std::string budgets_of(std::span<const operation* const>);

}  // namespace plumbline::program
