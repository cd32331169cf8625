#include "properties/upstream_claims.hpp"

#include <algorithm>

#include "properties/external_case.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

std::span<const std::string_view> groups_of(std::span<const upstream_claim> claims,
                                            std::string_view function) {
  for (const upstream_claim& one : claims)
    if (one.function == function) return one.groups;
  return {};
}

bool is_claimed(std::span<const upstream_claim> claims, std::string_view group) {
  return std::any_of(claims.begin(), claims.end(), [&](const upstream_claim& one) {
    return std::find(one.groups.begin(), one.groups.end(), group) != one.groups.end();
  });
}

external_judgement judge_condition(const recorded_case& c, std::string_view op,
                                   std::span<const upstream_condition> conditions) {
  for (const upstream_condition& one : conditions) {
    if (one.name != c.name) continue;
    std::string named;
    try {
      one.ask();
    } catch (const bad_argument& why) {
      named = why.argument();
    }
    if (named == one.argument) return {group_of(c), "expected", outcome::pass, 0, std::string(one.answers)};
    return {group_of(c), "expected", outcome::fail, 0,
            "expected a refusal that names \"" + std::string(one.argument) + "\", got \"" + named + "\""};
  }
  return unsupported(c, "no function of " + std::string(op) + " has this condition");
}

}  // namespace plumbline
