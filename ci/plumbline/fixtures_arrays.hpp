// Raw inputs that come as numpy arrays: an .npz file becomes a file of one case, and goes on as any other.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ci/plumbline/requests.hpp"

namespace plumbline::program {

/// The cases asked for, each .npz file among them replaced by a file of one case under `folder`, with the
/// options of the request: `function` names its group (attend unless given).  cannot_run when one cannot be
/// read; bad_argument when options for arrays are given and there are none.
std::vector<std::string> arrays_as_cases(const fixtures_request&, const std::filesystem::path& folder);

}  // namespace plumbline::program
