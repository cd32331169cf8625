// One sentence for each law, regime and coverage class of conv1d.
#include <array>

#include "properties/conv1d/operations.hpp"

namespace plumbline::conv1d {

namespace {

// What several functions have, and then their own.
template <std::size_t A, std::size_t B>
constexpr std::array<meaning, A + B> joined(const meaning (&first)[A], const meaning (&second)[B]) {
  std::array<meaning, A + B> all{};
  for (std::size_t i = 0; i < A; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < B; ++i) all[A + i] = second[i];
  return all;
}

constexpr meaning filters[] = {
    {"normal", "N(0, 1), weights of any sign."},
    {"cancelling", "The taps of a token nearly cancel."},
    {"integers", "Small odd numbers, so every sum is exact."},
    {"wide", "Magnitudes over many powers of two, arguments of silu in the tens."},
    {"not_finite", "A NaN or an infinity here and there."},
    {"padding", "Some entries of the index list are pad_slot_id."},
    {"pad_slot_id_0", "Padding is marked by 0, which is also a sequence's index."},
    {"slots_permuted", "Sequences take slots in another order than their own."},
    {"slots_of_their_own", "No index list: sequence i has slot i."},
    {"slots_beyond_32_bits", "The last slot begins beyond 2^31 elements."},
    {"width_2", "A filter of two taps."},
    {"width_3", "A filter of three taps."},
    {"width_4", "A filter of four taps."},
    {"no_activation", "Sums are not activated."},
    {"no_bias", "There is no bias."},
    {"one_channel", "One channel."},
    {"dim_at_a_tile", "255, 256 or 257 channels."},
    {"dim_4096", "4096 channels, as in a model."},
    {"whole_pieces", "Channels are contiguous and 16-byte accesses divide them and their gaps."},
    {"broken_pieces", "16-byte accesses do not divide the channels, or they are not contiguous."},
    {"tokens_contiguous", "Tokens are contiguous, channels are not."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row of x begins beyond 2^31 elements."},
    {"untouched_states_keep_their_bytes",
     "Slots and columns that the call does not name are what they were."},
    {"several_sequences", "More than one sequence."},
    {"no_sequence", "There is no sequence."},
    {"padding_changes_nothing", "Other tokens in padding change no result and no state."}};

constexpr meaning prefilled[] = {
    {"more_sequences_than_a_block_has_threads", "More sequences than one block lists in one step."},
    {"state_longer_than_the_window", "States have more columns than the window."},
    {"channels_are_alone", "Some of the channels alone give the same bits."},
    {"empty_sequence", "A sequence without tokens."},
    {"empty_with_history", "A sequence without tokens has a history."},
    {"one_token", "A sequence of one token."},
    {"shorter_than_the_state", "A sequence with fewer tokens than its state has columns."},
    {"history_shifted", "The new state keeps a part of the old."},
    {"at_the_window", "A length of width - 2 to width."},
    {"at_a_block", "A length of 7 to 9, beside a block of tokens."},
    {"at_two_blocks", "A length of 15 to 17."},
    {"at_a_chunk", "A length of 1023 to 1026, beside upstream's chunk."},
    {"pad_slot_id_inside_the_pool", "The mark of padding is the number of a slot."},
    {"no_states", "No states are given: histories are zero and nothing is kept."},
    {"history", "A sequence goes on from its state."},
    {"lengths_overestimated", "The host believes sequences longer than they are."},
    {"same_bits_from_both_grids", "Both grids give the same bits."},
    {"chunks_equal_the_whole", "A sequence in up to three chunks gives the same bits, tokens and state."},
    {"stale_history_is_ignored", "What a slot holds when a sequence begins changes nothing."},
    {"zeros_are_no_history", "A history of zeros gives the bits of none."}};

constexpr meaning updated[] = {
    {"one_token", "One token a sequence."},
    {"linear", "The state is a line, its newest column last."},
    {"circular", "The state is a ring, its newest column before a position."},
    {"state_longer_than_the_window", "States have more columns than the window."},
    {"tokens_exceed_the_state", "More tokens than the state has columns."},
    {"tokens_fill_the_state", "As many tokens as the state has columns."},
    {"circular_tokens_overwrite_history", "Tokens take columns of a ring that they still need as history."},
    {"circular_before_a_window", "A position in front of the first whole window."},
    {"circular_far_position", "A position beyond a billion tokens."},
    {"tokens_one_by_one", "As many updates of one token give the same bits and the same state."},
    {"circular_is_a_turned_line",
     "A ring gives the bits of the line that it is a rotation of, and the other way."},
    {"prefill_computes_the_same", "A prefill from the same histories gives the same bits."}};

constexpr meaning drafted[] = {
    {"one_token", "Drafts of one token."},
    {"counted", "The history follows from how many tokens of the step before were accepted."},
    {"all_accepted", "All tokens of the step before were accepted."},
    {"some_accepted", "More than one and less than all tokens of the step before were accepted."},
    {"packed", "Drafts of different lengths lie one behind another."},
    {"empty_draft", "A draft without tokens."},
    {"short_draft", "A draft with fewer tokens than the longest may have."},
    {"windows", "The window behind each token is kept."},
    {"tree", "Drafts are trees."},
    {"tree_of_more_tokens_than_a_block_has_threads",
     "A tree whose parents a block writes in more than one step."},
    {"tree_with_windows", "Drafts are trees and their windows are kept."},
    {"plain", "A plain update."},
    {"longer_than_needed", "States have more columns than the call needs."},
    {"each_token_equals_an_update", "An update of each token from the end of its path gives the same bits."},
    {"any_accepted_count_goes_on",
     "For any accepted count the next step equals running those tokens one by one."}};

constexpr meaning kept[] = {
    {"normal", "N(0, 1)."},
    {"cancelling", "Values that stay nearly the same for a while."},
    {"integers", "Small odd numbers."},
    {"wide", "Magnitudes over many powers of two."},
    {"not_finite", "Any bits."},
    {"several_sequences", "More than one sequence."},
    {"empty_sequence", "A sequence without tokens."},
    {"shorter_than_the_state", "A sequence with fewer tokens than its state has columns."},
    {"longer_than_the_state", "A sequence with more tokens than its state has columns."},
    {"as_long_as_the_state", "A sequence with as many tokens as its state has columns."},
    {"long_state", "States of more than three columns."},
    {"dim_at_a_tile", "255, 256 or 257 channels."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row of x begins beyond 2^31 elements."},
    {"longer_states_end_alike", "States of more columns end with the same ones."}};

constexpr meaning stepped[] = {
    {"normal", "N(0, 1), weights of any sign."},
    {"cancelling", "The taps of a token nearly cancel."},
    {"integers", "Small odd numbers, so every sum is exact."},
    {"wide", "Magnitudes over many powers of two, arguments of silu in the tens."},
    {"not_finite", "A NaN or an infinity here and there."},
    {"begins", "A step prefills new sequences."},
    {"goes_on", "A step prefills on from a state."},
    {"updates", "A step updates states."},
    {"drafts", "A step runs drafts."},
    {"drafts_in_a_row", "More than one step runs drafts."},
    {"drafts_partly_accepted", "More than one token of a draft was accepted before the next."},
    {"update_behind_drafts", "A tape is compacted and updated behind more than one accepted token."},
    {"empty_part", "A step has a sequence without tokens."},
    {"slot_reused", "A new sequence takes a slot that another has used."},
    {"both_pools", "There are narrow slots and tapes."},
    {"many_steps", "Six steps or more."},
    {"width_2", "A filter of two taps."},
    {"width_3", "A filter of three taps."},
    {"width_4", "A filter of four taps."},
    {"dim_at_a_tile", "255, 256 or 257 channels."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row of x begins beyond 2^31 elements."},
    {"slots_are_alone", "The steps of one slot alone give the same bits."}};

constexpr auto all_prefill = joined(filters, prefilled);
constexpr auto all_update = joined(filters, updated);
constexpr auto all_speculative = joined(filters, drafted);

}  // namespace

std::span<const meaning> prefill_meanings() { return all_prefill; }
std::span<const meaning> update_meanings() { return all_update; }
std::span<const meaning> update_speculative_meanings() { return all_speculative; }
std::span<const meaning> varlen_states_meanings() { return kept; }
std::span<const meaning> steps_meanings() { return stepped; }

}  // namespace plumbline::conv1d
