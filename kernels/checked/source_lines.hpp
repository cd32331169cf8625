// From an address of code to a line of a kernel's source.
#pragma once

#include <string>

#include "kernels/host/watch.hpp"

namespace plumbline::checked {

/// "kernels/flash_decode/scalar.cu:89" for the call that returns to `after`: the innermost line that is not
/// in the wrappers of kernels/core or in the executor.  Without debug information, function and offset.
std::string line_of(simt::code_address after);

}  // namespace plumbline::checked
