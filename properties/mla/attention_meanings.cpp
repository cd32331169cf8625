// What mla's attentions say of themselves: budgets, memory, and one sentence for each regime, class and law.
#include <algorithm>
#include <vector>

#include "properties/generate/far_rows.hpp"
#include "properties/generate/regimes.hpp"
#include "properties/judge/attention/budgets_table.hpp"
#include "properties/mla/attention_laws.hpp"
#include "properties/mla/attention_shapes.hpp"
#include "properties/mla/operations.hpp"
#include "properties/recorded_outputs.hpp"

namespace plumbline::mla {

namespace {

constexpr double bytes_an_element = 40;

double product(std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); }

constexpr meaning alike[] = {
    {"flat", "q and k small: all keys weigh alike, so a dropped or extra key shows."},
    {"normal", "N(0, 1): the all-round regime."},
    {"peaked", "q four times as large: temperature, running maximum, rescaling."},
    {"sink", "Key 0 takes most of the weight of every row; its value is tiny, others are outliers."},
    {"positive", "Values near 1 and positive: drift of sums, truncation, the normaliser."},
    {"cancel", "Keys in pairs with opposite values: one misplaced page outweighs the true output."},
    {"tiny", "Scores and values near the bottom of their range: subnormals, absolute floors."},
    {"huge", "Scores in the hundreds, or near -65536: sentinels and overflow of the lse."},
    {"powers_of_two", "Weights, sums and products are exact, so every wrong bit shows."},
    {"needle", "Each row sees one key, at a tile, page or split boundary: addresses and masks."},
    {"stairs", "Each tile's maximum is 0.8 to 2 powers of two above the last: rescaling put off shows."},
    {"ramp", "Scores rise or fall along the keys: online rescaling."},
    {"twins", "2 or 4 equal keys in different splits: merges that lose or repeat one."},
    {"fuzz", "Odd statistics (few levels, equal rows): guards the judge."},
    {"nan_reaches_its_rows",
     "A NaN in one key or value, an infinity too: where a row sees it, and nowhere else."},
    {"agrees_for_any_parts", "Shared by any number of parts, every output is still within its budget."},
    {"lists_in_any_order_agree", "Lists in another order: the same result within the budget."},
    {"heads_1", "One query head."},
    {"heads_16", "16 query heads."},
    {"heads_64", "64 query heads."},
    {"heads_126", "126 query heads."},
    {"heads_128", "128 query heads."},
    {"heads_16_or_more", "16 query heads or more."},
    {"heads_64_or_more", "64 query heads or more."},
    {"more_requests_than_lanes", "More than 32 requests."},
    {"request_of_100_blocks", "A request of 100 blocks of keys and more, which many parts share."},
    {"odd_heads", "3, 9 or 63 query heads: no tile divides them."},
    {"several_heads_a_kv_head", "Several query heads share a KV head."},
    {"several_kv_heads", "More than one KV head."},
    {"d_192_dv_128", "The widths of the models: keys of 192, values of 128."},
    {"d_equals_dv", "Keys and values of one width."},
    {"row_of_576", "A latent of 512 and 64 rotated dims."},
    {"no_rotary_part", "Rows are latents alone."},
    {"unaligned_rows", "Rows that do not start on 16 bytes."},
    {"one_query", "One query token."},
    {"several_queries", "More than one query token."},
    {"queries_17_or_more", "17 query tokens or more."},
    {"queries_255_to_257", "255 to 257 query tokens: the edge of the short path."},
    {"queries_512", "512 query tokens."},
    {"tokens_before", "Keys of earlier tokens lie in front of the new ones."},
    {"short_path", "What the short path takes: no mask, at most 256 keys."},
    {"past_the_short_path", "A mask, or more than 256 keys."},
    {"keys_256_unmasked", "256 keys without a mask: the last length of the short path."},
    {"keys_257_unmasked", "257 keys without a mask: the first length past the short path."},
    {"causal", "A causal mask, aligned to the last key."},
    {"causal_with_several_queries", "A causal mask that hides different keys from different queries."},
    {"page_of_64", "Pages of 64 rows."},
    {"page_of_1", "Pages of one row."},
    {"page_no_block_divides", "Pages that no block of 64 keys is made of."},
    {"ragged", "Sequences of different lengths."},
    {"empty_sequences", "Some sequence has no key."},
    {"half_empty", "Half of the sequences or more have no key."},
    {"tile_edge", "A sequence ends on a block of 64 keys, or one key beside it."},
    {"batch_8_or_more", "8 sequences or more."},
    {"batch_32", "32 sequences."},
    {"one_part", "One part takes all the work."},
    {"many_parts", "More parts than most calls have blocks."},
    {"parts_of_the_device", "The number of parts follows from the device."},
    {"gap", "Rows have unused elements between them."},
    {"page_gap", "Unused rows behind each page."},
    {"pages_beyond_32_bits", "The last page begins beyond 2^31 elements."},
    {"rows_beyond_32_bits", "The last row of keys begins beyond 2^31 elements."},
    {"own_scale", "A softmax_scale other than 1 / sqrt(d)."},
    {"plain_rows", "Listed rows hold numbers of the type of q."},
    {"rows_v32", "Listed rows hold e4m3 codes with an f32 scale for 128 of them."},
    {"rows_model1", "Listed rows hold e4m3 codes with an e8m0 scale for 64 of them, behind the page's rows."},
    {"rows_of_656_bytes", "512 codes, four scales, 64 rotated numbers."},
    {"topk_of_whole_blocks", "Lists of a multiple of 64 entries."},
    {"topk_length", "Lists end before their last entry."},
    {"empty_list", "Some list has no entry that counts."},
    {"second_list", "A second list names rows of a second cache."},
    {"second_list_length", "Second lists end before their last entry."},
    {"attn_sink", "A logit without a value joins the normaliser."},
    {"invalid_entries", "Entries that name no row."},
    {"duplicate_entries", "Rows that a list names twice."},
    {"fewer_rows_than_entries", "Fewer rows than entries of a list."}};

// The sentences about one function's regimes, laws and classes.
template <class Problem>
std::vector<meaning> said_of(std::span<const laws::law<Problem>> own_laws,
                             std::span<const generate::problem_class<Problem>> classes) {
  std::vector<meaning> own;
  for (const meaning& one : alike) {
    const auto named = [&](const auto& other) { return other.name == one.name; };
    if (std::find(generate::regime_names.begin(), generate::regime_names.end(), one.name) !=
            generate::regime_names.end() ||
        std::any_of(own_laws.begin(), own_laws.end(), named) ||
        std::any_of(classes.begin(), classes.end(), named))
      own.push_back(one);
  }
  return own;
}

}  // namespace

