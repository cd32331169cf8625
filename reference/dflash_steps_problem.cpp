// dflash.steps: text, argument checks, lists and tensors.
#include "reference/dflash_steps_problem.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>

#include "reference/core/described.hpp"
#include "reference/core/requirements.hpp"

namespace plumbline::dflash {

namespace {

constexpr std::int64_t most_rows = 1 << 24, most_slots = 1 << 20;

std::int64_t number(std::string_view& rest, std::string_view whole) {
  std::int64_t x = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), x);
  if (error != std::errc() || end == rest.data() || x < 0 || x > most_rows)
    refuse("steps", fmt::format("expected steps as p5@0.3@2|a2@0|c4@0, got \"{}\"", whole));
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return x;
}

bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

bool known(char kind) { return kind == 'p' || kind == 'a' || kind == 'c'; }

// The most rows that a slot ever holds.
std::int64_t rows_needed(const steps_problem& p) {
  std::int64_t most = 1;
  for (const step_call& call : calls_of(p))
    for (std::size_t i = 0; i < call.parts.size(); ++i)
      if (call.kind != 'c') most = std::max(most, call.before[i] + call.new_rows[i + 1] - call.new_rows[i]);
  return most;
}

// A slot must have begun before it goes on.
void check_order(const steps_problem& p) {
  std::set<std::int64_t> begun;
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    const step& one = p.steps[i];
    if (!known(one.kind)) refuse("steps", fmt::format("step {}: expected p, a or c", i));
    if (one.parts.empty()) refuse("steps", fmt::format("step {}: expected a sequence", i));
    std::set<std::int64_t> seen;
    for (const step_part& part : one.parts) {
      const auto refuse_unless = [&](bool holds, const std::string& expected) {
        if (!holds) refuse("steps", fmt::format("step {}, slot {}: expected {}", i, part.slot, expected));
      };
      refuse_unless(part.slot >= 0 && part.slot < p.slots, fmt::format("a slot in 0..{}", p.slots - 1));
      refuse_unless(seen.insert(part.slot).second, "the slot once");
      refuse_unless(part.count >= 0 && part.count <= most_rows, fmt::format("a count in 0..{}", most_rows));
      refuse_unless(one.kind == 'p' || begun.count(part.slot) != 0, "a p first");
      refuse_unless(one.kind != 'a' || part.count < p.block_size,
                    fmt::format("at most block_size - 1 = {} accepted", p.block_size - 1));
      begun.insert(part.slot);
    }
  }
}

std::vector<input_spec> inputs_of(const steps_problem& p) {
  std::int64_t queries = 0, rows = 0;
  for (const step_call& call : calls_of(p)) {
    if (call.kind == 'c') continue;
    queries += static_cast<std::int64_t>(call.parts.size()) * p.block_size;
    rows = call.new_rows.back();
  }
  const int_list lists = lists_of(p);
  std::vector<input_spec> all = {{"q", p.type, {queries, p.hq, p.d}, p.gap}};
  for (const char* name : {"k", "v"}) all.push_back({name, p.type, {rows, p.hk, p.d}, p.gap});
  for (const char* name : {"k_cache", "v_cache"})
    all.push_back({name, p.type, {p.slots, p.capacity, p.hk, p.d}, p.gap});
  all.push_back({"step_lists", dtype::i32, {static_cast<std::int64_t>(lists.size())}, 0, 0, lists, true});
  return all;
}

}  // namespace

std::int64_t context_of(char kind, const step_part& part) {
  return kind == 'p' ? part.count : kind == 'a' ? part.count + 1 : 0;
}

std::vector<step> steps_from(std::string_view text) {
  std::vector<step> steps;
  for (std::string_view rest = text; !rest.empty();) {
    step one;
    one.kind = rest.front();
    if (!known(one.kind)) refuse("steps", fmt::format("expected p, a or c, got \"{}\"", rest));
    rest.remove_prefix(1);
    do {
      step_part part;
      part.count = number(rest, text);
      if (!take(rest, '@')) refuse("steps", fmt::format("expected @SLOT behind the count, got \"{}\"", rest));
      part.slot = number(rest, text);
      one.parts.push_back(part);
    } while (take(rest, '.'));
    steps.push_back(std::move(one));
    if (!rest.empty() && (!take(rest, '|') || rest.empty()))
      refuse("steps", fmt::format("expected | between steps, got \"{}\"", rest));
  }
  return steps;
}

