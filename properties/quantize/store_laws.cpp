// A store writes each token to its slot and nothing else, wherever the slot lies and whatever lies around it.
//
// What a token's slot holds afterwards (codes, scales, rotary bytes) depends on the token alone: not on its
// place among the tokens, on the page size or page order, on strides, or on what the cache held before.  Two
// laws know no encoder: what reads back lies within half a step of the code's format around the element, and
// elements times a power of two get the same codes under scales times that power, where the policy is exact.
#include "properties/quantize/store_laws.hpp"

#include <cmath>
#include <cstring>

#include "properties/quantize/presentation.hpp"
#include "properties/quantize/read_back.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/quantize.hpp"

namespace plumbline::laws {

using quantize::cache_layout;
using quantize::store_problem;

namespace {

constexpr law<store_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<store_problem>,
     broken_run_to_run<store_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_tokens,
     broken_token_order},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_pages, broken_pages},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<store_problem>,
     broken_schedule<store_problem>, failing_schedule<store_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<store_problem>, broken_unused},
    {"slots_outside_keep_their_bytes", claim::none, concerns_all<store_problem>, broken_slots_outside},
    {"reads_back_within_a_step", claim::none, concerns_tokens_at_all, broken_step},
    {"power_of_two_scales_through", claim::none, concerns_scaling, broken_scaling},
    {"bad_arguments_refused", claim::none, concerns_all<store_problem>, broken_store_refusals},
};

std::int64_t slot_of_token(const store_problem& p, const tensor_set& inputs, std::int64_t token) {
  return p.has_slots ? static_cast<std::int64_t>(inputs.at("slots").value(token)) : token;
}

const std::byte* cache_of(const store_problem& p, const tensor_set& from) {
  return from.at(p.layout == cache_layout::split ? "nope_part" : "cache").data();
}

quantize::slot_bytes_view view_of(const store_problem& p, const tensor_set& from, std::int64_t slot) {
  return slot_of(p, slot, cache_of(p, from),
                 p.layout == cache_layout::split ? from.at("rope_part").data() : nullptr);
}

std::int64_t scale_bytes_written(const store_problem& p) {
  return tiles(p) * static_cast<std::int64_t>(size_of(p.scale_type));
}

// What a token left in its slot; nothing for a token that went nowhere.
struct written {
  std::vector<std::uint8_t> codes;
  std::vector<std::byte> scales, rope;
  friend bool operator==(const written&, const written&) = default;
};

written written_of(const store_problem& p, const tensor_set& inputs, const tensor_set& outputs,
                   std::int64_t token) {
  written w;
  const std::int64_t slot = slot_of_token(p, inputs, token);
  if (slot < 0) return w;
  const auto view = view_of(p, outputs, slot);
  w.codes.assign(view.codes, view.codes + p.dv);
  w.scales.assign(view.scales, view.scales + scale_bytes_written(p));
  w.rope.assign(view.rope, view.rope + rope_bytes(p));
  return w;
}

// Token `from` of the first call against token `to` of another.
std::string compare(const store_subject& s, std::int64_t from, const store_problem& p,
                    const tensor_set& inputs, const tensor_set& outputs, std::int64_t to,
                    const std::string& what) {
  const written first = written_of(s.problem, s.inputs, s.outputs, from),
                second = written_of(p, inputs, outputs, to);
  if (first == second) return "";
  const char* part = first.codes != second.codes     ? "codes"
                     : first.scales != second.scales ? "scales"
                                                     : "rotary bytes";
  return "token " + std::to_string(from) + " gets other " + part + " with " + what;
}

constexpr const char* token_tensors[] = {"k", "k_nope", "k_rope", "slots"};

// Every element of the latent times 2^power; false when one of them is no longer exact.
bool scaled(const store_problem& p, int power, tensor_set& inputs) {
  tensor& t = inputs.at(p.separate ? "k_nope" : "k");
  for (std::int64_t token = 0; token < p.tokens; ++token)
    for (std::int64_t c = 0; c < p.dv; ++c) {
      const std::int64_t at = token * t.strides()[0] + c;
      const double x = t.value(at), y = std::ldexp(x, power);
      if (std::isnan(x) || x == 0) continue;
      if (round_to(p.type, y) != y || !std::isfinite(y)) return false;
      t.set_value(at, y);
    }
  return true;
}

