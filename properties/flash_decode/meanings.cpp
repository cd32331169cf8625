// What the regimes, coverage classes and own laws of flash_decode mean.
#include <array>

#include "properties/flash_decode/operations.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::array cache = {
    meaning{"dense", "The cache has no pages."},
    meaning{"paged", "The cache has pages."},
    meaning{"page_size_1_to_3", "Pages of 1 to 3 tokens."},
    meaning{"page_size_16_to_256", "Pages of 16 tokens and more."},
    meaning{"page_edge", "A sequence ends on a page boundary, or one token beside it."},
    meaning{"shared_pages", "Sequences share the pages of a common prefix."},
    meaning{"batch_idx", "Sequences find their cache rows through cache_batch_idx."},
    meaning{"leftpad", "Some cached keys are hidden by cache_leftpad."},
    meaning{"gap", "Rows of tensors have unused elements (NaN) between them."},
    meaning{"unaligned_rows", "Rows that do not start on 16 bytes: kernels read them one element at a time."},
    meaning{"pages_above_65536", "More pages than 16 bits count."},
    meaning{"empty_cache", "A sequence without a cached key."},
    meaning{"length_1_to_3", "A sequence of 1 to 3 keys."},
    meaning{"tile_edge", "A sequence ends on a tile boundary of some kernel, or one key beside it."},
    meaning{"ragged", "Sequences of different lengths."},
    meaning{"batch_5_or_more", "At least 5 sequences."},
    meaning{"gqa_1", "As many query heads as KV heads."},
    meaning{"gqa_odd", "An odd number of query heads a KV head, above 1."},
    meaning{"gqa_8_or_16", "8 query heads a KV head, or more."},
    meaning{"several_kv_heads", "More than one KV head."},
    meaning{"head_dim_common", "Head dims 64, 96, 128, 192 and 256."},
    meaning{"head_dim_other", "Any other head dim."},
    meaning{"head_dim_v_differs", "V has another head dim than K."}};

constexpr std::array attend = {
    meaning{"agrees_for_any_split_count",
            "With other split counts, every output is still within its budget."},
    meaning{"permuted_keys_agree", "Keys and values in another order: the same result within the budget."},
    meaning{"scaled_values_scale_the_output", "V times a power of two: out times the same, lse unchanged."},
    meaning{"nan_reaches_its_rows",
            "A NaN in one key or value, an infinity in a value: where a row sees it, and nowhere else."},
    meaning{"merged_halves_agree", "Two halves of the keys, merged by their lse, give the whole."},
    meaning{"flat", "q, k, v small: all keys weigh alike, so a dropped or extra key shows."},
    meaning{"normal", "q, k, v from N(0, 1): the all-round regime."},
    meaning{"peaked", "q four times as large: temperature, running maximum, rescaling."},
    meaning{"sink", "Key 0 takes most of the weight of every row; its V is tiny, others are outliers."},
    meaning{"positive", "V near 1 and positive: drift of sums, truncation, the normaliser."},
    meaning{"cancel", "Keys in pairs with opposite V: one misplaced page outweighs the true output."},
    meaning{"tiny", "Scores and V near the bottom of their range: subnormals, absolute floors."},
    meaning{"huge", "Scores in the hundreds, or near -65536: sentinels and overflow of the lse."},
    meaning{"powers_of_two", "Weights, sums and products are exact, so every wrong bit shows."},
    meaning{"needle", "Each row sees one key, at a tile, page or split boundary: addresses and masks."},
    meaning{"stairs",
            "Each tile's maximum is 0.8 to 2 powers of two above the last: rescaling put off shows."},
    meaning{"ramp", "Scores rise or fall along the sequence: online rescaling."},
    meaning{"twins", "2 or 4 equal keys in different splits: merges that lose or repeat one."},
    meaning{"fuzz", "Odd statistics (few levels, equal rows, V of rank 1): guards the judge."},
    meaning{"one_query", "One query token."},
    meaning{"queries_5_or_more", "At least 5 query tokens."},
    meaning{"more_queries_than_keys", "A sequence with more query tokens than keys: rows that see nothing."},
    meaning{"packed_q", "Query tokens of all sequences in one row (cu_seqlens_q)."},
    meaning{"causal", "A causal mask, aligned to the last key."},
    meaning{"window", "A sliding window (window_left, window_right)."},
    meaning{"left_edge", "Several queries behind a left window that nothing limits to the right."},
    meaning{"window_unlimited", "A window of 2^30 tokens and more, as callers write \"no limit\"."},
    meaning{"chunk", "Attention inside chunks (attention_chunk)."},
    meaning{"softcap", "Scores capped by tanh (softcap)."},
    meaning{"scale_underflows", "A softmax_scale that fp32 does not hold."},
    meaning{"own_scale", "A softmax_scale other than 1 / sqrt(d)."},
    meaning{"splits_heuristic", "The number of splits is left to the heuristic."},
    meaning{"splits_1", "One split."},
    meaning{"splits_2_or_more", "Several splits."},
    meaning{"splits_65_to_256", "65 to 256 splits."},
    meaning{"more_splits_than_blocks", "More splits than blocks of 64 keys: some splits are empty."},
    meaning{"several_blocks", "A sequence of at least 3 blocks of 64 keys."},
    meaning{"keys_1000_or_more", "A sequence of about 1000 keys or more."},
    meaning{"rows_beyond_32_bits", "The last row of the caches begins beyond 2^31 elements."},
    meaning{"query_value", "A second query product against V (qv)."},
    meaning{"sink_logit", "A learnable sink logit in the normaliser."}};

