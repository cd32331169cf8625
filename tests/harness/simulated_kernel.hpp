// Attention kernels that exist on paper only: the same online softmax in many roundings, right and wrong.
//
// The judge is calibrated on these.  A simulated kernel works in fp32 as real ones do (tiles of keys, a
// running maximum, splits merged by their log-sum-exp, P rounded to its type), with each accumulation as the
// contract names it: an fp32 chain, a sum cut to 25 fraction bits every 16 terms, or to 13 bits every 32 and
// promoted every 128.  `planted` makes exactly one mistake, each taken from bugs that real kernels had.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "properties/judge/attention/judge.hpp"
#include "tests/harness/small_attention.hpp"

namespace plumbline::testing {

enum class planted : std::uint8_t {
  none,
  last_key_dropped,
  first_key_dropped,
  last_key_twice,
  extra_stale_key,
  last_tile_dropped,
  first_key_of_tiles_dropped,
  splits_overlap_one_key,
  key_lost_between_splits,
  one_page_wrong,
  one_v_page_wrong,
  one_v_row_wrong,
  v_tile_stale,
  wrong_query_row,
  two_columns_swapped,
  columns_one_key_late,
  k_dims_dropped,
  output_not_rescaled_once,
  sum_not_rescaled_once,
  max_starts_at_zero,
  merge_log2_as_natural,
  merge_weights_equal,
  merge_unnormalised,
  empty_split_counts,
  lane_missing_in_sum,
  one_row_zero,
  all_zero,
  one_element_half_more,
  lse_in_base_2,
  lse_of_other_row,
  scale_one_percent,
  output_one_percent,
  softcap_missing,
  sink_missing,
  last_structural = sink_missing,
  // Precision rather than data.
  output_truncated,
  p_truncated,
  sum_from_rounded_p,
  exp_of_degree_2,
  scores_in_bf16,
  output_bf16_per_tile,
  merge_weights_bf16
};
std::string_view name_of(planted);
inline constexpr int planted_count = static_cast<int>(planted::merge_weights_bf16) + 1;
constexpr bool is_structural(planted p) { return p != planted::none && p <= planted::last_structural; }

/// Choices that a correct kernel is free to make.
struct kernel_choices {
  std::int64_t tile = 64, splits = 1;
  bool backward = false;      // last tile first
  bool lanes = false;         // row sum as 32 partial sums
  int exp_ulps = 0;           // random error of exp2, in ulps
  bool exp_degree_3 = false;  // polynomial; needs a contract with that e_exp
  std::uint64_t seed = 1;     // of the exp noise
};

attention_output run_simulated(const small_attention& problem, const contract& promised,
                               const kernel_choices& choices, planted fault = planted::none);

}  // namespace plumbline::testing
