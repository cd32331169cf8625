// Where a recorded file comes from, so that somebody who finds it in three years can say what made it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kernels/core/executor.hpp"

namespace plumbline::program {

/// Attributes of a case whose outputs were computed there: executor, device, machine, commit, compiler,
/// command, date, hashes of the sources of the kernels and of the reference.  All are named recorded_*.
std::map<std::string, std::string> provenance_of(const executor&, std::string_view op,
                                                 const std::string& command);

/// Hash of the sources that decide what kernels of an operator compute; "reference": of the reference.  Empty
/// for a name that has none.
std::string source_hash(std::string_view name);

/// Now, in UTC: "2026-11-22T08:15:00Z".
std::string date_now();

inline constexpr std::string_view recorded_executor = "recorded_executor",
                                  recorded_device = "recorded_device", recorded_sources = "recorded_sources",
                                  recorded_variant = "recorded_variant",
                                  recorded_verdict = "recorded_verdict";

}  // namespace plumbline::program
