// The split heuristics of FlashAttention-3, restated from their published behaviour.
//
// Efficiency of s splits: w = tiles * s / SMs waves, of which w / ceil(w) does work.  Waves, efficiencies and
// their maximum are fp32; the current rule compares with 0.85 of the maximum in double, which decides ties.
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

namespace {

float wave_efficiency(std::int64_t tiles, std::int64_t num_sms) {
  const float waves = static_cast<float>(tiles) / static_cast<float>(num_sms);
  return waves / std::ceil(waves);
}

// Efficiencies of 1..max_splits splits.
std::vector<float> efficiencies(std::int64_t tiles, std::int64_t num_sms, std::int64_t max_splits) {
  std::vector<float> all;
  for (std::int64_t s = 1; s <= max_splits; ++s) all.push_back(wave_efficiency(tiles * s, num_sms));
  return all;
}

// Threshold of pull request 1236: up to 2^log2_blocks blocks it is base + slope * (log2(blocks) - from).
struct curve_piece {
  float log2_blocks, base, from, slope;
};
constexpr float split_freely = .8f;
constexpr curve_piece d128[] = {{4, .20f, 3, .05f}, {5, .25f, 0, 0}, {6, .28f, 5, .08f}, {7, .36f, 6, .06f}};
constexpr curve_piece d64_one_warpgroup[] = {
    {4, .33f, 0, 0}, {5, .33f, 4, .04f}, {6, .37f, 5, .03f}, {7, .4f, 6, .03f}, {8, .43f, 7, .03f}};
constexpr curve_piece d64_more_warpgroups[] = {{6, .5f, 0, 0}};

float on_curve(std::span<const curve_piece> curve, float log2_blocks) {
  for (const curve_piece& piece : curve)
    if (log2_blocks <= piece.log2_blocks) return piece.base + (log2_blocks - piece.from) * piece.slope;
  return split_freely;
}

float pr1236_threshold(std::int64_t num_n_blocks, std::int64_t num_m_blocks, std::int64_t head_size,
                       bool use_one_mma_wg) {
  const float log2_blocks = std::log2(static_cast<float>(num_n_blocks));
  if (head_size == 64)
    return use_one_mma_wg ? on_curve(d64_one_warpgroup, log2_blocks)
                          : on_curve(d64_more_warpgroups, log2_blocks);
  if (head_size == 128) {
    const float threshold = on_curve(d128, log2_blocks);
    return num_m_blocks > 1 && threshold < .5f ? threshold + .05f * (log2_blocks - 2) : threshold;
  }
  if (head_size == 256 && num_n_blocks <= 40) return .24f;
  if (head_size == 256 && log2_blocks <= 8)
    return .33f + std::max(0.f, (log2_blocks - std::log2(50.f)) * 0.02971f);
  return split_freely;
}

}  // namespace

std::int64_t num_splits_heuristic(std::int64_t total_mblocks, std::int64_t num_sms, std::int64_t num_n_blocks,
                                  std::int64_t num_m_blocks, std::int64_t size_one_kv_head,
                                  bool is_causal_or_local, std::int64_t max_splits) {
  constexpr std::int64_t l2_bytes = 50 * 1024 * 1024;
  if (static_cast<float>(total_mblocks) >= 0.8f * static_cast<float>(num_sms)) {
    const bool overflows_l2 = size_one_kv_head > l2_bytes;
    if (!overflows_l2 || num_m_blocks < 2 * num_sms || is_causal_or_local) return 1;
    return std::min((size_one_kv_head + l2_bytes - 1) / l2_bytes, max_splits);
  }
  if (num_n_blocks <= 4 || total_mblocks <= 0) return 1;
  const auto all = efficiencies(total_mblocks, num_sms, std::min({max_splits, num_sms, num_n_blocks}));
  const double least = 0.85 * static_cast<double>(*std::max_element(all.begin(), all.end()));
  const auto first = std::find_if(all.begin(), all.end(), [&](float e) { return e >= least; });
  return first - all.begin() + 1;
}

std::int64_t num_splits_heuristic_pr1236(std::int64_t batch_nheads_mblocks, std::int64_t batch_nheads,
                                         std::int64_t num_sms, std::int64_t num_n_blocks,
                                         std::int64_t max_splits, std::int64_t head_size,
                                         bool use_one_mma_wg) {
  if (batch_nheads_mblocks <= 0 || batch_nheads <= 0) return 1;
  const std::int64_t num_m_blocks = batch_nheads_mblocks / batch_nheads;
  const float unsplit = wave_efficiency(batch_nheads_mblocks, num_sms);
  const bool one_wave = batch_nheads_mblocks <= num_sms;
  if (unsplit > split_freely) return 1;
  if (one_wave && unsplit > pr1236_threshold(num_n_blocks, num_m_blocks, head_size, use_one_mma_wg)) return 1;
  if (num_n_blocks < (use_one_mma_wg ? 10 : 8)) return 1;
  const auto all = efficiencies(batch_nheads_mblocks, num_sms, std::min({max_splits, num_sms, num_n_blocks}));
  const float share =
      num_m_blocks == 1 ? std::min(0.3f + static_cast<float>(batch_nheads) * 0.1f, 0.8f) : 0.8f;
  const float above = share * *std::max_element(all.begin(), all.end());
  const auto first = std::find_if(all.begin(), all.end(), [&](float e) { return e > above; });
  return first == all.end() ? 1 : first - all.begin() + 1;
}

}  // namespace plumbline::flash_decode
