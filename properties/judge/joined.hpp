// Several outputs, judged apart, as one verdict.
#pragma once

#include <map>
#include <string>

#include "properties/judge/verdict.hpp"

namespace plumbline {

/// Two verdicts as one: the findings of both, the worse result, the first message.  One without elements does
/// not count.
verdict joined(verdict a, verdict b);

/// Of two metrics of one name the larger in size counts, NaN before any number.
void add_metrics(std::map<std::string, double>& all, const std::map<std::string, double>& more);

}  // namespace plumbline
