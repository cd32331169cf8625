// One sentence for each law, regime and coverage class of quantize.
#include <deque>
#include <initializer_list>
#include <vector>

#include "properties/quantize/operations.hpp"
#include "reference/core/quantize_policy.hpp"

namespace plumbline::quantize {

namespace {

constexpr meaning regimes[] = {
    {"mixed", "Every group of elements has another of the classes below."},
    {"ordinary", "N(0, 1) times a power of two between 1/16 and 16."},
    {"zeros", "Zeros of either sign."},
    {"subnormal", "Small multiples of the smallest subnormal of the type."},
    {"ties", "Quotients half way between two codes, under scale 1."},
    {"small_codes", "Multiples of half the smallest code, under scale 1."},
    {"limits", "Elements on and beside 448 and 464, times a power of two."},
    {"nan", "At least one NaN a group, or nothing else."},
    {"infinity", "An infinite element a group, and now and then a NaN beside it."},
    {"one_huge", "One element near the largest of the type among ordinary ones."},
    {"floors", "amax around the floors that writers have: 1e-4, 1e-8 and 1e-10."},
    {"power_of_two_edge", "amax on a power of two times 448, or a few steps beside it."},
    {"tiny", "amax that leaves the scale a few subnormal steps, or none."},
    {"alternating", "One magnitude with alternating signs."},
    {"equal_max", "The same amax in every group, each time at another place."},
    {"halves", "Quotients half way between two int8 codes, under scale 1."},
    {"any_pattern", "Any bits: every exponent, NaN and infinity among them."}};

constexpr meaning code_classes[] = {
    {"mixed", "Every group of codes has another of the classes below."},
    {"ordinary", "Any finite codes under ordinary scales."},
    {"output_ties", "Products on a tie of the output type, or one fp32 step beside it."},
    {"extreme_scales", "Scales near the smallest or the largest floats."},
    {"zero_scale", "Scales of zero, of either sign."},
    {"any_pattern", "Any code and any scale, NaN and infinity among them."},
    {"powers_of_two", "Scales that are powers of two."}};

constexpr meaning policy_classes[] = {
    {"scale_power_of_two", "The writer makes its scales powers of two."},
    {"floor_on_amax", "The writer floors amax."},
    {"floor_on_scale", "The writer floors the scale."},
    {"scale_in_input_type", "The writer rounds the scale to the type of its input."},
    {"quotient_by_reciprocal", "The writer multiplies by a reciprocal, or by limit over amax."},
    {"nan_reaches_scale", "A NaN element makes the scale NaN."},
    {"exact_policy", "Every step is one IEEE operation, so one result is right."}};

constexpr meaning cache_classes[] = {
    {"layout_rows", "A slot is codes, scales and rotary dims in a row."},
    {"layout_pages", "The scales of a page lie behind all its codes."},
    {"layout_split", "Codes with scales, and rotary dims, in two tensors."},
    {"scales_e8m0", "Scales are stored as one exponent byte."},
    {"row_of_656_bytes", "The row of 512 codes, 4 scales and 64 16-bit rotary dims."},
    {"no_rotary", "Every dim is quantized."},
    {"tile_128", "128 dims a scale."},
    {"tile_64", "64 dims a scale."},
    {"tile_below_32", "Fewer dims a scale than a warp has lanes."},
    {"tile_not_multiple_of_16", "Tiles that 16-byte accesses do not divide."},
    {"odd_tiles_of_8", "An odd number of tiles of 8 codes: their end is not that of 16 bytes."},
    {"page_gap", "Unused bytes behind each page."},
    {"gap", "Rows have unused elements between them."},
    {"pages_beyond_32_bits", "The last page begins beyond 2^31 bytes."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."},
    {"no_token", "Nothing to do."},
    {"one_token", "One token."},
    {"tokens_beside_a_width", "8, 16, 32, 64 or 128 tokens, or one more or less."}};

constexpr meaning store_own[] = {
    {"slots_outside_keep_their_bytes", "Bytes outside the slots of the tokens are what they were."},
    {"reads_back_within_a_step", "A code times its scale lies within half a step of the element."},
    {"power_of_two_scales_through", "Elements times 2^k get scales times 2^k and the same codes."},
    {"separate", "Latent and rotary dims come in two tensors."},
    {"slots", "Tokens go to slots by a list, in which -1 means nowhere."}};

constexpr meaning dequantize_own[] = {
    {"indices", "Rows come by a list of slots, repeats allowed."},
    {"more_rows_than_slots", "More rows are asked for than the cache has slots."},
    {"zero_rows", "Rows of zeros behind the rows that are read."},
    {"out_in_another_type", "The result has another float type than the rotary dims."},
    {"out_in_codes", "The result is codes again, under scale 1."}};

constexpr meaning groups_own[] = {
    {"same_scales_in_any_layout", "Scales are the same numbers, whichever way they are laid out."},
    {"reads_back_within_a_step", "A code times its scale lies within half a step of the element."},
    {"int8_codes", "Codes are int8."},
    {"whole_row", "One scale a row."},
    {"group_128", "128 elements a scale."},
    {"group_below_32", "Fewer elements a scale than a warp has lanes."},
    {"group_not_multiple_of_16", "Groups that 16-byte accesses do not divide."},
    {"blocks", "Several rows under one scale."},
    {"ragged_groups", "The last group of a row, or of rows, is short."},
    {"scales_column_major", "Scales are stored by columns, padded to 4 rows."},
    {"scales_packed", "Four e8m0 scales to a word."},
    {"scale_upper_bound", "amax has an upper bound."},
    {"static_scale", "The scale is given, not measured."},
    {"static_scale_beyond_is_nan", "Under a given scale, what lies beyond 464 times it is NaN."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."}};

constexpr meaning weight_own[] = {
    {"transpose_goes_through", "The transposed weight gives the transposed result."},
    {"block_128", "Blocks of 128 by 128."},
    {"ragged_rows", "The last block of rows is short."},
    {"ragged_columns", "The last block of columns is short."},
    {"several_blocks", "More than one block each way."},
    {"columns_not_multiple_of_16", "Rows that 16-byte accesses do not divide."},
    {"out_bf16", "The result is bf16."},
    {"out_f16", "The result is f16."},
    {"out_f32", "The result is f32."}};

constexpr meaning gemm_own[] = {
    {"powers_of_two_go_through", "Scales of a times 2^k give the result times 2^k."},
    {"ordinary", "N(0, 112^2) rounded to codes."},
    {"positive", "Magnitudes of such: what drifts adds up, and blocks are long half of the time."},
    {"small_integers", "Integers up to 2: sums are exact, scales are not."},
    {"one_product", "One product a block: sums are exact, scales are not."},
    {"cancelling", "The end of k undoes most of its beginning, up to the scales."},
    {"one_huge", "One element of 448 in a block of small ones."},
    {"any_code", "Any codes, NaN now and then."},
    {"zero_blocks", "Blocks of zeros and scales of zero."},
    {"tiny_scales", "Scales whose product is subnormal in fp32; the result is not."},
    {"block_of_128", "128 columns of k a scale."},
    {"block_longer_than_128", "Blocks that a narrow accumulator may not sum in one piece."},
    {"block_shorter_than_128", "Fewer than 128 columns of k a scale."},
    {"one_block_of_k", "One scale a row."},
    {"several_blocks_of_k", "More than one scale a row."},
    {"last_block_short", "The last block of k is short."},
    {"k_not_multiple_of_16", "Rows that 16-byte accesses do not divide."},
    {"one_row", "One row of a."},
    {"rows_beyond_a_tile", "More rows than the 64 of a tile."},
    {"columns_beyond_a_tile", "More columns than the 64 of a tile."},
    {"columns_not_multiple_of_8", "Columns that the 8 of a fragment do not divide."},
    {"several_scales_across", "More than one scale a row of scales of b."},
    {"out_bf16", "The result is bf16."},
    {"out_f16", "The result is f16."},
    {"out_f32", "The result is f32."}};

constexpr meaning scatter_own[] = {
    {"rows_outside_keep_their_bytes", "Rows of the buffer that no token goes to are what they were."},
    {"any_pattern", "Any bits."},
    {"mixed", "Elements of every class of the quantizers."},
    {"row_of_528_and_128", "Rows of 528 and 128 bytes: codes with scales, and rotary dims."},
    {"width_not_multiple_of_16", "Parts that 16-byte accesses do not divide."},
    {"no_rotary", "The second part is empty."},
    {"several_ranks", "Only the rows of one of several ranks are here."},
    {"gap", "Rows have unused elements between them."},
    {"rows_beyond_32_bits", "The last row begins beyond 2^31 elements."},
    {"no_token", "Nothing to do."},
    {"one_token", "One token."},
    {"cast_to_codes", "Elements are cast to e4m3 on their way."}};

// The writers, by name.
std::vector<meaning> writers(bool takes_int8) {
  static std::deque<std::string> sentences;
  std::vector<meaning> all;
  for (const policy& one : policies)
    if (takes_int8 || one.code == dtype::e4m3)
      all.push_back({one.name, sentences.emplace_back("Bytes as the writer " + std::string(one.name) +
                                                      " of the policy table makes them.")});
  return all;
}

std::vector<meaning> joined(std::initializer_list<std::span<const meaning>> lists) {
  std::vector<meaning> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace

std::span<const meaning> store_meanings() {
  static const auto all = joined({regimes, policy_classes, cache_classes, store_own, writers(false)});
  return all;
}

std::span<const meaning> dequantize_meanings() {
  static const auto all = joined({code_classes, cache_classes, dequantize_own});
  return all;
}

std::span<const meaning> groups_meanings() {
  static const auto all = joined({regimes, policy_classes, groups_own, writers(true)});
  return all;
}

std::span<const meaning> weight_dequant_meanings() {
  static const auto all = joined({code_classes, weight_own});
  return all;
}

std::span<const meaning> block_gemm_meanings() { return gemm_own; }

std::span<const meaning> scatter_meanings() { return scatter_own; }

}  // namespace plumbline::quantize
