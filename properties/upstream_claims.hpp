// What an operator knows of an upstream file without computing: which groups hold calls of which function,
// and the conditions that upstream's functions refuse.
#pragma once

#include <span>
#include <string_view>

#include "properties/operation.hpp"

namespace plumbline {

struct upstream_claim {
  std::string_view function;
  std::span<const std::string_view> groups;
};
std::span<const std::string_view> groups_of(std::span<const upstream_claim>, std::string_view function);
bool is_claimed(std::span<const upstream_claim>, std::string_view group);

/// A condition under which upstream's function raises.  `ask` puts it to ours, which must throw bad_argument
/// naming `argument`; an empty `argument`: ours answers, and `answers` says why that is right.
struct upstream_condition {
  std::string_view name, argument;
  void (*ask)();
  std::string_view answers = "";
};
external_judgement judge_condition(const recorded_case&, std::string_view op,
                                   std::span<const upstream_condition>);

}  // namespace plumbline
