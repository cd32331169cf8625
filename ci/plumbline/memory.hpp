// A case that does not fit into memory is refused before it is drawn.
//
// One line of text can ask for any amount, and a machine that runs out of memory kills whom it likes.  What a
// case needs is estimated by its operator from the problem alone.
#pragma once

#include <cstdint>
#include <string>

#include "ci/plumbline/instrument.hpp"
#include "properties/case_spec.hpp"

namespace plumbline::program {

/// Bytes that can be had without swapping: what the system says, or less where a control group says so.
double available_memory();

/// "needs about 24 GiB, 10 GiB are available", or empty when the case fits, or is no problem text.
std::string too_big(const instrument&, const case_spec&);

}  // namespace plumbline::program
