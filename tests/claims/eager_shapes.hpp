// Shapes of arrays, and what is refused of them.
#pragma once

#include <string>

#include "tests/claims/eager.hpp"

namespace plumbline::claims {

std::int64_t count_of(const shape_list&);
/// "[1, 2]".
std::string text_of(const shape_list&);
/// The shape that both become; refuses shapes that do not broadcast, naming `what` was asked for.
shape_list broadcast(const shape_list&, const shape_list&, const char* what);
void require_one_type(const array&, const array&, const char* what);

}  // namespace plumbline::claims
