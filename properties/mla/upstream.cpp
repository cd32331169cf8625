// The upstream groups: who takes which, the table of places, and conditions that must be refused.
#include "properties/mla/upstream.hpp"

#include <algorithm>

#include "properties/external_case.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

struct claimed {
  std::string_view function;
  std::span<const std::string_view> groups;
};
constexpr std::string_view decode_groups[] = {"flash_mla_dense_decode"};
constexpr std::string_view decode_indices_groups[] = {"flash_mla_sparse_decode", "sparse_decode_with_sink",
                                                      "logical_to_physical_indices"};
constexpr std::string_view prefill_indices_groups[] = {"flash_mla_sparse_prefill"};
constexpr std::string_view forward_groups[] = {"mla_forward", "errors"};
constexpr claimed claims[] = {{"decode", decode_groups},
                              {"decode_indices", decode_indices_groups},
                              {"prefill_indices", prefill_indices_groups},
                              {"forward", forward_groups}};

// Positions in a sequence to places in a cache: whole numbers, so exact.
external_judgement judge_places(const recorded_case& c) {
  upstream_source from(c, "mla");
  const tensor& indices = from.at("indices", 3);
  const tensor ours = physical_indices(indices, from.at("block_table", 2), from.integer("page_block_size"));
  const std::vector<double> theirs = from.at("expected_indices", 3).values(), places = ours.values();
  if (theirs.size() != places.size())
    throw bad_argument("expected_indices", "expected as many elements as indices");
  from.require_all_taken();
  disagreement d;
  for (std::size_t i = 0; i < places.size(); ++i)
    d.look(theirs[i], places[i], 0, "element " + std::to_string(i));
  return d.conclude(c);
}

// A condition under which upstream's module raises: ours must refuse it, naming this argument.
struct condition {
  std::string_view name, argument;
  void (*ask)();
};
constexpr condition conditions[] = {
    {"mla_batch_above_max", "max_batch_size", [] { parse_forward(keyed_text("b=3,max_batch_size=2")); }},
    {"mla_square_mask_with_history", "mask", [] {
       is_causal(tensor(dtype::f32, {2, 2}), 2, 3);
     }}};

external_judgement judge_condition(const recorded_case& c) {
  for (const condition& one : conditions) {
    if (one.name != c.name) continue;
    std::string named;
    try {
      one.ask();
    } catch (const bad_argument& why) {
      named = why.argument();
    }
    if (named == one.argument) return {group_of(c), "expected", outcome::pass, 0, ""};
    return {group_of(c), "expected", outcome::fail, 0,
            "expected a refusal that names \"" + std::string(one.argument) + "\", got \"" + named + "\""};
  }
  return unsupported(c, "no function of mla has this condition");
}

}  // namespace

std::span<const std::string_view> upstream_groups(std::string_view function) {
  for (const claimed& one : claims)
    if (one.function == function) return one.groups;
  return {};
}

bool is_upstream(const recorded_case& c) {
  return std::any_of(std::begin(claims), std::end(claims), [&](const claimed& one) {
    return std::find(one.groups.begin(), one.groups.end(), c.function) != one.groups.end();
  });
}

std::vector<recorded_case> calls_of(const recorded_case& c) {
  upstream_source from(c, "mla");
  if (is_upstream_attention(c.function)) return {upstream_attention_call(from)};
  if (c.function == "mla_forward") return upstream_module_calls(from);
  return {};
}

external_judgement judge_upstream(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    if (c.function == "logical_to_physical_indices") return judge_places(c);
    if (c.function == "errors") return judge_condition(c);
    return c.function == "mla_forward" ? judge_upstream_module(c) : judge_upstream_attention(c);
  });
}

}  // namespace plumbline::mla
