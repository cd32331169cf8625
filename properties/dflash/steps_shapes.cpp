#include "properties/dflash/steps_shapes.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "properties/dflash/sizes.hpp"
#include "properties/generate/presentation.hpp"
#include "properties/generate/regimes.hpp"

namespace plumbline::generate {

using dflash::step;
using dflash::step_call;
using dflash::step_part;
using dflash::steps_problem;

namespace {

constexpr std::int64_t most_products = 600'000, most_outputs = 12'000, tile = 64;

template <class Holds>
bool some_part(const steps_problem& p, Holds holds) {
  for (const step_call& call : calls_of(p))
    for (std::size_t i = 0; i < call.parts.size(); ++i)
      if (holds(call, i)) return true;
  return false;
}
bool accepted_some(const steps_problem& p, bool (*of)(std::int64_t accepted, std::int64_t block)) {
  return some_part(p, [&](const step_call& call, std::size_t i) {
    return call.kind == 'a' && of(call.parts[i].count, p.block_size);
  });
}
// A p on a slot that some step filled before.
bool refills(const steps_problem& p) {
  std::vector<std::int64_t> filled;
  return some_part(p, [&](const step_call& call, std::size_t i) {
    const std::int64_t slot = call.parts[i].slot;
    const bool again = call.kind == 'p' && std::find(filled.begin(), filled.end(), slot) != filled.end();
    filled.push_back(slot);
    return again;
  });
}
std::int64_t count(const steps_problem& p, char kind) {
  return std::count_if(p.steps.begin(), p.steps.end(), [kind](const step& s) { return s.kind == kind; });
}
std::int64_t keys_of(const step_call& call, std::size_t i) {
  return call.before[i] + call.new_rows[i + 1] - call.new_rows[i];
}
std::int64_t most_keys(const steps_problem& p) {
  std::int64_t most = 1;
  some_part(p, [&](const step_call& call, std::size_t i) {
    if (call.kind != 'c') most = std::max(most, keys_of(call, i));
    return false;
  });
  return most;
}

constexpr problem_class<steps_problem> rows[] = {
    {"goes_on", 0.25, [](const steps_problem& p) { return count(p, 'a') > 0; }},
    {"rounds_in_a_row", 0.2, [](const steps_problem& p) { return count(p, 'a') > 1; }},
    {"crops", 0.1, [](const steps_problem& p) { return count(p, 'c') > 0; }},
    {"crop_cuts_rows_off", 0.06,
     [](const steps_problem& p) {
       return some_part(p, [](const step_call& call, std::size_t i) {
         return call.kind == 'c' && call.after[i] < call.before[i];
       });
     }},
    {"slot_filled_anew", 0.1, refills},
    {"none_accepted", 0.1,
     [](const steps_problem& p) {
       return accepted_some(p, [](std::int64_t n, std::int64_t) { return n == 0; });
     }},
    {"some_accepted", 0.1,
     [](const steps_problem& p) {
       return accepted_some(p, [](std::int64_t n, std::int64_t block) { return n > 0 && n + 1 < block; });
     }},
    {"all_accepted", 0.1,
     [](const steps_problem& p) {
       return accepted_some(p, [](std::int64_t n, std::int64_t block) { return n + 1 == block; });
     }},
    {"several_slots", 0.2, [](const steps_problem& p) { return p.slots > 1; }},
    {"more_sequences_than_a_block", 0,
     [](const steps_problem& p) {
       return some_part(p, [](const step_call& call, std::size_t) { return call.parts.size() > 128; });
     }},
    {"slots_permuted", 0.1,
     [](const steps_problem& p) {
       return some_part(p, [](const step_call& call, std::size_t i) {
         return i > 0 && call.parts[i].slot < call.parts[i - 1].slot;
       });
     }},
    {"block_of_1", 0.02, [](const steps_problem& p) { return p.block_size == 1; }},
    {"block_of_16", 0.05, [](const steps_problem& p) { return p.block_size == 16; }},
    {"several_tiles", 0.06, [](const steps_problem& p) { return most_keys(p) > tile; }},
    {"several_heads_a_kv_head", 0.2, [](const steps_problem& p) { return p.hq > p.hk; }},
    {"broken_pieces", 0.1, [](const steps_problem& p) { return p.d % 8 != 0 || p.gap % 8 != 0; }},
    {"heads_wider_than_a_tile", 0, [](const steps_problem& p) { return p.d > 128; }},
    {"gap", 0.1, [](const steps_problem& p) { return p.gap > 0; }}};

std::int64_t products_of(const steps_problem& p) {
  std::int64_t keys = 0;
  some_part(p, [&](const step_call& call, std::size_t i) {
    if (call.kind != 'c') keys += keys_of(call, i);
    return false;
  });
  return keys * p.block_size * p.hq * 2 * p.d;
}
std::int64_t outputs_of(const steps_problem& p) {
  std::int64_t parts = 0;
  for (const step& one : p.steps) parts += static_cast<std::int64_t>(one.parts.size());
  return parts * p.block_size * p.hq * p.d;
}

std::int64_t draw_count(draws& draw, const steps_problem& p, char kind, std::int64_t held) {
  if (kind == 'p') return draw.chance(20) ? draw.one_of({0, 55, 63, 64, 100}) : draw.between(0, 12);
  if (kind == 'c') return draw.between(0, held + 2);
  const std::int64_t how = draw.between(0, 99);
  return how < 30 ? 0 : how < 60 ? p.block_size - 1 : draw.between(0, p.block_size - 1);
}

void draw_steps(draws& draw, steps_problem& p) {
  std::map<std::int64_t, std::int64_t> held;
  const std::int64_t wanted = draw.between(2, 8);
  for (std::int64_t n = 0; n < wanted; ++n) {
    const auto kind = static_cast<char>(n == 0 ? 'p' : draw.weighted({{15, 'p'}, {65, 'a'}, {20, 'c'}}));
    step one{kind, {}};
    const bool backwards = draw.chance(40);
    for (std::int64_t k = 0; k < p.slots; ++k) {
      const std::int64_t slot = backwards ? p.slots - 1 - k : k;
      if (!draw.chance(70) || (kind != 'p' && held.count(slot) == 0)) continue;
      const step_part part{draw_count(draw, p, kind, held[slot]), slot};
      const std::int64_t context = context_of(kind, part);
      held[slot] = kind == 'c'   ? std::min(held[slot], part.count)
                   : kind == 'p' ? context
                                 : held[slot] + context;
      one.parts.push_back(part);
    }
    if (!one.parts.empty()) p.steps.push_back(std::move(one));
  }
  if (p.steps.empty()) p.steps.push_back({'p', {{draw.between(1, 9), 0}}});
}

// More sequences a step than a block of threads takes, now and then: few steps, each sequence small.
void draw_many_slots(draws draw, steps_problem& p) {
  if (!draw.chance(2)) return;
  p.slots = 200, p.block_size = 1, p.hq = p.hk = 1, p.d = 8;
  p.steps.clear();
  draw_steps(draw, p);
  p.steps.resize(std::min<std::size_t>(p.steps.size(), 3));
}

void set_row(tensor& t, std::int64_t row, std::int64_t head, const double* values) {
  const std::int64_t index[] = {row, head, 0};
  const std::int64_t first = t.offset(index);
  for (std::int64_t c = 0; c < t.dim(2); ++c)
    t.set_code(first + c, encode(t.type(), values[c], overflow::saturate));
}

tensor_set poisoned_inputs(const steps_problem& p, std::byte fill) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs)
    if (t.type() == p.type) t.fill_block(static_cast<std::uint8_t>(fill));
  return inputs;
}

}  // namespace