constexpr std::array append = {
    meaning{"rows_outside_keep_their_bytes", "Cache rows that no new token is written to keep their bytes."},
    meaning{"normal", "N(0, 1) everywhere."},
    meaning{"bits", "Copied rows hold any code, NaN payloads too; rotated ones span 20 binades."},
    meaning{"no_new_token", "Nothing is appended; q alone is rotated."},
    meaning{"one_new_token", "One new token a sequence."},
    meaning{"new_tokens_5_or_more", "At least 5 new tokens."},
    meaning{"packed_new", "New tokens of all sequences in one row (cu_seqlens_k_new)."},
    meaning{"no_rotary", "Nothing is rotated."},
    meaning{"rotary_whole", "The whole head is rotated."},
    meaning{"rotary_partial", "Part of the head is rotated."},
    meaning{"rotary_interleaved", "Pairs of neighbours are rotated (2 i, 2 i + 1)."},
    meaning{"rotary_halves", "Pairs across the halves are rotated (i, i + rotary_dim / 2)."},
    meaning{"rotated_q", "q is rotated with the keys."},
    meaning{"q_positions_move", "Each query token has its own position (causal or local attention)."},
    meaning{"q_positions_fixed", "All query tokens have the position of the first."},
    meaning{"own_rotary_positions", "Positions come from rotary_seqlens instead of cache_seqlens."},
    meaning{"page_crossed", "New tokens of a sequence lie in more than one page."}};

constexpr std::array combine = {
    meaning{"permuted_splits_agree", "Splits in another order: the same result within the budget."},
    meaning{"scaled_partials_scale_the_output", "Partials times a power of two: out times the same."},
    meaning{"normal", "lse and partial outputs from N(0, 1)."},
    meaning{"wide", "lse over a hundred nats: most partials vanish beside the largest."},
    meaning{"close", "lse equal but for thousandths: every partial counts."},
    meaning{"dominant", "One partial takes nearly all the weight."},
    meaning{"positive", "Partials near 1: errors of the weights do not average out."},
    meaning{"cancel", "Pairs of partials with equal lse and opposite values."},
    meaning{"huge", "All lse near +60000 or -60000: a merge that forms exp(lse) overflows."},
    meaning{"one_split", "One split: a copy."},
    meaning{"splits_2_to_16", "2 to 16 splits."},
    meaning{"splits_17_to_128", "17 to 128 splits."},
    meaning{"splits_129_to_256", "129 to 256 splits."},
    meaning{"empty_partials", "Some partials are empty (lse -inf, values arbitrary)."},
    meaning{"mostly_empty", "At least 90 % of the partials are empty."},
    meaning{"none_empty", "No partial is empty."},
    meaning{"gap", "Rows of tensors have unused elements (NaN) between them."},
    meaning{"one_query", "One query token."},
    meaning{"several_queries", "Several query tokens."},
    meaning{"head_dim_v_not_multiple_of_8", "Head dims that vector loads do not divide."},
    meaning{"head_dim_v_not_multiple_of_4", "Head dims with a tail behind every vector."},
    meaning{"out_f32", "The result is f32."},
    meaning{"out_bf16", "The result is bf16."},
    meaning{"out_f16", "The result is f16."}};

template <std::size_t A, std::size_t B>
constexpr std::array<meaning, A + B> joined(const std::array<meaning, A>& a,
                                            const std::array<meaning, B>& b) {
  std::array<meaning, A + B> all{};
  for (std::size_t i = 0; i < A; ++i) all[i] = a[i];
  for (std::size_t i = 0; i < B; ++i) all[A + i] = b[i];
  return all;
}

constexpr auto attend_all = joined(attend, cache);
constexpr auto append_all = joined(append, cache);

}  // namespace

std::span<const meaning> attend_meanings() { return attend_all; }
std::span<const meaning> append_meanings() { return append_all; }
std::span<const meaning> combine_meanings() { return combine; }

}  // namespace plumbline::flash_decode
