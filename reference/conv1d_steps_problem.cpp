// conv1d.steps: text, argument checks, lists and tensors.
#include "reference/conv1d_steps_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::conv1d {

namespace {

constexpr std::int64_t most_tokens = 1 << 24, most_slots = 1 << 20;

template <class... Args>
void require(bool holds, const char* argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(argument, fmt::format(expected, std::forward<Args>(args)...));
}

/// Reads a number at the front of `rest`.
std::int64_t number(std::string_view& rest, std::string_view whole) {
  std::int64_t x = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), x);
  require(error == std::errc() && end != rest.data() && x >= 0, "steps",
          "expected steps as p5@0.3@2|c3@0|u1@0|s3a1@4, got \"{}\"", whole);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return x;
}

bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

/// What is known of a slot between calls.
struct held {
  bool begun = false, tape = false;  // tape: the window follows from an accepted count
  std::int64_t most = 1, last = 1;   // counts that may come; the one that a draft without tokens leaves
};

void check_part(const steps_problem& p, std::size_t i, char kind, const step_part& part, held& slot) {
  const auto refuse_unless = [&](bool holds, std::string_view expected) {
    require(holds, "steps", "step {}, slot {}: expected {}", i, part.slot, expected);
  };
  const bool wide = is_wide(p, part.slot);
  refuse_unless(kind != 's' || wide, "s on a tape alone (a slot from `narrow` on)");
  refuse_unless(kind != 's' || part.tokens <= p.drafts, "at most `drafts` tokens in an s");
  refuse_unless(kind != 'u' || part.tokens >= 1, "a token in an u");
  refuse_unless(kind == 'p' || slot.begun, "a p with tokens first");
  refuse_unless(kind != 'c' || !slot.tape,
                "an u before c, which finds no window in the first columns of a tape");
  const bool counts = slot.tape && (kind == 's' || kind == 'u');
  refuse_unless(part.accepted >= 1 && part.accepted <= (counts ? slot.most : 1),
                "an accepted count that the draft before has");
  refuse_unless(!counts || slot.last == 0 || part.accepted == slot.last,
                "the count of the draft before, which had no tokens");
  if (kind == 's') {
    const bool empty = part.tokens == 0;
    slot.last = empty ? part.accepted : 0;
    slot.most = empty ? part.accepted : part.tokens;
    slot.tape = slot.tape || !empty;
  } else if (kind != 'p' || part.tokens > 0) {
    slot = {true, false, 1, 1};
  }
}

}  // namespace

bool operator==(const steps_problem& a, const steps_problem& b) { return to_text(a) == to_text(b); }

std::int64_t tokens_of(const step& s) {
  std::int64_t tokens = 0;
  for (const step_part& part : s.parts) tokens += part.tokens;
  return tokens;
}
std::int64_t tokens_of(const steps_problem& p) {
  std::int64_t tokens = 0;
  for (const step& one : p.steps) tokens += tokens_of(one);
  return tokens;
}

std::vector<step> steps_from(std::string_view text) {
  std::vector<step> steps;
  for (std::string_view rest = text; !rest.empty();) {
    step one;
    one.kind = rest.front();
    require(std::string_view("pcus").find(one.kind) != std::string_view::npos, "steps",
            "expected p, c, u or s, got \"{}\"", rest);
    rest.remove_prefix(1);
    do {
      step_part part;
      part.tokens = number(rest, text);
      if (take(rest, 'a')) part.accepted = number(rest, text);
      require(take(rest, '@'), "steps", "expected @SLOT behind the tokens, got \"{}\"", rest);
      part.slot = number(rest, text);
      one.parts.push_back(part);
    } while (take(rest, '.'));
    steps.push_back(std::move(one));
    require(rest.empty() || (take(rest, '|') && !rest.empty()), "steps",
            "expected | between steps, got \"{}\"", rest);
  }
  return steps;
}

