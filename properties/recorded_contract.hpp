// The contract that a case from a file is judged by: named, or spelled out in its own options.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/core/variant.hpp"
#include "properties/operation.hpp"
#include "reference/core/contract.hpp"

namespace plumbline {

/// By `name`, else by the case's option "contract", else by its options "contract_acc_qk", "contract_acc_pv",
/// "contract_p_type", ..., of a product "contract_sums"; nothing when the case says nothing.  Throws
/// bad_argument on a name that is none of `known` or is for inputs of another type, or an unknown value.
std::optional<contract> contract_of(const recorded_case&, std::string_view name,
                                    std::span<const contract> known, dtype in, dtype out);

/// Throws bad_argument when the case's option "contract" is none of `known`, or when it, or `name`, is one of
/// `known` for inputs of another type than `in`.
void require_contract_for(const recorded_case&, std::string_view name, std::span<const contract> known,
                          dtype in);

/// Every contract of a table, once.
template <class Problem>
std::vector<contract> contracts_of(std::span<const variant<Problem>> rows) {
  std::vector<contract> all;
  for (const auto& row : rows)
    for (const contract& c : row.contracts)
      if (std::find(all.begin(), all.end(), c) == all.end()) all.push_back(c);
  return all;
}

}  // namespace plumbline