std::string attention_budgets(std::span<const contract> all) { return budgets_text(all); }

std::span<const meaning> prefill_meanings() {
  static const auto own = said_of(laws::prefill_laws(), generate::prefill_classes());
  return own;
}
std::span<const meaning> decode_meanings() {
  static const auto own = said_of(laws::decode_laws(), generate::decode_classes());
  return own;
}
std::span<const meaning> decode_indices_meanings() {
  static const auto own = said_of(laws::decode_indices_laws(), generate::decode_indices_classes());
  return own;
}
std::span<const meaning> prefill_indices_meanings() {
  static const auto own = said_of(laws::prefill_indices_laws(), generate::prefill_indices_classes());
  return own;
}

namespace {

double width(std::int64_t elements, std::int64_t gap) {
  return static_cast<double>(elements) + generate::held_of_gap(gap);
}
double query_elements(std::int64_t rows, std::int64_t d, std::int64_t dv, std::int64_t gap) {
  return static_cast<double>(rows) * width(d + 3 * dv, gap);
}
// A gap behind a page counts in elements here, bytes of codes as if each were one.
double page_elements(std::int64_t pages, std::int64_t rows, std::int64_t row, std::int64_t gap) {
  return static_cast<double>(pages) * (product(rows, row) + generate::held_of_gap(gap));
}

}  // namespace

double memory_needed(const prefill_problem& p) {
  return bytes_an_element * (query_elements(p.b * p.sq * p.hq, p.d, p.dv, p.gap) +
                             product(p.b * p.capacity, p.hk) * (width(p.d, p.gap) + width(p.dv, p.gap)));
}
double memory_needed(const decode_problem& p) {
  const std::int64_t row = p.hk * (p.d + p.gap);
  return bytes_an_element * (query_elements(p.b * p.sq * p.hq, p.d, p.dv, p.gap) +
                             page_elements(p.num_pages, p.page_size, row, p.page_gap * row));
}
double memory_needed(const decode_indices_problem& p) {
  const std::int64_t row = p.d + p.gap, gap = p.page_gap * (p.format == kv_format::plain ? row : 1);
  return bytes_an_element * (query_elements(p.b * p.sq * p.hq, p.d, p.dv, p.gap) +
                             page_elements(p.num_pages, p.page_size, row, gap) +
                             page_elements(p.extra_num_pages, p.extra_page_size, row, gap));
}
double memory_needed(const prefill_indices_problem& p) {
  return bytes_an_element *
         (query_elements(p.sq * p.hq, p.d, p.dv, p.gap) + static_cast<double>(p.skv) * width(p.d, p.gap));
}

std::map<std::string, std::string> options_of_problem(const prefill_problem& p) {
  return options_from_text("mla", to_text(p));
}
std::map<std::string, std::string> options_of_problem(const decode_problem& p) {
  return options_from_text("mla", to_text(p));
}
std::map<std::string, std::string> options_of_problem(const decode_indices_problem& p) {
  return options_from_text("mla", to_text(p));
}
std::map<std::string, std::string> options_of_problem(const prefill_indices_problem& p) {
  return options_from_text("mla", to_text(p));
}

}  // namespace plumbline::mla
