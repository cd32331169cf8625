// Which stage of a kernel a commit changed: what two builds showed of the same inputs, side by side.
//
// A stage whose numbers changed first is where the change was made, whether it leaves its budget or not; what
// lies behind it changes with it.
#pragma once

#include <string>

#include "ci/plumbline/bisect_state.hpp"

namespace plumbline::program {

struct changed_stage {
  std::string first;  // "row_sum", ..., "combined_out"; empty: not known
  std::string why_not_known;
};

/// From the outputs that the builds of two commits left.
changed_stage stage_changed(const bisect_folder&, const std::string& before, const std::string& after);

}  // namespace plumbline::program
