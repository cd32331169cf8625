// Problems of conv1d as one line of text, and back.
#include <algorithm>
#include <limits>

#include "reference/conv1d_problem.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::conv1d {

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
constexpr std::string_view layouts[] = {"channel_last", "token_last"};
constexpr std::string_view activations[] = {"silu", "none"};

template <class Enum, std::size_t N>
Enum one_of(const keyed_text& text, std::string_view key, const std::string_view (&names)[N]) {
  const std::string word = text.word(key, names[0]);
  std::string known;
  for (std::size_t i = 0; i < N; ++i) {
    if (word == names[i]) return static_cast<Enum>(i);
    known += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  throw bad_argument(std::string(key), "expected one of " + known + ", got \"" + word + "\"");
}

dtype type_from(const keyed_text& text, dtype fallback) {
  const std::string word = text.word("dtype", name_of(fallback));
  if (const auto type = dtype_from(word)) return *type;
  throw bad_argument("dtype", "expected f32, f16 or bf16, got \"" + word + "\"");
}

// "swish" is upstream's other name of silu.
activation activation_from(const keyed_text& text) {
  if (text.has("activation") && text.word("activation", "") == "swish") return activation::silu;
  return one_of<activation>(text, "activation", activations);
}

void write(keyed_text& text, const filter_shape& p) {
  const filter_shape usual;
  text.put_word("dtype", name_of(p.type), name_of(usual.type));
  text.put("dim", p.dim, usual.dim);
  text.put("width", p.width, usual.width);
  text.put_word("activation", activations[static_cast<int>(p.act)], activations[0]);
  text.put_flag("bias", p.has_bias, usual.has_bias);
  text.put_word("layout", layouts[static_cast<int>(p.layout)], layouts[0]);
  text.put("gap", p.gap, 0);
}

void read(const keyed_text& text, filter_shape& p) {
  p.type = type_from(text, p.type);
  p.dim = text.bounded("dim", p.dim);
  p.width = text.bounded("width", p.width);
  p.act = activation_from(text);
  p.has_bias = text.flag("bias", p.has_bias);
  p.layout = one_of<run_layout>(text, "layout", layouts);
  p.gap = text.bounded("gap", 0);
}

// Enough slots for the list, or for one slot a sequence.
std::int64_t usual_slots(const int_list& indices, std::int64_t sequences) {
  std::int64_t slots = indices.empty() ? sequences : 1;
  for (const std::int64_t slot : indices)
    if (slot < largest) slots = std::max(slots, slot + 1);
  return std::max<std::int64_t>(slots, 1);
}

void write(keyed_text& text, const state_pool& p, std::int64_t slots, std::int64_t state_len) {
  text.put("slots", p.slots, slots);
  text.put("state_len", p.state_len, state_len);
  text.put_word("state_layout", layouts[static_cast<int>(p.state_layout)], layouts[0]);
  text.put("slot_gap", p.slot_gap, 0);
  text.put("pad_slot_id", p.pad_slot_id, -1);
}

void read(const keyed_text& text, state_pool& p, std::int64_t slots, std::int64_t state_len) {
  p.slots = text.bounded("slots", slots);
  p.state_len = text.bounded("state_len", state_len);
  p.state_layout = one_of<run_layout>(text, "state_layout", layouts);
  p.slot_gap = text.bounded("slot_gap", 0);
  p.pad_slot_id = text.bounded("pad_slot_id", -1, -largest);
}

std::int64_t usual_state(const update_speculative_problem& p) {
  return p.num_accepted_tokens.empty() ? p.width - 1 : p.width + p.seqlen - 2;
}

}  // namespace

std::string to_text(const prefill_problem& p) {
  keyed_text text;
  text.put_list("lens", p.lens);
  write(text, static_cast<const filter_shape&>(p));
  text.put_list("cache_indices", p.cache_indices);
  text.put_list("initial", p.initial);
  text.put_list("seq_lens_cpu", p.seq_lens_cpu);
  write(text, p, usual_slots(p.cache_indices, static_cast<std::int64_t>(p.lens.size())), p.width - 1);
  return text.str();
}

