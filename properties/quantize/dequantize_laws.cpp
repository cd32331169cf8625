// A reader returns each slot's values wherever the slot lies, and looks at nothing else.
//
// Rows depend on the bytes of their slot alone: not on the order of the indices, on the page size, or on what
// padding and slots that nobody asked for hold.
#include "properties/quantize/dequantize_laws.hpp"

#include <algorithm>
#include <cstring>

#include "properties/quantize/presentation.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/quantize.hpp"

namespace plumbline::laws {

using quantize::cache_layout;
using quantize::dequantize_problem;

namespace {

std::int64_t slot_of_token(const dequantize_problem& p, const tensor_set& inputs, std::int64_t token) {
  return p.has_indices ? static_cast<std::int64_t>(inputs.at("indices").value(token)) : token;
}

std::byte* cache_of(const dequantize_problem& p, tensor_set& from) {
  return from.at(p.layout == cache_layout::split ? "nope_part" : "cache").data();
}
std::byte* rope_of(const dequantize_problem& p, tensor_set& from) {
  return p.layout == cache_layout::split ? from.at("rope_part").data() : nullptr;
}

// Stale bytes everywhere, then the slots of the tokens: token i of `from` to slot where[i] of the new cache.
tensor_set moved_cache(const dequantize_subject& s, const dequantize_problem& p,
                       const std::vector<std::int64_t>& where, random_stream& choice) {
  tensor_set to, from = s.inputs;
  for (const auto& one : make_cache(p)) {
    tensor t = one.value;
    generate::fill_stale(t, choice);
    to.set(one.name, std::move(t));
  }
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const auto view = slot_of(s.problem, slot_of_token(s.problem, s.inputs, token), cache_of(s.problem, from),
                              rope_of(s.problem, from));
    const auto place = place_of(p, where[static_cast<std::size_t>(token)]);
    std::byte* cache = cache_of(p, to);
    std::byte* rope = p.layout == cache_layout::split ? rope_of(p, to) : cache;
    const std::int64_t scales = tiles(p) * static_cast<std::int64_t>(size_of(p.scale_type));
    std::memcpy(cache + place.codes, view.codes, static_cast<std::size_t>(p.dv));
    std::memcpy(cache + place.scales, view.scales, static_cast<std::size_t>(scales));
    std::memcpy(rope + place.rope, view.rope, static_cast<std::size_t>(rope_bytes(p)));
  }
  return to;
}

// Row `from` of the first output against row `to` of another.
bool same_row(const tensor& first, std::int64_t from, const tensor& second, std::int64_t to) {
  for (std::int64_t c = 0; c < first.dim(1); ++c)
    if (first.code(from * first.strides()[0] + c) != second.code(to * second.strides()[0] + c)) return false;
  return true;
}

std::string concerns_order(const dequantize_subject& s) {
  return !s.problem.has_indices ? "rows come in the order of the cache"
         : s.problem.tokens > 1 ? ""
                                : "one row has one position";
}

std::string broken_order(const dequantize_subject& s) {
  random_stream choice(s.seed, "token order");
  const auto order = generate::another_order(s.problem.tokens, choice);
  tensor_set inputs = s.inputs;
  inputs.set("indices", generate::reordered(s.inputs.at("indices"), order));
  const attempt moved = s.run(s.problem, inputs);
  if (moved.why_not) return describe(*moved.why_not, "the indices in another order");
  for (std::int64_t to = 0; to < s.problem.tokens; ++to)
    if (!same_row(s.outputs.at("out"), order[static_cast<std::size_t>(to)], moved.outputs.at("out"), to))
      return "row " + std::to_string(order[static_cast<std::size_t>(to)]) + " gets other bits at position " +
             std::to_string(to);
  return "";
}

std::string concerns_pages(const dequantize_subject& s) {
  return s.problem.layout == cache_layout::split ? "no pages" : "";
}

std::string broken_pages(const dequantize_subject& s) {
  random_stream choice(s.seed, "page layout");
  std::vector<dequantize_problem> others;
  for (const std::int64_t page_size : {1, 2, 3, 16, 64, 256}) {
    dequantize_problem p = s.problem;
    p.page_size = page_size;
    p.num_pages = (p.tokens + page_size - 1) / page_size + choice.integer(0, 2);
    p.page_gap = 16 * choice.integer(0, 2);
    p.has_indices = true;
    try {
      check(p);
    } catch (const bad_argument&) {
      continue;
    }
    others.push_back(p);
  }
  if (others.empty()) throw outside_domain{"no other page size fits the row"};
  const dequantize_problem p = one_taken(s, others, choice);
  auto where = generate::another_order(slots(p), choice);
  where.resize(static_cast<std::size_t>(p.tokens));
  tensor_set inputs = moved_cache(s, p, where, choice);
  inputs.set("indices", generate::places(where));
  const std::string what = "page size " + std::to_string(p.page_size) + " and other slots";
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, what);
  return difference(s.outputs, moved.outputs, what);
}

std::string broken_unused(const dequantize_subject& s) {
  random_stream choice(s.seed, "unused memory");
  std::vector<std::int64_t> where;
  for (std::int64_t token = 0; token < s.problem.tokens; ++token)
    where.push_back(slot_of_token(s.problem, s.inputs, token));
  tensor_set inputs = moved_cache(s, s.problem, where, choice);
  if (s.problem.has_indices) inputs.set("indices", s.inputs.at("indices"));
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, "other bytes in unused memory");
  return difference(s.outputs, other.outputs, "other bytes in unused memory");
}

constexpr law<dequantize_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<dequantize_problem>,
     broken_run_to_run<dequantize_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_order, broken_order},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_pages, broken_pages},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<dequantize_problem>,
     broken_schedule<dequantize_problem>, failing_schedule<dequantize_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<dequantize_problem>, broken_unused},
    {"bad_arguments_refused", claim::none, concerns_all<dequantize_problem>, broken_dequantize_refusals},
};

}  // namespace

std::span<const law<dequantize_problem>> dequantize_laws() { return all; }

}  // namespace plumbline::laws
