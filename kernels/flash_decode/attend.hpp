// What the variants of attend share beside their kernels: who they are, and how they decline.
#pragma once

#include <span>
#include <string>

#include "kernels/core/side.hpp"
#include "kernels/core/variant.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

/// Why a variant with these contracts does not take a problem; empty: it does.
std::string attend_domain(const attend_problem&, std::span<const contract>);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
