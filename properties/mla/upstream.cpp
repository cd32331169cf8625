// The upstream groups: who takes which, the table of places, and conditions that must be refused.
#include "properties/mla/upstream.hpp"

#include "properties/external_case.hpp"
#include "properties/upstream_claims.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

constexpr std::string_view decode_groups[] = {"flash_mla_dense_decode"};
constexpr std::string_view decode_indices_groups[] = {"flash_mla_sparse_decode", "sparse_decode_with_sink",
                                                      "logical_to_physical_indices"};
constexpr std::string_view prefill_indices_groups[] = {"flash_mla_sparse_prefill"};
constexpr std::string_view forward_groups[] = {"mla_forward", "rotary_table", "errors"};
constexpr upstream_claim claims[] = {{"decode", decode_groups},
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

constexpr upstream_condition conditions[] = {
    {"mla_batch_above_max", "max_batch_size", [] { parse_forward(keyed_text("b=3,max_batch_size=2")); }},
    {"mla_square_mask_with_history", "mask", [] {
       is_causal(tensor(dtype::f32, {2, 2}), 2, 3);
     }}};

}  // namespace

std::span<const std::string_view> upstream_groups(std::string_view function) {
  return groups_of(claims, function);
}

bool is_upstream(const recorded_case& c) { return is_claimed(claims, c.function); }

std::vector<recorded_case> calls_of(const recorded_case& c) {
  upstream_source from(c, "mla");
  if (is_upstream_attention(c.function)) return {upstream_attention_call(from)};
  if (c.function == "mla_forward") return upstream_module_calls(from);
  return {};
}

external_judgement judge_upstream(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    if (c.function == "logical_to_physical_indices") return judge_places(c);
    if (c.function == "rotary_table") return judge_upstream_angles(c);
    if (c.function == "errors") return judge_condition(c, "mla", conditions);
    return c.function == "mla_forward" ? judge_upstream_module(c) : judge_upstream_attention(c);
  });
}

}  // namespace plumbline::mla
