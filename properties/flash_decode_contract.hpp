// The contract that a case from a file is judged by: named, or spelled out in its own options.
#pragma once

#include <optional>
#include <string_view>

#include "properties/operation.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::flash_decode {

/// By `name`, else by the case's option "contract", else by its options "contract_acc_qk", "contract_acc_pv",
/// "contract_p_type", ...; nothing when the case says nothing.  Throws bad_argument on an unknown name or
/// value.
std::optional<contract> contract_of(const recorded_case&, std::string_view name, dtype in, dtype out);

}  // namespace plumbline::flash_decode