std::string text_of(const std::vector<step>& steps) {
  std::string text;
  for (const step& one : steps) {
    text += (text.empty() ? "" : "|") + std::string(1, one.kind);
    for (std::size_t i = 0; i < one.parts.size(); ++i)
      text +=
          (i == 0 ? "" : ".") + std::to_string(one.parts[i].count) + "@" + std::to_string(one.parts[i].slot);
  }
  return text;
}

std::vector<step_call> calls_of(const steps_problem& p) {
  std::vector<step_call> calls;
  std::map<std::int64_t, std::int64_t> held;
  std::int64_t query = 0, row = 0, lists = 0;
  for (const step& one : p.steps) {
    step_call call{one.kind, one.parts, query, {row}, {}, {}, lists};
    for (const step_part& part : one.parts) {
      std::int64_t& rows = held[part.slot];
      const bool crop = one.kind == 'c';
      if (one.kind == 'p') rows = 0;
      call.before.push_back(rows);
      rows = crop ? std::min(rows, part.count) : rows + context_of(one.kind, part);
      call.after.push_back(rows);
      if (!crop) row += context_of(one.kind, part) + p.block_size;
      if (!crop) query += p.block_size;
      call.new_rows.push_back(row);
    }
    lists += 3 * static_cast<std::int64_t>(one.parts.size()) + 1;
    calls.push_back(std::move(call));
  }
  return calls;
}

int_list lists_of(const steps_problem& p) {
  int_list all;
  for (const step_call& call : calls_of(p)) {
    for (const step_part& part : call.parts) all.push_back(part.slot);
    all.insert(all.end(), call.new_rows.begin(), call.new_rows.end());
    all.insert(all.end(), call.after.begin(), call.after.end());
  }
  return all;
}

attention_problem attention_of(const steps_problem& p, const step_call& call) {
  attention_problem one;
  one.type = p.type;
  one.b = static_cast<std::int64_t>(call.parts.size());
  one.block_size = p.block_size;
  one.hq = p.hq, one.hk = p.hk, one.d = p.d, one.hidden_size = 1;
  for (const step_part& part : call.parts) {
    one.context_lens.push_back(context_of(call.kind, part));
    one.cache_batch_idx.push_back(part.slot);
  }
  one.cache_seqlens = call.before;
  one.batch_cache = p.slots, one.capacity = p.capacity;
  one.softmax_scale = p.softmax_scale;
  one.gap = p.gap;
  return one;
}

template <class Way>
void describe(Way& way, steps_problem& p) {
  const steps_problem usual;
  std::string steps = text_of(p.steps);
  way.line("steps", steps);
  p.steps = steps_from(steps);
  way.type("dtype", p.type, usual.type);
  way.number("slots", p.slots, usual.slots);
  way.number("block_size", p.block_size, usual.block_size);
  way.number("hq", p.hq, usual.hq);
  way.number("hk", p.hk, usual.hk);
  way.number("d", p.d, usual.d);
  way.number("capacity", p.capacity, rows_needed(p));
  way.real("softmax_scale", p.softmax_scale, 0);
  way.number("gap", p.gap, 0);
}

std::string to_text(const steps_problem& p) { return line_of(p); }
steps_problem parse_steps(const keyed_text& text) { return parsed<steps_problem>(text); }

void check(const steps_problem& p) {
  require_narrow("dtype", p.type);
  require_between("slots", p.slots, 1, most_slots);
  require_between("block_size", p.block_size, 1, 4096);
  require_heads(p.hq, p.hk);
  require_least("d", p.d, 1);
  require_least("gap", p.gap, 0);
  require_scale("softmax_scale", p.softmax_scale, "d^-0.5");
  check_order(p);
  require_between("capacity", p.capacity, 0, most_rows);
  if (p.capacity < rows_needed(p))
    refuse("capacity",
           fmt::format("expected at least {}, what a slot holds, got {}", rows_needed(p), p.capacity));
  require_size("k_cache", {p.slots, p.capacity, p.hk, p.d + p.gap});
}

void check(const steps_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(inputs_of(p), inputs);
}

tensor_set empty_inputs(const steps_problem& p) { return check(p), lay_out(inputs_of(p)); }

tensor_set make_outputs(const steps_problem& p, const tensor_set& inputs) {
  const tensor& q = inputs.at("q");
  tensor_set outputs;
  outputs.set("attended", tensor(p.type, {q.dim(0), q.dim(1), q.dim(2)}));
  for (const char* name : {"k_cache", "v_cache"}) outputs.set(name, inputs.at(name));
  outputs.set("cache_seqlens", tensor(dtype::i32, {p.slots}));
  return outputs;
}

}  // namespace plumbline::dflash