// Scales of a token as numbers.
std::vector<float> scales_of(const store_problem& p, const tensor_set& inputs, const tensor_set& outputs,
                             std::int64_t token) {
  std::vector<float> scales;
  const std::int64_t slot = slot_of_token(p, inputs, token);
  if (slot < 0) return scales;
  const auto view = view_of(p, outputs, slot);
  for (std::int64_t t = 0; t < tiles(p); ++t) scales.push_back(scale_at(p, view.scales, t));
  return scales;
}

// A scale that the scaling law may speak of: it and 2^power times it are normal in the working type, and no
// floor decided either.
bool scales_freely(const store_problem& p, double scale, int power) {
  const bool narrow = p.rule.scale_in == quantize::working::input && p.type == dtype::f16;
  const double least =
      std::fmax(narrow ? 0x1p-14 : 0x1p-126, 2 * std::fmax(p.rule.scale_floor, p.rule.amax_floor / 448));
  const double most = p.type == dtype::f16 ? 0x1p15 : 0x1p127;
  const double other = std::ldexp(scale, power);
  return scale > least && scale < most && other > least && other < most;
}

int power_of(const store_subject& s) {
  random_stream choice(s.seed, "power of two");
  const auto power = static_cast<int>(choice.integer(1, 3));
  return choice.chance(0.5) ? power : -power;
}

}  // namespace

std::span<const law<store_problem>> store_laws() { return all; }

std::string concerns_tokens_at_all(const store_subject& s) { return s.problem.tokens > 0 ? "" : "no tokens"; }

std::string concerns_tokens(const store_subject& s) {
  return s.problem.tokens > 1 ? "" : "one token has one position";
}

std::string broken_token_order(const store_subject& s) {
  random_stream choice(s.seed, "token order");
  const auto order = generate::another_order(s.problem.tokens, choice);
  tensor_set inputs = s.inputs;
  for (const char* name : token_tensors)
    if (tensor* t = inputs.find(name)) *t = generate::reordered(*t, order);
  const attempt moved = s.run(s.problem, inputs);
  if (moved.why_not) return describe(*moved.why_not, "the tokens in another order");
  for (std::int64_t to = 0; to < s.problem.tokens; ++to) {
    const std::int64_t from = order[static_cast<std::size_t>(to)];
    if (std::string why = compare(s, from, s.problem, inputs, moved.outputs, to,
                                  "position " + std::to_string(to) + " among the tokens");
        !why.empty())
      return why;
  }
  return "";
}

std::string concerns_pages(const store_subject& s) {
  return s.problem.layout == cache_layout::split ? "no pages" : "";
}

std::string broken_pages(const store_subject& s) {
  random_stream choice(s.seed, "page layout");
  std::vector<store_problem> others;
  for (const std::int64_t page_size : {1, 2, 3, 16, 64, 256}) {
    store_problem p = s.problem;
    p.page_size = page_size;
    p.num_pages = (p.tokens + page_size - 1) / page_size + choice.integer(0, 2);
    p.page_gap = 16 * choice.integer(0, 2);
    p.has_slots = true;
    try {
      check(p);
    } catch (const bad_argument&) {
      continue;
    }
    others.push_back(p);
  }
  if (others.empty()) throw outside_domain{"no other page size fits the row"};
  const store_problem p = one_taken(s, others, choice);
  tensor_set inputs = s.inputs;
  std::vector<std::int64_t> moved_to = generate::another_order(slots(p), choice);
  moved_to.resize(static_cast<std::size_t>(p.tokens));
  for (std::int64_t token = 0; token < p.tokens; ++token)
    if (slot_of_token(s.problem, s.inputs, token) < 0) moved_to[static_cast<std::size_t>(token)] = -1;
  inputs.set("slots", generate::places(moved_to));
  for (const auto& one : make_cache(p)) {
    tensor t = one.value;
    generate::fill_stale(t, choice);
    inputs.set(one.name, std::move(t));
  }
  const std::string what = "page size " + std::to_string(p.page_size) + " and other slots";
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, what);
  for (std::int64_t token = 0; token < p.tokens; ++token)
    if (std::string why = compare(s, token, p, inputs, moved.outputs, token, what); !why.empty()) return why;
  return "";
}

