#include "ci/plumbline/case_owner.hpp"

#include <algorithm>

#include "ci/plumbline/rows.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

// `op`; files that older programs saved say `operator`.  Elsewhere that is the name of an upstream function:
// the operator that alone knows its group is meant.
std::string said_operator(const instrument& all, const std::map<std::string, std::string>& attributes) {
  if (const auto found = attributes.find("op"); found != attributes.end()) return found->second;
  const auto found = attributes.find("operator");
  if (found == attributes.end()) return "";
  const bool known = std::any_of(all.operations.begin(), all.operations.end(),
                                 [&](const operation* o) { return o->op() == found->second; });
  if (known) return found->second;
  const std::vector<const operation*> of_group = claimants(all, found->second);
  return of_group.empty() || contested(of_group) ? "" : std::string(of_group[0]->op());
}

}  // namespace

std::vector<const operation*> claimants(const instrument& all, const std::string& group) {
  std::vector<const operation*> found;
  for (const operation* o : all.operations)
    if (o->claims_group(group)) found.push_back(o);
  return found;
}

bool contested(const std::vector<const operation*>& all) {
  return std::any_of(all.begin(), all.end(), [&](const operation* o) { return o->op() != all[0]->op(); });
}

std::vector<const operation*> owners(const instrument& all, const std::string& group,
                                     const std::map<std::string, std::string>& attributes) {
  std::vector<const operation*> found = claimants(all, group);
  const std::string said = said_operator(all, attributes);
  if (found.empty() || (said.empty() && !contested(found))) return found;
  std::vector<std::string> names;
  for (const operation* o : found) add_once(names, std::string(o->op()));
  std::erase_if(found, [&](const operation* o) { return o->op() != said; });
  if (found.empty())
    throw bad_argument("op", "expected the attribute to name an operator that knows the group '" + group +
                                 "' (" + joined(names) + "), got " +
                                 (said.empty() ? "no such attribute" : "'" + said + "'"));
  return found;
}

}  // namespace plumbline::program
