// Several outputs, judged apart, as one verdict.
#pragma once

#include "properties/judge/verdict.hpp"

namespace plumbline {

/// Two verdicts as one: the findings of both, the worse result, the first message.  One without elements does
/// not count.
verdict joined(verdict a, verdict b);

}  // namespace plumbline
