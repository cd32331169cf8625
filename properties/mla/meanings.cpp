// One sentence for each law, regime and coverage class of mla's steps.
#include "properties/mla/operations.hpp"

namespace plumbline::mla {

namespace {

constexpr meaning norm[] = {
    {"normal", "N(0, 1) times a power of two between 1/16 and 16."},
    {"near_eps", "Rows whose mean square lies within a factor of eight of eps."},
    {"wide", "One element outweighs its row, or magnitudes span twenty powers of two."},
    {"positive", "Elements and weights of one sign."},
    {"mixed", "Every row another of these, or zeros, or with a NaN or an infinity in it."},
    {"power_of_two_goes_through", "A row and the root of eps times 2^k are normed to the same bits."},
    {"latent_of_512", "The width of a KV latent."},
    {"latent_of_1536", "The width of a query latent."},
    {"dim_odd_eights", "A width that 16-byte accesses divide, an odd number of times."},
    {"dim_not_multiple_of_8", "A width that 16-byte accesses do not divide."},
    {"weight_in_f32", "Weights are f32."},
    {"rotary_part_behind", "64 unused elements behind each row, where the rotary part lies."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."},
    {"no_eps", "eps is zero."},
    {"one_token", "One token."},
    {"tokens_at_a_width", "2, 32, 64, 128, or 255 to 257 tokens."}};

constexpr meaning turned[] = {
    {"normal", "N(0, 1) under any angles."},
    {"quarter_turns", "Angles are multiples of 90 degrees, so every result is a copy or its negative."},
    {"wide", "Pairs of very different magnitude, near overflow and subnormals among them."},
    {"any_pattern", "Any bits: every exponent, NaN and infinity among them."},
    {"position_is_a_row_of_the_table", "The same angles in other rows of the table give the same bits."},
    {"half_turn_negates", "Angles half a turn further negate every result."},
    {"d_64", "The rotary width of the models."},
    {"d_odd_eights", "A width that 16-byte accesses divide, an odd number of times."},
    {"d_not_multiple_of_8", "A width that 16-byte accesses do not divide."},
    {"one_head", "One head, as the key has."},
    {"heads_that_no_tile_divides", "3, 9, 63 or 126 heads."},
    {"heads_of_a_model", "16 or 128 heads."},
    {"start_behind_zero", "Tokens stand behind others."},
    {"far_position", "Positions beyond 1000."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."},
    {"several_sequences", "More than one sequence."},
    {"one_token", "One token a sequence."},
    {"tokens_at_a_width", "2, 32, 64, 128, or 255 to 257 tokens a sequence."}};

constexpr meaning written[] = {
    {"any_pattern", "Any bits."},
    {"normal", "N(0, 1)."},
    {"rows_outside_keep_their_bytes", "Rows of the cache that no token goes to are what they were."},
    {"row_of_576", "A latent of 512 and 64 rotated dims."},
    {"width_odd_eights", "A latent that 16-byte accesses divide, an odd number of times."},
    {"width_not_multiple_of_8", "A part that 16-byte accesses do not divide."},
    {"no_rotary", "Rows are latents alone."},
    {"page_of_64", "Pages of 64 rows."},
    {"page_of_1", "Pages of one row."},
    {"tokens_not_written", "Some tokens have slot -1."},
    {"nothing_written", "All tokens have slot -1."},
    {"pages_beyond_32_bits", "The last page begins beyond 2^31 elements."},
    {"page_gap", "Unused rows behind each page."},
    {"gap", "Rows have unused elements between them."},
    {"no_token", "Nothing to do."},
    {"one_token", "One token."},
    {"tokens_at_a_width", "2, 32, 64, 128, or 255 to 257 tokens."}};

constexpr meaning scheduled[] = {
    {"ragged", "Any lengths up to a few thousand keys."},
    {"block_edges", "Whole blocks, or one key more or less."},
    {"mostly_empty", "More than half of the requests have no key."},
    {"one_long", "One request, or every second one, outweighs all others, up to 2^31 - 1 keys."},
    {"every_block_is_taken_once",
     "Each block of each request is one part's, in order, and num_splits agrees."},
    {"no_part_takes_more_than_its_share", "No part costs more than the share and one overhead."},
    {"lists_count_as_sequences", "Index lists are scheduled like sequences of as many keys."},
    {"index_lists", "Lengths come from index lists."},
    {"lists_of_their_own_length", "Each request has its own length of list."},
    {"second_list", "There is a second list."},
    {"empty_requests", "Some request has no key."},
    {"one_request", "One request."},
    {"no_request", "No request."},
    {"more_requests_than_lanes", "More requests than a warp has lanes."},
    {"more_parts_than_requests", "Requests must be split for every part to have work."},
    {"one_part", "One part takes everything."},
    {"parts_of_an_h100", "66 or 132 parts."},
    {"block_of_64_and_overhead_of_5", "Upstream's constants."},
    {"no_overhead", "Requests cost their blocks alone."},
    {"length_near_31_bits", "A request of nearly 2^31 keys."}};

constexpr meaning merged[] = {
    {"normal", "lse and partials from N(0, 1)."},
    {"wide", "lse over a hundred powers of two: most partials vanish beside the largest."},
    {"close", "lse equal but for thousandths: every partial counts."},
    {"dominant", "One partial takes nearly all the weight."},
    {"positive", "Partials near 1: errors of the weights do not average out."},
    {"cancel", "Partials in pairs of equal lse and opposite value."},
    {"huge", "All lse near +-90000: a merge that forms 2^lse overflows."},
    {"near_sink", "Sinks beside the lse of their head, so that they take about half."},
    {"permuted_splits_agree", "Splits in another order agree within the budget."},
    {"scaled_partials_scale_the_output", "Partials times 2^k give the output times 2^k, bit for bit."},
    {"dv_512", "The width of a latent."},
    {"dv_odd_eights", "A width that 16-byte accesses divide, an odd number of times."},
    {"dv_not_multiple_of_8", "A width that 16-byte accesses do not divide."},
    {"one_split_alone", "Some request has one partial, which is copied."},
    {"more_splits_than_lanes", "More splits of a request than a warp has lanes."},
    {"most_splits_of_upstream", "160 splits and more."},
    {"ragged_splits", "Requests have different numbers of partials."},
    {"several_queries", "More than one query token."},
    {"heads_that_no_tile_divides", "3, 9, 63 or 126 heads."},
    {"heads_of_a_model", "16 or 128 heads."},
    {"sink", "A logit of each head joins the normaliser of its output."},
    {"empty_partials", "Some partials saw no key, and nobody may read their values."},
    {"out_f32", "The result is f32."},
    {"out_f16", "The result is f16."},
    {"gap", "Rows have unused elements between them."}};

constexpr meaning projected[] = {
    {"normal", "N(0, 1), weights divided by the root of the length of a sum."},
    {"positive", "All of one sign: drift and truncation of sums add up."},
    {"single", "One product that is not zero in each 128: weight, scale and one rounding are all there is."},
    {"integers", "Small integers and scales that are powers of two: every sum is exact."},
    {"cancel", "All products but the first in pairs of opposite sign."},
    {"wide_scales", "Scales of neighbouring blocks, or rows of weights, many powers of two apart."},
    {"one_nan", "A NaN in the last of several tokens."},
    {"same_bits_alone", "Tokens have the same bits without the tokens behind them."},
    {"unit_vector_reads_the_weight", "A unit vector gives a column of the weight, bit for bit."},
    {"power_of_two_goes_through", "x times 2^k gives the output times 2^k, bit for bit."},
    {"linear", "A linear layer."},
    {"absorb_query", "W_UK moves to the query, head by head."},
    {"absorb_output", "W_UV brings the attended latent back, head by head."},
    {"weight_in_codes", "Weights are e4m3 codes with a scale a block of 128 x 128."},
    {"heads_of_128_rows", "Each half of a head's rows is one row of scale blocks."},
    {"heads_share_scale_blocks", "A scale block spans two products or two heads."},
    {"odd_eights", "A width that 16-byte accesses divide, an odd number of times."},
    {"not_multiple_of_8", "A width that 16-byte accesses do not divide."},
    {"several_k_tiles", "Sums over more than one block of scales."},
    {"heads_that_no_tile_divides", "3, 9, 63 or 126 heads."},
    {"dimensions_of_16b", "The dimensions of the 16B model, with one or two tokens."},
    {"dimensions_of_671b", "The dimensions of the 671B model, with one or two tokens."},
    {"gap", "Rows have unused elements between them."},
    {"one_token", "One token."},
    {"tokens_at_a_width", "2, 32, 64, 128, or 255 to 257 tokens."},
    {"more_tokens_than_a_tile", "More than 64 tokens."}};

constexpr meaning module[] = {
    {"normal", "N(0, 1), weights divided by the root of the length of their sums."},
    {"positive", "Tokens and weights of one sign: drift of sums adds up."},
    {"peaked", "Queries eight times larger: a key or two takes nearly all the weight."},
    {"flat", "Queries near zero: every key counts alike, so one too many or too few shows."},
    {"one_nan", "A NaN in the last token, which other sequences must not see."},
    {"unread_rows_change_nothing",
     "Other bytes in rows of the caches that nobody may read give the same bits."},
    {"larger_caches_change_nothing",
     "The same rows in caches of more sequences and tokens give the same bits."},
    {"naive", "Keys and values of each head are cached."},
    {"absorb", "Latents are cached; W_UK moves to the query and W_UV behind the attention."},
    {"query_through_a_latent", "Queries come through a latent and a norm of their own."},
    {"weight_in_codes", "Weights are e4m3 codes with a scale a block of 128 x 128."},
    {"tokens_before", "The caches hold tokens."},
    {"nothing_before", "The caches are empty."},
    {"several_tokens", "More than one new token a sequence."},
    {"several_tokens_causal", "More than one new token a sequence, causal."},
    {"several_tokens_without_a_mask", "More than one new token a sequence, all keys seen."},
    {"several_sequences", "More than one sequence."},
    {"batch_of_8_and_more", "8, 16 or 32 sequences."},
    {"more_than_a_page", "More keys than a page of the attention has rows."},
    {"caches_of_more_sequences", "The caches are of more sequences than the call."},
    {"caches_of_more_tokens", "The caches have room behind the new tokens."},
    {"scale_of_the_caller", "softmax_scale is given."},
    {"heads_that_no_tile_divides", "3, 9, 63 or 126 heads."},
    {"heads_of_a_model", "16 or 128 heads."},
    {"not_multiple_of_8", "A width that 16-byte accesses do not divide."},
    {"no_token", "Nothing to do."},
    {"dimensions_of_16b", "The dimensions of the 16B model, with one token."}};

}  // namespace

std::span<const meaning> rms_norm_meanings() { return norm; }
std::span<const meaning> rotary_meanings() { return turned; }
std::span<const meaning> write_cache_meanings() { return written; }
std::span<const meaning> schedule_meanings() { return scheduled; }
std::span<const meaning> combine_meanings() { return merged; }
std::span<const meaning> project_meanings() { return projected; }
std::span<const meaning> forward_meanings() { return module; }

}  // namespace plumbline::mla