prefill_problem parse_prefill(const keyed_text& text) {
  prefill_problem p;
  p.lens = text.list("lens", {});
  read(text, static_cast<filter_shape&>(p));
  p.cache_indices = text.list("cache_indices", {});
  p.initial = text.list("initial", {});
  p.seq_lens_cpu = text.list("seq_lens_cpu", {});
  read(text, p, usual_slots(p.cache_indices, static_cast<std::int64_t>(p.lens.size())), p.width - 1);
  return checked_problem(text, p);
}

std::string to_text(const update_problem& p) {
  keyed_text text;
  text.put("batch", p.batch, 1);
  text.put("seqlen", p.seqlen, 1);
  write(text, static_cast<const filter_shape&>(p));
  text.put_list("conv_state_indices", p.conv_state_indices);
  text.put_list("cache_seqlens", p.cache_seqlens);
  write(text, p, usual_slots(p.conv_state_indices, p.batch), p.width - 1);
  return text.str();
}

update_problem parse_update(const keyed_text& text) {
  update_problem p;
  p.batch = text.bounded("batch", 1);
  p.seqlen = text.bounded("seqlen", 1);
  read(text, static_cast<filter_shape&>(p));
  p.conv_state_indices = text.list("conv_state_indices", {});
  p.cache_seqlens = text.list("cache_seqlens", {});
  read(text, p, usual_slots(p.conv_state_indices, p.batch), p.width - 1);
  return checked_problem(text, p);
}

std::string to_text(const update_speculative_problem& p) {
  keyed_text text;
  text.put("batch", p.batch, 1);
  text.put("seqlen", p.seqlen, 1);
  text.put_list("query_lens", p.query_lens);
  write(text, static_cast<const filter_shape&>(p));
  text.put_list("conv_state_indices", p.conv_state_indices);
  text.put_list("num_accepted_tokens", p.num_accepted_tokens);
  text.put("lines", p.lines,
           p.intermediate_state_indices.empty() ? 0 : usual_slots(p.intermediate_state_indices, p.batch));
  text.put_list("intermediate_state_indices", p.intermediate_state_indices);
  text.put_flag("tree", p.tree, false);
  write(text, p, usual_slots(p.conv_state_indices, p.batch), usual_state(p));
  return text.str();
}

update_speculative_problem parse_update_speculative(const keyed_text& text) {
  update_speculative_problem p;
  p.batch = text.bounded("batch", 1);
  p.seqlen = text.bounded("seqlen", 1);
  p.query_lens = text.list("query_lens", {});
  read(text, static_cast<filter_shape&>(p));
  p.conv_state_indices = text.list("conv_state_indices", {});
  p.num_accepted_tokens = text.list("num_accepted_tokens", {});
  p.intermediate_state_indices = text.list("intermediate_state_indices", {});
  p.lines = text.bounded(
      "lines", p.intermediate_state_indices.empty() ? 0 : usual_slots(p.intermediate_state_indices, p.batch));
  p.tree = text.flag("tree", false);
  read(text, p, usual_slots(p.conv_state_indices, p.batch), usual_state(p));
  return checked_problem(text, p);
}

std::string to_text(const varlen_states_problem& p) {
  const varlen_states_problem usual;
  keyed_text text;
  text.put_list("lens", p.lens);
  text.put_word("dtype", name_of(p.type), name_of(usual.type));
  text.put("dim", p.dim, usual.dim);
  text.put("state_len", p.state_len, usual.state_len);
  text.put("gap", p.gap, 0);
  text.put_word("state_layout", layouts[static_cast<int>(p.state_layout)], layouts[0]);
  return text.str();
}

varlen_states_problem parse_varlen_states(const keyed_text& text) {
  varlen_states_problem p;
  p.lens = text.list("lens", {});
  p.type = type_from(text, p.type);
  p.dim = text.bounded("dim", p.dim);
  p.state_len = text.bounded("state_len", p.state_len);
  p.gap = text.bounded("gap", 0);
  p.state_layout = one_of<run_layout>(text, "state_layout", layouts);
  return checked_problem(text, p);
}

}  // namespace plumbline::conv1d