std::string broken_unused(const store_subject& s) {
  random_stream choice(s.seed, "unused memory");
  store_problem p = s.problem;
  p.gap = s.problem.gap + 8 * choice.integer(0, 2);
  if (!s.outside(p).empty()) p.gap = s.problem.gap;
  tensor_set inputs = s.inputs;
  for (const char* name : {"k", "k_nope", "k_rope"})
    if (tensor* t = inputs.find(name)) *t = generate::regapped(*t, p.gap, std::byte{0x7b});
  for (const auto& one : make_cache(p)) generate::fill_stale(inputs.at(one.name), choice);
  const std::string what = "other bytes in unused memory";
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  for (std::int64_t token = 0; token < p.tokens; ++token)
    if (std::string why = compare(s, token, p, inputs, other.outputs, token, what); !why.empty()) return why;
  return "";
}

std::string broken_slots_outside(const store_subject& s) {
  const store_problem& p = s.problem;
  tensor_set expected = make_outputs(p, s.inputs);
  const bool split = p.layout == cache_layout::split;
  const auto copy = [&](std::byte* to, const std::byte* from, std::int64_t at, std::int64_t count) {
    std::memcpy(to + at, from + at, static_cast<std::size_t>(count));
  };
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const std::int64_t slot = slot_of_token(p, s.inputs, token);
    if (slot < 0) continue;
    const auto at = place_of(p, slot);
    std::byte* to = expected.at(split ? "nope_part" : "cache").data();
    copy(to, cache_of(p, s.outputs), at.codes, p.dv);
    copy(to, cache_of(p, s.outputs), at.scales, scale_bytes_written(p));
    if (split)
      copy(expected.at("rope_part").data(), s.outputs.at("rope_part").data(), at.rope, rope_bytes(p));
    else
      copy(to, cache_of(p, s.outputs), at.rope, rope_bytes(p));
  }
  return difference(expected, s.outputs, "a cache in which the tokens' slots alone changed");
}

std::string broken_step(const store_subject& s) {
  const store_problem& p = s.problem;
  const tensor& x = s.inputs.at(p.separate ? "k_nope" : "k");
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const std::int64_t slot = slot_of_token(p, s.inputs, token);
    if (slot < 0) continue;
    const auto view = view_of(p, s.outputs, slot);
    for (std::int64_t c = 0; c < p.dv; ++c) {
      const double scale = scale_at(p, view.scales, c / p.tile);
      const double element = x.value(token * x.strides()[0] + c);
      if (within_a_step(p.rule, element, scale, view.codes[c])) continue;
      return "token " + std::to_string(token) + ", dim " + std::to_string(c) + ": " + shown(element) +
             " under scale " + shown(scale) + " reads back as " +
             shown(decode(dtype::e4m3, view.codes[c]) * scale) + ", not within one rounding";
    }
  }
  return "";
}

std::string concerns_scaling(const store_subject& s) {
  const auto& rule = s.problem.rule;
  if (s.problem.tokens == 0) return "no tokens";
  if (rule.scale_error > 0 || rule.quotient_error > 0 || rule.up == quantize::power_of_two::log2)
    return "the policy is not exact";
  tensor_set inputs;
  const char* name = s.problem.separate ? "k_nope" : "k";
  inputs.set(name, s.inputs.at(name));
  return scaled(s.problem, power_of(s), inputs) ? "" : "no power of two keeps every element exact";
}

std::string broken_scaling(const store_subject& s) {
  const store_problem& p = s.problem;
  const int power = power_of(s);
  tensor_set inputs = s.inputs;
  scaled(p, power, inputs);
  const std::string what = "elements times 2^" + std::to_string(power);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const auto first = scales_of(p, s.inputs, s.outputs, token),
               second = scales_of(p, inputs, other.outputs, token);
    for (std::size_t t = 0; t < first.size(); ++t) {
      if (!scales_freely(p, first[t], power)) continue;
      const std::string place = "token " + std::to_string(token) + ", tile " + std::to_string(t);
      if (second[t] != std::ldexp(first[t], power))
        return place + ": " + what + " give scale " + shown(second[t]) + ", not 2^" + std::to_string(power) +
               " times " + shown(first[t]);
      const auto a = written_of(p, s.inputs, s.outputs, token).codes,
                 b = written_of(p, inputs, other.outputs, token).codes;
      const auto begin = static_cast<std::ptrdiff_t>(t) * p.tile;
      if (!std::equal(a.begin() + begin, a.begin() + begin + p.tile, b.begin() + begin))
        return place + ": " + what + " get other codes";
    }
  }
  return "";
}

}  // namespace plumbline::laws
