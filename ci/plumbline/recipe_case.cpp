#include "ci/plumbline/recipe_case.hpp"

#include "ci/plumbline/rows.hpp"
#include "fixtures/seal.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

std::string hash_name(const std::string& tensor_name) { return std::string(hash_prefix) + tensor_name; }

recorded_case made(const instrument& all, const recorded_case& recipe, executor* where) {
  const case_spec spec = line_of(recipe);
  recorded_case c = find_operation(all, spec.op, spec.function).record(spec, where);
  c.function = recipe.function, c.name = recipe.name;
  return c;
}

}  // namespace

bool is_recipe(const recorded_case& c) {
  const auto first = c.options.lower_bound(std::string(hash_prefix));
  return c.tensors.empty() && first != c.options.end() && first->first.rfind(hash_prefix, 0) == 0;
}

void leave_hashes(fixtures::stored_case& one) {
  for (const auto& [name, value] : one.tensors) one.attributes[hash_name(name)] = fixtures::digest_of(value);
  one.tensors = {}, one.tensor_attributes.clear();
}

case_spec line_of(const recorded_case& recipe) {
  const auto line = recipe.options.find("case");
  if (line == recipe.options.end())
    throw bad_argument("case", "expected the line of text of a case that is recorded as hashes alone");
  return case_spec::parse(line->second);
}

std::string other_hash(const recorded_case& recipe, const tensor_set& tensors) {
  for (const auto& [name, value] : tensors) {
    const auto held = recipe.options.find(hash_name(name));
    if (held == recipe.options.end() || held->second != fixtures::digest_of(value)) return name;
  }
  return "";
}

std::string no_longer_made(const recorded_case& recipe, const tensor_set& run) {
  for (const auto& [key, hash] : recipe.options)
    if (key.rfind(hash_prefix, 0) == 0 && !run.has(key.substr(hash_prefix.size())))
      return key.substr(hash_prefix.size());
  return "";
}

recorded_case drawn(const instrument& all, const recorded_case& recipe) {
  recorded_case c = made(all, recipe, nullptr);
  if (const std::string name = other_hash(recipe, c.tensors); !name.empty())
    throw bad_argument("case", "stale recipe: its line draws another " + name);
  return c;
}

recorded_case drawn_and_run(const instrument& all, const recorded_case& recipe, executor& where) {
  drawn(all, recipe);
  return made(all, recipe, &where);
}

}  // namespace plumbline::program
