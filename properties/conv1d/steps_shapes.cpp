#include "properties/conv1d/steps_shapes.hpp"

#include <algorithm>
#include <string>

#include "properties/conv1d/sizes.hpp"
#include "properties/conv1d/values.hpp"
#include "properties/generate/presentation.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::generate {

using conv1d::step;
using conv1d::step_part;
using conv1d::steps_problem;

namespace {

std::int64_t count(const steps_problem& p, char kind) {
  return std::count_if(p.steps.begin(), p.steps.end(), [kind](const step& s) { return s.kind == kind; });
}
template <class Holds>
bool some_part(const steps_problem& p, Holds holds) {
  for (const step& one : p.steps)
    for (const step_part& part : one.parts)
      if (holds(one, part)) return true;
  return false;
}
// Slots that a p takes when an earlier step has used them.
bool reuses(const steps_problem& p) {
  std::vector<std::int64_t> used;
  for (const step& one : p.steps)
    for (const step_part& part : one.parts) {
      if (one.kind == 'p' && part.tokens > 0 && std::find(used.begin(), used.end(), part.slot) != used.end())
        return true;
      used.push_back(part.slot);
    }
  return false;
}

constexpr problem_class<steps_problem> rows[] = {
    {"begins", 0.3, [](const steps_problem& p) { return count(p, 'p') > 0; }},
    {"goes_on", 0.2, [](const steps_problem& p) { return count(p, 'c') > 0; }},
    {"updates", 0.2, [](const steps_problem& p) { return count(p, 'u') > 0; }},
    {"drafts", 0.12, [](const steps_problem& p) { return count(p, 's') > 0; }},
    {"drafts_in_a_row", 0.06, [](const steps_problem& p) { return count(p, 's') > 1; }},
    {"drafts_partly_accepted", 0.05,
     [](const steps_problem& p) {
       return some_part(
           p, [](const step& s, const step_part& part) { return s.kind == 's' && part.accepted > 1; });
     }},
    {"update_behind_drafts", 0.02,
     [](const steps_problem& p) {
       return some_part(
           p, [](const step& s, const step_part& part) { return s.kind == 'u' && part.accepted > 1; });
     }},
    {"empty_part", 0.1,
     [](const steps_problem& p) {
       return some_part(p, [](const step&, const step_part& part) { return part.tokens == 0; });
     }},
    {"slot_reused", 0.1, [](const steps_problem& p) { return reuses(p); }},
    {"both_pools", 0.1, [](const steps_problem& p) { return p.narrow > 0 && p.wide > 0; }},
    {"many_steps", 0.1, [](const steps_problem& p) { return p.steps.size() >= 6; }},
    {"width_2", 0.07, [](const steps_problem& p) { return p.width == 2; }},
    {"width_3", 0.07, [](const steps_problem& p) { return p.width == 3; }},
    {"width_4", 0.15, [](const steps_problem& p) { return p.width == 4; }},
    {"dim_at_a_tile", 0, [](const steps_problem& p) { return p.dim >= 255 && p.dim <= 257; }},
    {"gap", 0.1, [](const steps_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0, [](const steps_problem& p) { return far_rows(p, 1, tokens_of(p)); }}};

// A step that the states allow now: found by asking the check, part by part.
bool allowed(const steps_problem& p) {
  try {
    check(p);
    return true;
  } catch (const bad_argument&) {
    return false;
  }
}

step_part draw_part(draws& draw, const steps_problem& p, char kind, std::int64_t slot, std::int64_t each) {
  step_part part;
  part.slot = slot;
  part.tokens = kind == 'u'   ? each
                : kind == 's' ? (draw.chance(12)   ? 0
                                 : draw.chance(60) ? p.drafts
                                                   : draw.between(1, p.drafts))
                              : draw.one_of({0, 1, 1, 2, p.width - 1, p.width, 7, 8, 9, 17});
  part.accepted = kind == 's' || kind == 'u' ? draw.between(1, p.drafts) : 1;
  return part;
}

}  // namespace

steps_problem draw_conv1d_steps(const contract& promised, std::string_view, std::uint64_t seed,
                                std::uint64_t index) {
  draws draw(seed, index, "steps of " + std::string(name_of(promised.in)));
  steps_problem p;
  draw_filter_shape(draw, promised, p);
  p.layout = conv1d::run_layout::channel_last;
  if (p.dim > 257 || (p.dim > 100 && draw.chance(60))) p.dim = draw.between(1, 40);
  p.narrow = draw.chance(20) ? 0 : draw.between(1, 4);
  p.wide = p.narrow == 0 || draw.chance(65) ? draw.between(1, 3) : 0;
  p.drafts = draw.one_of({1, 2, 3, 4, 5, 5});
  const std::int64_t slots = p.narrow + p.wide, steps = draw.between(2, 10);
  step first;
  first.parts.push_back({draw.between(1, 9), 1, draw.between(0, slots - 1)});
  p.steps.push_back(first);
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t each = draw.between(1, 4),
                       kind = draw.weighted({{15, 'p'}, {20, 'c'}, {25, 'u'}, {60, 's'}});
    p.steps.push_back({static_cast<char>(kind), {}});
    for (std::int64_t slot = 0; slot < slots; ++slot) {
      if (!draw.chance(65)) continue;
      std::vector<step_part>& parts = p.steps.back().parts;
      parts.push_back(draw_part(draw, p, static_cast<char>(kind), slot, each));
      for (const std::int64_t accepted : {parts.back().accepted, std::int64_t{2}, std::int64_t{1}}) {
        parts.back().accepted = accepted;
        if (allowed(p)) break;
      }
      if (!allowed(p)) parts.pop_back();
    }
    if (p.steps.back().parts.empty()) p.steps.pop_back();
  }
  spread_rows(draws(seed, index, "far rows of steps"), p, 1, tokens_of(p));
  return p;
}