std::string text_of(const std::vector<step>& steps) {
  std::string text;
  for (const step& one : steps) {
    text += (text.empty() ? "" : "|") + std::string(1, one.kind);
    for (std::size_t i = 0; i < one.parts.size(); ++i) {
      const step_part& part = one.parts[i];
      text += (i == 0 ? "" : ".") + std::to_string(part.tokens);
      if (part.accepted != 1 || one.kind == 's') text += "a" + std::to_string(part.accepted);
      text += "@" + std::to_string(part.slot);
    }
  }
  return text;
}

std::string to_text(const steps_problem& p) {
  keyed_text text;
  text.put_word("steps", text_of(p.steps), "");
  text.put("narrow", p.narrow, 1);
  text.put("wide", p.wide, 0);
  text.put("drafts", p.drafts, 3);
  text.put_word("dtype", name_of(p.type), name_of(dtype::bf16));
  text.put("dim", p.dim, filter_shape().dim);
  text.put("width", p.width, filter_shape().width);
  text.put_word("activation", p.act == activation::silu ? "silu" : "none", "silu");
  text.put_flag("bias", p.has_bias, true);
  text.put("gap", p.gap, 0);
  return text.str();
}

steps_problem parse_steps(const keyed_text& text) {
  steps_problem p;
  p.steps = steps_from(text.word("steps", ""));
  p.narrow = text.integer("narrow", 1);
  p.wide = text.integer("wide", 0);
  p.drafts = text.integer("drafts", 3);
  const std::string type = text.word("dtype", name_of(p.type));
  const auto known = dtype_from(type);
  require(known.has_value(), "dtype", "expected f32, f16 or bf16, got \"{}\"", type);
  p.type = *known;
  p.dim = text.integer("dim", p.dim);
  p.width = text.integer("width", p.width);
  const std::string act = text.word("activation", "silu");
  require(act == "silu" || act == "swish" || act == "none", "activation", "expected silu or none, got \"{}\"",
          act);
  p.act = act == "none" ? activation::none : activation::silu;
  p.has_bias = text.flag("bias", true);
  p.gap = text.integer("gap", 0);
  text.require_all_read();
  check(p);
  return p;
}

void check(const steps_problem& p) {
  prefill_problem filter;
  static_cast<filter_shape&>(filter) = p;
  check(filter);
  require(p.layout == run_layout::channel_last, "layout", "expected channel_last");
  require(p.narrow >= 0 && p.narrow <= most_slots, "narrow", "expected 0..{}, got {}", most_slots, p.narrow);
  require(p.wide >= 0 && p.wide <= most_slots, "wide", "expected 0..{}, got {}", most_slots, p.wide);
  require(p.drafts >= 1 && p.drafts <= 4096, "drafts", "expected 1..4096, got {}", p.drafts);
  std::vector<held> slots(static_cast<std::size_t>(p.narrow + p.wide));
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    const step& one = p.steps[i];
    require(std::string_view("pcus").find(one.kind) != std::string_view::npos, "steps",
            "step {}: expected p, c, u or s", i);
    require(!one.parts.empty(), "steps", "step {}: expected a sequence", i);
    int_list seen;
    for (const step_part& part : one.parts) {
      require(part.slot >= 0 && part.slot < p.narrow + p.wide, "steps",
              "step {}: expected a slot in 0..{}, got {}", i, p.narrow + p.wide - 1, part.slot);
      require(std::find(seen.begin(), seen.end(), part.slot) == seen.end(), "steps",
              "step {}: expected slot {} once", i, part.slot);
      seen.push_back(part.slot);
      require(part.tokens >= 0 && part.tokens <= most_tokens, "steps",
              "step {}: expected 0..{} tokens, got {}", i, most_tokens, part.tokens);
      require(one.kind != 'u' || part.tokens == one.parts[0].tokens, "steps",
              "step {}: expected as many tokens for every sequence of an u", i);
      check_part(p, i, one.kind, part, slots[static_cast<std::size_t>(part.slot)]);
      tokens += part.tokens;
      require(tokens <= most_tokens, "steps", "expected at most {} tokens in all", most_tokens);
    }
  }
}

