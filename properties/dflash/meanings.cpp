// One sentence for each law, regime and coverage class of dflash.
#include "properties/dflash/operations.hpp"

namespace plumbline::dflash {

namespace {

constexpr meaning projections[] = {
    {"normal", "N(0, 1), weights divided by the root of the sum's length."},
    {"positive", "Rows and weights of one sign: drift of sums adds up."},
    {"single", "Rows are unit vectors, so a product is one weight."},
    {"integers", "Small odd integers: every sum is exact."},
    {"near_eps", "Projections whose mean square lies beside eps."},
    {"quarter_turns", "Angles are multiples of 90 degrees, so a rotation copies."},
    {"one_nan", "A NaN in the last position of the last block."},
    {"same_bits_in_every_way", "Every variant gives the same bits, however it launches and copies."},
    {"block_needs_no_context", "Without its context the block gives the same bits."},
    {"several_sequences", "More than one sequence."},
    {"no_context", "A block without a context."},
    {"context_of_one", "A context of one position."},
    {"context_behind_a_block", "A context longer than the block."},
    {"block_of_16", "Blocks of 16, as the drafters'."},
    {"block_of_1", "Blocks of the known token alone."},
    {"more_rows_than_a_tile", "More than 64 new keys."},
    {"several_heads_a_kv_head", "Several query heads share a KV head."},
    {"as_many_kv_heads", "As many KV heads as query heads."},
    {"heads_of_128", "Heads of 128, as the drafters'."},
    {"halves_that_16_bytes_do_not_divide", "Halves of a head that 16-byte accesses do not divide."},
    {"heads_beyond_a_warp", "Heads so wide that a lane has several pieces."},
    {"width_not_multiple_of_8", "A hidden size that 16-byte accesses do not divide."},
    {"several_k_tiles", "Sums of more than 64 products."},
    {"bias", "Projections have a bias."},
    {"no_eps", "eps is zero."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."}};

constexpr meaning attended[] = {
    {"flat", "q and k small: all keys weigh alike, so a dropped or extra key shows."},
    {"normal", "N(0, 1): the all-round regime."},
    {"peaked", "q four times as large: temperature, running maximum, rescaling."},
    {"sink", "Key 0 takes most of the weight of every row; its value is tiny, others are outliers."},
    {"positive", "Values near 1 and positive: drift of sums, truncation, the normaliser."},
    {"cancel", "Keys in pairs with opposite values: one misplaced row outweighs the true output."},
    {"tiny", "Scores and values near the bottom of their range: subnormals, absolute floors."},
    {"huge", "Scores in the hundreds, or near -65536: sentinels and overflow of the lse."},
    {"powers_of_two", "Weights, sums and products are exact, so every wrong bit shows."},
    {"needle", "Each row sees one key, at a tile's boundary: addresses and masks."},
    {"stairs", "Each tile's maximum is 0.8 to 2 powers of two above the last: rescaling put off shows."},
    {"ramp", "Scores rise or fall along the keys: online rescaling."},
    {"twins", "2 or 4 equal keys: a key that is lost or repeated."},
    {"fuzz", "Odd statistics (few levels, equal rows): guards the judge."},
    {"new_rows_or_old_are_alike", "Rows of the context that lie in the cache already give the same bits."},
    {"mask_that_hides_nothing_is_none", "A mask of ones gives the bits of none."},
    {"nan_reaches_its_rows", "A NaN in one key or value: where a query sees it, and nowhere else."},
    {"several_sequences", "More than one sequence."},
    {"no_sequence", "There is no sequence, and the caches stay."},
    {"ragged", "Sequences of different lengths."},
    {"empty_cache", "A sequence without rows in use."},
    {"rows_in_use", "A sequence with rows in use."},
    {"no_context", "A block without a context."},
    {"keys_at_a_tile", "The keys end on a tile of 64, or one beside it."},
    {"several_tiles", "More than 64 keys."},
    {"new_rows_cross_a_tile", "Rows in use and new ones lie in different tiles."},
    {"block_of_16", "Blocks of 16, as the drafters'."},
    {"block_of_1", "Blocks of the known token alone."},
    {"more_rows_than_a_tile", "More than 64 queries and heads share a KV head."},
    {"several_heads_a_kv_head", "Several query heads share a KV head."},
    {"several_kv_heads", "More than one KV head."},
    {"heads_of_128", "Heads of 128, as the drafters'."},
    {"heads_wider_than_a_tile", "Heads that the tiles do not take."},
    {"broken_pieces", "16-byte accesses do not divide the rows."},
    {"whole_pieces", "16-byte accesses divide the rows."},
    {"rows_of_the_cache_permuted", "Sequences take rows of the cache in another order than their own."},
    {"rows_of_the_cache_named", "A list names the rows of the cache."},
    {"full_cache", "The longest sequence fills its row."},
    {"mask", "A mask."},
    {"mask_of_every_query", "A mask with a row for each query."},
    {"mask_that_hides_nothing", "A mask of ones."},
    {"bias", "The output's projection has a bias."},
    {"own_scale", "A softmax_scale other than 1 / sqrt(d)."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row of the cache begins beyond 2^31 elements."}};

constexpr meaning accepted[] = {
    {"normal", "Logits from N(0, 1)."},
    {"peaked", "Logits from N(0, 64): few tokens have weight."},
    {"ties", "Few levels: the largest logit comes up several times."},
    {"even", "A power of two of tokens alike, uniforms at the steps of their distribution: one is right."},
    {"masked", "Most tokens are impossible."},
    {"shifted", "All logits of a position moved by the same large number."},
    {"drafts_choose_no_token", "Other drafts: the same posterior, and of it what agrees from the first on."},
    {"greedy", "The largest logit is taken."},
    {"sampled", "A token is drawn."},
    {"just_below_the_least_temperature", "A temperature so low that the largest logit is taken."},
    {"the_least_temperature", "The lowest temperature at which a token is drawn."},
    {"no_draft_agrees", "Drafts are not the target's tokens, but by chance."},
    {"some_drafts_agree", "Some drafts are the target's tokens, before and behind others."},
    {"every_draft_agrees", "All drafts are the target's tokens."},
    {"several_sequences", "More than one sequence."},
    {"block_of_1", "Blocks of the known token alone."},
    {"block_beside_a_warp", "Blocks of 31 to 34."},
    {"block_of_several_warps", "Blocks of more than 64."},
    {"vocabulary_at_a_strip", "A vocabulary that ends on a strip of 2048, or one token beside it."},
    {"several_strips", "A vocabulary of more than 2048."},
    {"vocabulary_of_a_model", "151 936 tokens."},
    {"vocabulary_not_multiple_of_8", "A vocabulary that 16-byte accesses do not divide."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row of logits begins beyond 2^31 elements."}};

constexpr meaning cropped[] = {
    {"any_pattern", "Any bits."},
    {"two_crops_are_one", "A crop to more rows first gives the same bytes."},
    {"cropped_again_is_the_same", "Cropped once more, nothing changes."},
    {"several_sequences", "More than one sequence."},
    {"several_layers", "More than one layer."},
    {"scrubbed", "Rows that are cut off become zero."},
    {"lengths_alone", "Rows that are cut off stay."},
    {"rows_cut_off", "Some sequence loses rows."},
    {"one_row_cut_off", "Some sequence loses one row."},
    {"as_many_kept", "Some sequence keeps as many rows as it has."},
    {"more_kept_than_held", "Some sequence may keep more rows than it has."},
    {"nothing_kept", "Some sequence loses all its rows."},
    {"nothing_held", "Some sequence has no rows."},
    {"no_capacity", "Caches without rows."},
    {"whole_pieces", "16-byte accesses divide the rows."},
    {"broken_pieces", "16-byte accesses do not divide the rows."},
    {"more_rows_than_a_block", "More rows of a sequence than a block of threads has."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."}};

}  // namespace

std::span<const meaning> project_meanings() { return projections; }
std::span<const meaning> attention_meanings() { return attended; }
std::span<const meaning> accept_meanings() { return accepted; }
std::span<const meaning> crop_meanings() { return cropped; }

}  // namespace plumbline::dflash