std::vector<steps_problem> smaller(const steps_problem& from) {
  edits<steps_problem> all(from);
  const auto size = from.steps.size();
  for (std::size_t i = 0; i < size; ++i) all.add([i](steps_problem& p) { p.steps.resize(i + 1); });
  for (std::size_t i = 0; i < size; ++i)
    all.add([i](steps_problem& p) { p.steps.erase(p.steps.begin() + static_cast<std::ptrdiff_t>(i)); });
  for (std::int64_t slot = 0; slot < from.narrow + from.wide; ++slot)
    all.add([slot](steps_problem& p) {
      for (step& one : p.steps)
        std::erase_if(one.parts, [slot](const step_part& part) { return part.slot == slot; });
      std::erase_if(p.steps, [](const step& one) { return one.parts.empty(); });
    });
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t k = 0; k < from.steps[i].parts.size(); ++k) {
      if (from.steps[i].parts.size() > 1)
        all.add([=](steps_problem& p) {
          p.steps[i].parts.erase(p.steps[i].parts.begin() + static_cast<std::ptrdiff_t>(k));
        });
      for (const std::int64_t tokens : {std::int64_t{1}, from.steps[i].parts[k].tokens - 1})
        if (tokens >= 0 && tokens < from.steps[i].parts[k].tokens)
          all.add([=](steps_problem& p) { p.steps[i].parts[k].tokens = tokens; });
      if (from.steps[i].parts[k].accepted > 1)
        all.add([=](steps_problem& p) { --p.steps[i].parts[k].accepted; });
    }
  for (const std::int64_t dim : {std::int64_t{1}, from.dim / 2, from.dim - 1})
    if (dim >= 1 && dim < from.dim) all.add([dim](steps_problem& p) { p.dim = dim; });
  all.add([](steps_problem& p) { p.gap = 0; });
  all.add([](steps_problem& p) { p.act = conv1d::activation::none; });
  all.add([](steps_problem& p) { p.has_bias = false; });
  if (from.drafts > 1) all.add([](steps_problem& p) { --p.drafts; });
  all.add([](steps_problem& p) { --p.wide; });
  return all.take();
}

std::span<const problem_class<steps_problem>> conv1d_steps_classes() { return rows; }

tensor_set draw_inputs(const steps_problem& p, std::string_view regime, std::uint64_t seed) {
  constexpr std::uint8_t between_rows = 0xff;
  constexpr std::int64_t slots_a_step = 1 << 21;
  const tensor_set usual = empty_inputs(p);
  tensor_set inputs = usual;
  for (auto& [name, t] : inputs)
    if (t.type() == p.type) t.fill_block(between_rows);
  draw_filter(p, regime, seed, inputs);
  for (const char* name : {"conv_states", "conv_tapes"})
    fill_stale(inputs.at(name), random_stream(seed, name));
  tensor& x = inputs.at("x");
  bool anchored = false;
  for (const conv1d::step_call& call : calls_of(p)) {
    std::int64_t row = call.first_token;
    for (const step_part& part : call.parts) {
      const auto number =
          static_cast<std::int64_t>(call.step) * slots_a_step + 2 * part.slot + (call.wide ? 1 : 0);
      for (std::int64_t c = 0; c < p.dim; ++c) {
        channel_values draw(p, regime, seed, number, c);
        for (std::int64_t t = 0; t < part.tokens; ++t) draw.put(x, (row + t) * x.strides()[0] + c);
      }
      if (!anchored && part.tokens > 0) x.set_value(row * x.strides()[0], anchor(p, inputs, regime));
      anchored = anchored || part.tokens > 0;
      row += part.tokens;
    }
  }
  return inputs;
}

}  // namespace plumbline::generate
