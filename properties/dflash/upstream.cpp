// The upstream groups: who takes which, the table of layers, and what double precision allows them.
#include "properties/dflash/upstream.hpp"

#include <algorithm>
#include <cmath>

#include "properties/upstream_claims.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/dflash_model.hpp"

namespace plumbline::dflash {

namespace {

constexpr std::string_view project_groups[] = {"dflash_attention"};
constexpr std::string_view attention_groups[] = {"dflash_attention", "dflash_draft_model",
                                                 "dflash_target_layer_ids"};
constexpr std::string_view accept_groups[] = {"dflash_accept", "dflash_sample", "dflash_generate"};
constexpr upstream_claim claims[] = {
    {"project", project_groups}, {"attention", attention_groups}, {"accept", accept_groups}};

bool is_choice(const recorded_case& c) {
  return std::find(std::begin(accept_groups), std::end(accept_groups), c.function) != std::end(accept_groups);
}

external_judgement judge_layer_ids(const recorded_case& c, upstream_source& from) {
  const tensor &arguments = from.at("arguments", 2), &expected = from.at("expected_layer_ids", 2);
  if (arguments.dim(0) != expected.dim(0) || arguments.dim(1) != 2)
    throw bad_argument("arguments", "expected two numbers a row, and as many rows as expected_layer_ids");
  const std::vector<double> asked = arguments.values(), theirs = expected.values();
  const auto width = static_cast<std::size_t>(expected.dim(1));
  disagreement d;
  for (std::size_t row = 0; 2 * row < asked.size(); ++row) {
    int_list ours = target_layer_ids(static_cast<std::int64_t>(asked[2 * row]),
                                     static_cast<std::int64_t>(asked[2 * row + 1]));
    if (ours.size() > width) throw bad_argument("expected_layer_ids", "expected a column for every layer");
    ours.resize(width, -1);
    for (std::size_t i = 0; i < width; ++i)
      d.look(theirs[row * width + i], static_cast<double>(ours[i]), 0,
             "row " + std::to_string(row) + ", layer " + std::to_string(i));
  }
  return d.conclude(c);
}

}  // namespace

external_judgement held_in_double(const recorded_case& c, const tensor& theirs, const chain_result& chain) {
  const std::vector<double> values = theirs.values();
  if (values.size() != chain.ours.size())
    throw bad_argument(chain.name, "expected " + counted(chain.ours.size(), "element") + ", got " +
                                       std::to_string(values.size()));
  const double budget = allowed(chain);
  double largest = 0;
  disagreement d;
  for (std::size_t i = 0; i < values.size(); ++i) {
    largest = std::max(largest, std::fabs(chain.ours[i]));
    d.look(values[i], chain.ours[i], budget, chain.name + ", element " + std::to_string(i));
  }
  external_judgement found = d.conclude(c);
  if (found.result == outcome::pass && !(budget < largest))
    found.result = outcome::mistrusted, found.message = chain.name + ": the budget is wider than the data";
  return found;
}

std::span<const std::string_view> upstream_groups(std::string_view function) {
  return groups_of(claims, function);
}

bool is_upstream(const recorded_case& c) { return is_claimed(claims, c.function); }

std::vector<recorded_case> calls_of(const recorded_case& c) {
  upstream_source from(c, "dflash");
  if (is_choice(c)) return upstream_choice_calls(from);
  if (c.function == "dflash_attention") return upstream_layer_calls(from);
  return {};
}

external_judgement judge_upstream(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    upstream_source from(c, "dflash");
    external_judgement found = is_choice(c)                         ? judge_upstream_choice(c, from)
                               : c.function == "dflash_attention"   ? judge_upstream_layer(c, from)
                               : c.function == "dflash_draft_model" ? judge_upstream_model(c, from)
                                                                    : judge_layer_ids(c, from);
    from.require_all_taken();
    return found;
  });
}

}  // namespace plumbline::dflash