std::string_view draw_dflash_steps_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(dflash_steps_regimes.size()) - 1;
  return dflash_steps_regimes[at(draws(seed, index, "dflash steps regime").between(0, last))];
}

steps_problem draw_dflash_steps(const contract& promised, std::string_view, std::uint64_t seed,
                                std::uint64_t index) {
  draws draw(seed, index, "dflash steps of " + std::string(name_of(promised.in)));
  steps_problem p;
  p.type = promised.in;
  p.slots = draw.one_of({1, 2, 2, 3, 4});
  p.block_size = draw.one_of({1, 2, 3, 4, 4, 8, 16, 16});
  const head_counts heads = draw_head_counts(draw);
  p.hq = heads.hq, p.hk = heads.hk;
  p.d = draw.chance(3) ? 136 : draw.one_of({8, 9, 16, 16, 24, 37, 64, 128});
  p.softmax_scale = draw.chance(80) ? 0 : 0.25;
  p.gap = draw_row_gap(draw);
  draw_steps(draw, p);
  draw_many_slots(draws(seed, index, "dflash steps of many slots"), p);
  const auto fits = [&] { return products_of(p) <= most_products && outputs_of(p) <= most_outputs; };
  while (p.hk > 1 && !fits()) p.hq /= p.hk, p.hk = 1;
  while (p.hq > 2 && !fits()) p.hq = (p.hq + 1) / 2;
  while (p.d > 16 && !fits()) p.d = (p.d + 1) / 2;
  while (p.steps.size() > 2 && !fits()) p.steps.pop_back();
  p.capacity = most_keys(p) + (draw.chance(60) ? 0 : draw.one_of({1, 5, 70}));
  return p;
}

