// The classes of flash_decode's problems.
#pragma once

#include <span>

#include "properties/generate/problem_class.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

std::span<const problem_class<flash_decode::attend_problem>> attend_classes();
std::span<const problem_class<flash_decode::append_problem>> append_classes();
std::span<const problem_class<flash_decode::combine_problem>> combine_classes();

}  // namespace plumbline::generate
