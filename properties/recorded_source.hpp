// Where recorded cases come from: the reader that the program set.
#pragma once

#include <string_view>

#include "properties/operation.hpp"

namespace plumbline {

/// Reads FILE#/group/case; throws bad_argument when there is no reader or no such case.
recorded_case load_recorded(std::string_view recorded);

}  // namespace plumbline