std::vector<steps_problem> smaller(const steps_problem& from) {
  edits<steps_problem> all(from);
  const auto add = [&](auto edit) {
    all.add([&](steps_problem& p) {
      edit(p);
      std::erase_if(p.steps, [](const step& one) { return one.parts.empty(); });
      if (!p.steps.empty()) p.capacity = most_keys(p);
    });
  };
  const std::size_t size = from.steps.size();
  for (std::size_t n = 1; n < size; ++n) add([n](steps_problem& p) { p.steps.resize(n); });
  for (std::size_t n = 0; n < size; ++n)
    add([n](steps_problem& p) { p.steps.erase(p.steps.begin() + static_cast<std::ptrdiff_t>(n)); });
  for (std::int64_t slot = 0; slot < from.slots; ++slot)
    add([slot](steps_problem& p) {
      for (step& one : p.steps)
        std::erase_if(one.parts, [slot](const step_part& part) { return part.slot == slot; });
    });
  for (std::size_t n = 0; n < size; ++n)
    for (std::size_t i = 0; i < from.steps[n].parts.size(); ++i) {
      if (from.steps[n].parts.size() > 1)
        add([=](steps_problem& p) {
          p.steps[n].parts.erase(p.steps[n].parts.begin() + static_cast<std::ptrdiff_t>(i));
        });
      const std::int64_t before = from.steps[n].parts[i].count;
      for (const std::int64_t less : {std::int64_t{0}, before / 2, before - 1})
        if (less >= 0 && less < before) add([=](steps_problem& p) { p.steps[n].parts[i].count = less; });
    }
  for (const std::int64_t block : {std::int64_t{1}, from.block_size / 2, from.block_size - 1})
    if (block > 0 && block < from.block_size)
      add([block](steps_problem& p) {
        p.block_size = block;
        for (step& one : p.steps)
          for (step_part& part : one.parts)
            if (one.kind == 'a') part.count = std::min(part.count, block - 1);
      });
  add([](steps_problem& p) { p.hq = p.hk = 1; });
  add([](steps_problem& p) { p.hq /= p.hk, p.hk = 1; });
  fewer(from, &steps_problem::d, 1, all);
  add([](steps_problem&) {});
  add([](steps_problem& p) { --p.slots; });
  all.add([](steps_problem& p) { p.gap = 0; });
  all.add([](steps_problem& p) { p.softmax_scale = 0; });
  return all.take();
}

std::span<const problem_class<steps_problem>> dflash_steps_classes() { return rows; }

tensor_set draw_inputs(const steps_problem& p, std::string_view regime, std::uint64_t seed) {
  constexpr std::int64_t narrowest = 4;  // regimes place what they know in several channels
  tensor_set inputs = poisoned_inputs(p, seed & 1 ? std::byte{0x3b} : std::byte{0xff});
  const std::vector<step_call> calls = calls_of(p);
  const std::int64_t group = p.hq / p.hk;
  for (std::int64_t slot = 0; slot < p.slots; ++slot)
    for (std::int64_t h = 0; h < p.hk; ++h) {
      unit_shape u;
      u.sequence = slot, u.kv_head = h, u.group = group, u.sq = 0;
      u.d = u.dv = std::max(p.d, narrowest);
      u.scale = p.softmax_scale > 0 ? p.softmax_scale : effective_scale(attention_of(p, calls.front()));
      u.type = p.type;
      const auto each_part = [&](auto visit) {
        for (const step_call& call : calls)
          for (std::size_t i = 0; i < call.parts.size(); ++i)
            if (call.kind != 'c' && call.parts[i].slot == slot) visit(call, i);
      };
      each_part([&](const step_call& call, std::size_t i) {
        u.sk += call.new_rows[i + 1] - call.new_rows[i], u.sq += p.block_size;
      });
      if (u.sq == 0) continue;
      u.begin.assign(at(u.sq), 0), u.end.assign(at(u.sq), u.sk);
      const unit_values values = draw_unit(*regime_from(regime), u, seed);
      std::int64_t key = 0, query = 0;
      each_part([&](const step_call& call, std::size_t i) {
        for (std::int64_t row = call.new_rows[i]; row < call.new_rows[i + 1]; ++row, ++key) {
          set_row(inputs.at("k"), row, h, values.k.data() + key * u.d);
          set_row(inputs.at("v"), row, h, values.v.data() + key * u.dv);
        }
        const std::int64_t first = call.first_query + static_cast<std::int64_t>(i) * p.block_size;
        for (std::int64_t r = 0; r < p.block_size * group; ++r, ++query)
          set_row(inputs.at("q"), first + r / group, h * group + r % group, values.q.data() + query * u.d);
      });
    }
  return inputs;
}

tensor_set refilled(const steps_problem& p, const tensor_set& from, std::byte fill) {
  tensor_set inputs = poisoned_inputs(p, fill);
  for (const char* name : {"q", "k", "v"})
    inputs.set(name, relaid(from.at(name), std::move(inputs.at(name)), fill));
  return inputs;
}

}  // namespace plumbline::generate
