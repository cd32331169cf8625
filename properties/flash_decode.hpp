// flash_decode as operations: attend, append, combine.
#pragma once

#include "properties/operation.hpp"

namespace plumbline::flash_decode {

const operation& attend_operation();
const operation& append_operation();
const operation& combine_operation();

/// Bytes of memory that running a case takes, about; throws bad_argument on a malformed problem.
double memory_needed(const case_spec&);

}  // namespace plumbline::flash_decode
