// conv1d: a causal FIR filter per channel over sequences, with the last inputs kept in a pool of states.
//
// Four functions of one call each:
//   prefill             packed sequences of any length, each from an optional history (causal_conv1d_fn)
//   update              a few tokens a sequence, linear or circular states (causal_conv1d_update)
//   update_speculative  the same for drafts: history chosen by an accepted count, windows a step, trees
//   varlen_states       the last tokens of packed sequences, right-aligned
// For a sequence with history H (width - 1 values a channel) z = concat(H, x), and
//   y[t] = bias + sum over w of weight[w] z[t + w],   out[t] = y / (1 + exp(-y)) or y, rounded once.
// States are raw inputs, copied bit for bit; a slot that no sequence names keeps its bytes.  A sequence is
// padding when its entry of the index list is pad_slot_id: nothing is read or written for it, and its output
// is unspecified.  Without an index list sequence i has slot i and none is padding.
//
// inputs   prefill             x (dim, tokens); weight (dim, width); optional bias (dim); query_start_loc
//                              (n + 1) i32; optional conv_states (slots, dim, state_len), cache_indices (n)
//                              i32, has_initial_state (n) u8
//          update              x (batch, dim, seqlen); weight; bias; conv_state (slots, dim, state_len);
//                              optional conv_state_indices (batch) i32, cache_seqlens (batch) i32
//          update_speculative  as update without cache_seqlens, x (tokens, dim) when packed; optional
//                              query_start_loc (batch + 1), num_accepted_tokens (batch),
//                              intermediate_conv_window (lines, seqlen, dim, width - 1) with
//                              intermediate_state_indices (batch), retrieve_next_token and
//                              retrieve_next_sibling (batch, seqlen), all i32
//          varlen_states       x (tokens, dim), cu_seqlens (n + 1) i32
// outputs  out as x, and what is updated in place under its input's name; of a tree
//          retrieve_parent_token (batch, seqlen) i32; of varlen_states states (n, dim, state_len)
// Channels or tokens are contiguous as `layout` says, `gap` elements lie unused behind each run of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/formats.hpp"

namespace plumbline {
class tensor;
class tensor_set;
class keyed_text;
}  // namespace plumbline

namespace plumbline::conv1d {

using int_list = std::vector<std::int64_t>;

enum class activation : std::uint8_t { silu, none };

/// Which axis of a matrix of channels and tokens (or columns of a state) is contiguous.
enum class run_layout : std::uint8_t { channel_last, token_last };

/// The filter, and how x and out lie.
struct filter_shape {
  dtype type = dtype::bf16;  // of x, weight, bias, states and out
  std::int64_t dim = 64, width = 4;
  activation act = activation::silu;
  bool has_bias = true;
  run_layout layout = run_layout::channel_last;
  std::int64_t gap = 0;
};

/// The pool of states.
struct state_pool {
  std::int64_t slots = 1;  // prefill: 0: no states are given
  std::int64_t state_len = 3;
  run_layout state_layout = run_layout::channel_last;
  std::int64_t slot_gap = 0;      // unused elements behind each slot
  std::int64_t pad_slot_id = -1;  // entry of an index list that marks padding
};

struct prefill_problem : filter_shape, state_pool {
  int_list lens;           // tokens of each sequence
  int_list cache_indices;  // slot of each sequence; empty: none given
  int_list initial;        // has_initial_state, 0 or 1; empty: none given, all 0
  int_list seq_lens_cpu;   // lengths as the host believes them, which size a grid; empty: lens
};

struct update_problem : filter_shape, state_pool {
  std::int64_t batch = 1, seqlen = 1;
  int_list conv_state_indices;
  int_list cache_seqlens;  // tokens seen before, of a circular state; empty: linear
};

struct update_speculative_problem : filter_shape, state_pool {
  std::int64_t batch = 1, seqlen = 1;  // seqlen: tokens of a draft, at most
  int_list query_lens;                 // tokens of each draft; empty: seqlen each; else x is packed
  int_list conv_state_indices;
  int_list num_accepted_tokens;         // of the step before; empty: history is the last columns
  std::int64_t lines = 0;               // of intermediate_conv_window; 0: none
  int_list intermediate_state_indices;  // line of each draft
  bool tree = false;
};

struct varlen_states_problem {
  dtype type = dtype::bf16;
  std::int64_t dim = 64, state_len = 3;
  int_list lens;
  std::int64_t gap = 0;  // behind each token of x
  run_layout state_layout = run_layout::channel_last;

  friend bool operator==(const varlen_states_problem&, const varlen_states_problem&) = default;
};

bool operator==(const prefill_problem&, const prefill_problem&);
bool operator==(const update_problem&, const update_problem&);
bool operator==(const update_speculative_problem&, const update_speculative_problem&);

std::int64_t total_of(const int_list&);
std::int64_t longest_of(const int_list&);
/// Where each of packed sequences begins, and where the last ends.
int_list starts_of(const int_list& lens);

/// Slot of sequence i, or -1 where it is padding (or there are no states).
std::int64_t slot_of(const int_list& indices, const state_pool&, std::int64_t i);
bool is_padding(const int_list& indices, const state_pool&, std::int64_t i);

/// Problem to `key=value,...` and back.  Keys are the members' names (`dtype` for type, `activation` for act,
/// `bias` for has_bias).  Defaults are left out: the members', state_len = width - 1 (update_speculative with
/// accepted counts: width + seqlen - 2), and as many slots as the sequences need.  `parse_*` throws
/// bad_argument on anything that `check` refuses and on unknown keys.
std::string to_text(const prefill_problem&);
std::string to_text(const update_problem&);
std::string to_text(const update_speculative_problem&);
std::string to_text(const varlen_states_problem&);
prefill_problem parse_prefill(const keyed_text&);
update_problem parse_update(const keyed_text&);
update_speculative_problem parse_update_speculative(const keyed_text&);
varlen_states_problem parse_varlen_states(const keyed_text&);

/// Refuses bad arguments: throws bad_argument that names the argument.  The second form looks at the tensors
/// too; index lists must hold what the problem says.
void check(const prefill_problem&);
void check(const update_problem&);
void check(const update_speculative_problem&);
void check(const varlen_states_problem&);
void check(const prefill_problem&, const tensor_set& inputs);
void check(const update_problem&, const tensor_set& inputs);
void check(const update_speculative_problem&, const tensor_set& inputs);
void check(const varlen_states_problem&, const tensor_set& inputs);

/// All inputs of a problem, zero but for the lists that the problem itself holds.
tensor_set empty_inputs(const prefill_problem&);
tensor_set empty_inputs(const update_problem&);
tensor_set empty_inputs(const update_speculative_problem&);
tensor_set empty_inputs(const varlen_states_problem&);

/// Outputs of the right names, dtypes, shapes and strides; what is updated in place is a copy of the input.
tensor_set make_outputs(const prefill_problem&, const tensor_set& inputs);
tensor_set make_outputs(const update_problem&, const tensor_set& inputs);
tensor_set make_outputs(const update_speculative_problem&, const tensor_set& inputs);
tensor_set make_outputs(const varlen_states_problem&);

}  // namespace plumbline::conv1d
