// The two products of attention are everybody's (core/attention_tiles.hpp); mla calls them by these names.
#pragma once

#include "kernels/core/attention_tiles.hpp"
#include "kernels/mla/token_rows.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

using kernels::for_each_chunk;
using kernels::multiply_group;
using kernels::multiply_scores;
using kernels::swizzled;

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
