// What conv1d refuses before anything runs, from the problem alone.
//
// Where an upstream implementation is silent and wrong, the argument is refused by name: a width of 5, a
// believed length below the true one (tail tokens would be dropped), two sequences in one slot, histories
// without states, accepted counts that the state has no columns for.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "reference/conv1d_problem.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::conv1d {

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
constexpr double most_bytes = 0x1p42;  // of one tensor; a typing error, not a cache

template <class... Args>
void require(bool holds, const char* argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(argument, fmt::format(expected, std::forward<Args>(args)...));
}

void require_between(const char* argument, std::int64_t x, std::int64_t low, std::int64_t high) {
  require(x >= low && x <= high, argument, "expected {}..{}, got {}", low, high, x);
}

void require_bytes(const char* argument, std::initializer_list<std::int64_t> shape) {
  double bytes = 4;
  for (const std::int64_t n : shape) bytes *= static_cast<double>(n);
  require(bytes <= most_bytes, argument, "expected at most 2^42 bytes, got {:.3g}", bytes);
}

void require_list(const char* argument, const int_list& list, std::int64_t count, std::int64_t low,
                  std::int64_t high) {
  require(static_cast<std::int64_t>(list.size()) == count, argument,
          "expected {} values, one a sequence, got {}", count, list.size());
  for (std::size_t i = 0; i < list.size(); ++i)
    require(list[i] >= low && list[i] <= high, argument, "sequence {}: expected {}..{}, got {}", i, low, high,
            list[i]);
}

void require_type(dtype t) {
  require(t == dtype::f32 || t == dtype::f16 || t == dtype::bf16, "dtype",
          "expected f32, f16 or bf16, got {}", name_of(t));
}

void check_filter(const filter_shape& p) {
  require_type(p.type);
  require_between("dim", p.dim, 1, largest);
  require(p.width >= 2 && p.width <= 4, "width", "expected 2, 3 or 4, got {}", p.width);
  require_between("gap", p.gap, 0, largest);
}

void check_pool(const state_pool& p, const filter_shape& f, std::int64_t least_columns) {
  require_between("slots", p.slots, 0, largest);
  require_between("state_len", p.state_len, 0, largest);
  require(p.slots == 0 || p.state_len >= least_columns, "state_len", "expected at least {} columns, got {}",
          least_columns, p.state_len);
  require_between("slot_gap", p.slot_gap, 0, largest);
  require_between("pad_slot_id", p.pad_slot_id, -largest, largest);
  require_bytes("state_len", {f.dim, p.state_len});
  require_bytes("slots", {p.slots, f.dim * p.state_len + p.slot_gap});
}

// Slots that sequences take: each in the pool or padding, none twice.
void check_slots(const char* argument, const int_list& indices, const state_pool& p, std::int64_t sequences) {
  if (indices.empty()) {
    require(p.slots >= sequences, "slots", "expected at least one for each of {} sequences, got {}",
            sequences, p.slots);
    return;
  }
  require(static_cast<std::int64_t>(indices.size()) == sequences, argument,
          "expected {} values, one a sequence, got {}", sequences, indices.size());
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int64_t slot = indices[i];
    if (slot == p.pad_slot_id) continue;
    require(slot >= 0 && slot < p.slots, argument,
            "sequence {}: expected a slot in 0..{} or pad_slot_id = {}, got {}", i, p.slots - 1,
            p.pad_slot_id, slot);
    require(seen.insert(slot).second, argument, "sequence {}: expected a slot that no other has, got {}", i,
            slot);
  }
}

void check_tokens(const filter_shape& p, std::int64_t tokens) {
  require_bytes("x", {tokens, p.dim + p.gap});
  require_bytes("x", {tokens + p.gap, p.dim});
}

void check_lens(const int_list& lens, std::int64_t most) {
  for (std::size_t i = 0; i < lens.size(); ++i)
    require(lens[i] >= 0 && lens[i] <= most, "lens", "sequence {}: expected 0..{} tokens, got {}", i, most,
            lens[i]);
  double total = 0;
  for (const std::int64_t n : lens) total += static_cast<double>(n);
  require(total <= static_cast<double>(largest), "lens", "expected at most {} tokens in all, got {:.3g}",
          largest, total);
}

}  // namespace

