// Code that was proposed upstream, as variants of functions that are already judged.
//
// A subject is made of an existing function's tables, so that the same generators, laws, judge, shrinker and
// lines of text serve it.  `claims.FUNCTION/SUBJECT` is its name: the program finds it, verify does not run
// it.  Subjects are host code; what upstream raises is a fault of kind "refused".
#pragma once

#include <string>
#include <string_view>

#include "kernels/core/launch.hpp"
#include "properties/table_operation.hpp"

namespace plumbline::claims {

inline constexpr std::string_view operator_name = "claims";

/// A function's tables with subjects in place of its variants.
template <class Problem>
function_tables<Problem> with_subjects(function_tables<Problem> tables, std::string_view name,
                                       std::span<const variant<Problem>> (*subjects)(side)) {
  tables.parts.op = operator_name, tables.parts.name = name, tables.parts.group = {};
  tables.parts.table = subjects;
  tables.groups = {};
  return tables;
}

/// Ends a call as upstream's exception does.
[[noreturn]] inline void refuse(const std::string& why) {
  throw kernel_fault({"refused", "refused: " + why});
}

/// Of a subject that takes every problem.
template <class Problem>
std::string takes_all(const Problem&) {
  return "";
}

// The functions of which there are subjects.
const operation& conv1d_prefill();
const operation& dflash_accept();
const operation& dflash_attention();
const operation& dflash_generation();
const operation& dflash_project();
const operation& flash_decode_attend();
const operation& mla_forward();
const operation& quantize_store();

}  // namespace plumbline::claims
