// How much memory a case of conv1d takes on the host, from its problem alone.
//
// Tokens live in their own format, as doubles of the truth (four an element) and as copies; of slots
// and rows far apart only the pages that hold elements exist.
#include "properties/conv1d/operations.hpp"
#include "properties/generate/far_rows.hpp"

namespace plumbline::conv1d {

namespace {

constexpr double bytes_a_token_element = 64, bytes_a_state_element = 24;

double tokens_need(const filter_shape& p, std::int64_t tokens) {
  return bytes_a_token_element * static_cast<double>(p.dim) * static_cast<double>(tokens) +
         16.0 * generate::held_of_gap(p.gap) *
             static_cast<double>(p.layout == run_layout::channel_last ? tokens : p.dim);
}

double pool_needs(const filter_shape& f, const state_pool& p) {
  return bytes_a_state_element * static_cast<double>(p.slots) *
         (static_cast<double>(f.dim) * static_cast<double>(p.state_len) + generate::held_of_gap(p.slot_gap));
}

}  // namespace

double memory_needed(const prefill_problem& p) { return tokens_need(p, total_of(p.lens)) + pool_needs(p, p); }
double memory_needed(const update_problem& p) {
  return tokens_need(p, p.batch * p.seqlen) + pool_needs(p, p);
}

double memory_needed(const update_speculative_problem& p) {
  return tokens_need(p, p.batch * p.seqlen) + pool_needs(p, p) +
         bytes_a_state_element * static_cast<double>(p.lines) * static_cast<double>(p.seqlen) *
             static_cast<double>(p.dim * (p.width - 1));
}

double memory_needed(const varlen_states_problem& p) {
  return bytes_a_token_element * static_cast<double>(total_of(p.lens)) *
             (static_cast<double>(p.dim) + generate::held_of_gap(p.gap)) +
         bytes_a_state_element * static_cast<double>(p.lens.size()) *
             static_cast<double>(p.dim * p.state_len);
}

double memory_needed(const steps_problem& p) {
  return tokens_need(p, tokens_of(p)) +
         bytes_a_state_element * static_cast<double>(p.dim) *
             static_cast<double>(p.narrow * (p.width - 1) + p.wide * tape_columns(p));
}

}  // namespace plumbline::conv1d