std::vector<step_call> calls_of(const steps_problem& p) {
  std::vector<step_call> calls;
  std::int64_t token = 0, lists = 0, flags = 0;
  for (std::size_t i = 0; i < p.steps.size(); ++i)
    for (const bool wide : {false, true}) {
      step_call call{i, wide, token, {}, lists, flags};
      for (step_part part : p.steps[i].parts) {
        if (is_wide(p, part.slot) != wide) continue;
        if (wide) part.slot -= p.narrow;
        token += part.tokens;
        call.parts.push_back(part);
      }
      if (call.parts.empty()) continue;
      const auto n = static_cast<std::int64_t>(call.parts.size());
      lists += 3 * n + 1;
      flags += n;
      calls.push_back(std::move(call));
    }
  return calls;
}

step_lists lists_of(const steps_problem& p) {
  step_lists all;
  for (const step_call& call : calls_of(p)) {
    int_list lens;
    for (const step_part& part : call.parts) lens.push_back(part.tokens);
    const int_list starts = starts_of(lens);
    all.lists.insert(all.lists.end(), starts.begin(), starts.end());
    for (const step_part& part : call.parts) all.lists.push_back(part.slot);
    for (const step_part& part : call.parts) all.lists.push_back(part.accepted);
    all.flags.insert(all.flags.end(), call.parts.size(), p.steps[call.step].kind == 'c' ? 1 : 0);
  }
  return all;
}

tensor_set empty_inputs(const steps_problem& p) {
  const auto list = [](const int_list& values, dtype type) {
    tensor t(type, {static_cast<std::int64_t>(values.size())});
    for (std::size_t i = 0; i < values.size(); ++i)
      t.set_value(static_cast<std::int64_t>(i), static_cast<double>(values[i]));
    return t;
  };
  const auto pool = [&](std::int64_t slots, std::int64_t columns) {
    return tensor(p.type, {slots, p.dim, columns}, {p.dim * columns, 1, p.dim});
  };
  const step_lists lists = lists_of(p);
  tensor_set inputs;
  inputs.set("x", tensor(p.type, {tokens_of(p), p.dim}, {p.dim + p.gap, 1}));
  inputs.set("weight", tensor(p.type, {p.dim, p.width}));
  if (p.has_bias) inputs.set("bias", tensor(p.type, {p.dim}));
  inputs.set("conv_states", pool(p.narrow, p.width - 1));
  inputs.set("conv_tapes", pool(p.wide, tape_columns(p)));
  inputs.set("step_lists", list(lists.lists, dtype::i32));
  inputs.set("step_flags", list(lists.flags, dtype::u8));
  return inputs;
}

void check(const steps_problem& p, const tensor_set& inputs) {
  check(p);
  const tensor_set usual = empty_inputs(p);
  for (const auto& [name, like] : usual) {
    const char* argument = name.c_str();
    const tensor* t = inputs.find(name);
    require(t != nullptr, argument, "expected a tensor of this name, got none");
    require(t->type() == like.type(), argument, "expected dtype {}, got {}", name_of(like.type()),
            name_of(t->type()));
    require(std::equal(like.shape().begin(), like.shape().end(), t->shape().begin(), t->shape().end()),
            argument, "expected shape ({}), got ({})", fmt::join(like.shape(), ", "),
            fmt::join(t->shape(), ", "));
    require(!like.dense() || t->dense(), argument, "expected a contiguous tensor");
    require(like.type() == p.type || same_elements(like, *t), argument,
            "expected the lists of the problem's steps");
  }
  for (const auto& [name, value] : inputs)
    require(usual.has(name), name.c_str(), "expected no such tensor in this problem");
}

tensor_set make_outputs(const steps_problem&, const tensor_set& inputs) {
  const tensor& x = inputs.at("x");
  tensor_set outputs;
  outputs.set("out", tensor(x.type(), {x.dim(0), x.dim(1)}, {x.strides()[0], x.strides()[1]}));
  outputs.set("conv_states", inputs.at("conv_states"));
  outputs.set("conv_tapes", inputs.at("conv_tapes"));
  return outputs;
}

}  // namespace plumbline::conv1d
