// flash_decode as operations: attend, append, combine.
#pragma once

#include "properties/operation.hpp"

namespace plumbline::flash_decode {

const operation& attend_operation();
const operation& append_operation();
const operation& combine_operation();

}  // namespace plumbline::flash_decode