void check(const prefill_problem& p) {
  check_filter(p);
  check_lens(p.lens, largest);
  const auto n = static_cast<std::int64_t>(p.lens.size());
  check_pool(p, p, p.width - 1);
  if (p.slots == 0) {
    require(p.cache_indices.empty(), "cache_indices", "expected none without conv_states");
    require(std::count(p.initial.begin(), p.initial.end(), 1) == 0, "has_initial_state",
            "expected none without conv_states");
  } else {
    check_slots("cache_indices", p.cache_indices, p, n);
  }
  if (!p.initial.empty()) require_list("has_initial_state", p.initial, n, 0, 1);
  if (!p.seq_lens_cpu.empty()) {
    require_list("seq_lens_cpu", p.seq_lens_cpu, n, 0, largest);
    require(longest_of(p.seq_lens_cpu) >= longest_of(p.lens), "seq_lens_cpu",
            "expected a maximum of at least {}, the longest sequence, got {}", longest_of(p.lens),
            longest_of(p.seq_lens_cpu));
  }
  check_tokens(p, total_of(p.lens));
}

void check(const update_problem& p) {
  check_filter(p);
  require_between("batch", p.batch, 0, largest);
  require_between("seqlen", p.seqlen, 1, largest);
  check_pool(p, p, p.width - 1);
  require(p.batch == 0 || p.slots > 0, "slots", "expected at least 1, got 0");
  check_slots("conv_state_indices", p.conv_state_indices, p, p.batch);
  if (!p.cache_seqlens.empty()) require_list("cache_seqlens", p.cache_seqlens, p.batch, 0, largest);
  require_bytes("seqlen", {p.batch, p.seqlen});
  check_tokens(p, p.batch * p.seqlen);
}

void check(const update_speculative_problem& p) {
  check_filter(p);
  require_between("batch", p.batch, 0, largest);
  require_between("seqlen", p.seqlen, 1, largest);
  const bool counted = !p.num_accepted_tokens.empty();
  check_pool(p, p, counted ? p.width + p.seqlen - 2 : p.width - 1);
  require(p.batch == 0 || p.slots > 0, "slots", "expected at least 1, got 0");
  check_slots("conv_state_indices", p.conv_state_indices, p, p.batch);
  require_bytes("seqlen", {p.batch, p.seqlen});
  if (counted) require_list("num_accepted_tokens", p.num_accepted_tokens, p.batch, 1, p.seqlen);
  if (!p.query_lens.empty()) {
    require(counted, "query_start_loc", "expected none without num_accepted_tokens");
    require_list("query_start_loc", p.query_lens, p.batch, 0, p.seqlen);
    require(p.layout == run_layout::channel_last, "layout", "expected channel_last with query_start_loc");
  }
  require_between("lines", p.lines, 0, largest);
  if (p.lines > 0) {
    require(!counted, "intermediate_conv_window", "expected none with num_accepted_tokens");
    require_list("intermediate_state_indices", p.intermediate_state_indices, p.batch, 0, p.lines - 1);
    std::set<std::int64_t> seen;
    for (std::int64_t i = 0; i < p.batch; ++i) {
      const std::int64_t line = p.intermediate_state_indices[static_cast<std::size_t>(i)];
      if (is_padding(p.conv_state_indices, p, i)) continue;
      require(seen.insert(line).second, "intermediate_state_indices",
              "sequence {}: expected a line that no other has, got {}", i, line);
    }
    require_bytes("lines", {p.lines, p.seqlen, p.dim, p.width - 1});
  } else {
    require(p.intermediate_state_indices.empty(), "intermediate_state_indices",
            "expected none without intermediate_conv_window");
  }
  require(!p.tree || !counted, "retrieve_next_token", "expected none with num_accepted_tokens");
  check_tokens(p, p.batch * p.seqlen);
}

void check(const varlen_states_problem& p) {
  require_type(p.type);
  require_between("dim", p.dim, 1, largest);
  require_between("state_len", p.state_len, 1, largest);
  require_between("gap", p.gap, 0, largest);
  check_lens(p.lens, largest);
  require_bytes("x", {total_of(p.lens), p.dim + p.gap});
  require_bytes("state_len", {p.dim, p.state_len});
  require_bytes("states", {static_cast<std::int64_t>(p.lens.size()), p.dim * p.state_len});
}

}  // namespace plumbline::conv1d
