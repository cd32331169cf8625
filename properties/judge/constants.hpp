// Every number that decides a pass, with where it comes from.  There is no tolerance anywhere else.
//
// [D] derived: follows from the arithmetic the contract declares.
// [C] calibrated: read off about one million tensors of correct simulated kernels, with margin.
//
// A statistical threshold belongs to a number of draws.  K0 was calibrated for M0 of them; for M > M0 the
// union bound over Gaussian tails gives K(M) = sqrt(K0^2 + 2 ln(M / M0)) [D], and fewer draws never lower it.
#pragma once

#include <cmath>

#include "reference/core/contract.hpp"

namespace plumbline::judging {

struct threshold {
  double K0, M0;
  double at(double count) const { return count > M0 ? std::sqrt(K0 * K0 + 2 * std::log(count / M0)) : K0; }
};

inline constexpr threshold element_threshold{7.5, 1e4};         // [C] largest seen 5.06
inline constexpr threshold row_rms_threshold{12, 16};           // [C] 6.9
inline constexpr threshold tensor_rms_threshold{20, 1};         // [C] 10.2
inline constexpr threshold row_amplitude_threshold{6.5, 16};    // [C] 3.13
inline constexpr threshold group_amplitude_threshold{8, 8};     // [C] 4.68
inline constexpr threshold tensor_amplitude_threshold{6.5, 1};  // [C] 2.71
inline constexpr threshold lse_threshold{2, 16};                // [C] 1.13, in units of the LSE tolerance

inline constexpr std::int64_t group_columns = 64;  // columns of one amplitude filter over all rows

/// What a way of accumulating does to sums.  (Random errors of scores: `score_noise` of the contract.)
struct accumulation_noise {
  double c_dr;    // coherent drift of a group of 16 keys, relative to the bound on partial sums [C]
  double c_hard;  // worst case of the same: twice the 17 * 2^-25 + 2^-23 of a truncating sum [D]
  double c_sum;   // random error of P V relative to S1 [C]
  bool promoted;  // sums leave the narrow accumulator every 128 keys, so the drift does not grow with n
};

constexpr accumulation_noise noise_of(accumulation a) {
  if (a == accumulation::f13) return {2.5e-3, 6e-3, 6e-5, true};
  return {3.2e-7, 1.3e-6, 0, false};
}

/// Groups of 16 keys whose drifts add, G; at least the four of one 64-key tile [C].
constexpr double drift_groups(accumulation a, double keys) {
  const double groups = keys / 16;
  return noise_of(a).promoted ? 1 : (groups > 4 ? groups : 4);
}

/// Relative error that all scores of a row may share, c_temp: drift over the head dimension, and the rounding
/// of the scale and of log2 e [C].
constexpr double temperature_error(accumulation qk, double head_dim) {
  if (noise_of(qk).promoted) return 2e-3;
  const double groups = head_dim / 16;
  return 3.2e-7 * (groups > 4 ? groups : 4) + 2.4e-7;
}

// P V, normaliser, merge.
inline constexpr double normaliser_error = 4.8e-7;  // of S1 + |r|: normalisation, merging of splits [C]
inline constexpr double sink_error = 4e-7;          // of (1 + |lse|) |r|: the sink's exp [C]
inline constexpr double underflow_weight = 1e-30;   // exp2 may flush a weight this small [D]
inline constexpr double half_ulp_slack = 1e-6;      // the rounding point itself is an fp32 result [D]
inline constexpr double exact_lane_floor = 1e-9;    // of S1, beside a sigma that is exactly zero [D]

// Coherent rounding of P.
inline constexpr double coherent_sigmas = 3;        // a mean shift beyond this is centred, not absorbed [C]
inline constexpr double centred_share = 0.05;       // of the shift that was centred [C]
inline constexpr double temperature_reserve = 1.5;  // on the grid's largest slope or tensor mean [C]
inline constexpr double temperature_cap = 4;        // of C; a row has no more temperature to lose [C]

// The hard bound's score terms: six standard deviations, doubled [C].
inline constexpr double hard_score_sigmas = 12;
inline constexpr double hard_norm_sigmas = 16;
inline constexpr double hard_p_slack = 1.01;  // second order of the rounding of P [D]

// Log-sum-exp, all [C]: a serial sum of n terms, ulps of score and logarithm, drift of scores, rounded P.
inline constexpr double lse_sum_error = 1.8e-7;
inline constexpr double lse_ulp_error = 1.2e-7;
inline constexpr double lse_score_sigmas = 3;
inline constexpr double lse_rounded_sigmas = 6.5;
inline constexpr double lse_f13_slope = 1e-3, lse_f13_offset = 1e-4;

// Equal outputs share their rounding: |r| within u_out / 16 of each other count as one [C].
inline constexpr double cluster_width = 1.0 / 16;

// Stand-alone combine [D]: one fp32 rounding a term in quadrature, four in the sum and the normaliser.
inline constexpr double combine_sigma = 1.2e-7, combine_drift = 2.4e-7, combine_lse_term = 6e-8;
// Argument of a merged weight [D]: a rounded difference times log2 e, itself a float, rounded: (2 u
// + 1.4e-8).
inline constexpr double argument_rounding = 0x1.2p-23;
// Variance of one rounding to fp32, relative, for the least favourable significand [D]: u^2 / 3.
inline constexpr double combine_sum_variance = 0x1p-48 / 3;

// Products (product_judge.hpp).  Drift of SB a group of 16 k, of a truncating tensor core on data of one
// sign: 16 products cut at 2^-25 of the sum and the sum at 2^-23, half of each in the mean, 3e-7 [D].
inline constexpr double product_drift = 3.2e-7;
// Of a 13-bit accumulator that is emptied every 128 k: random, of S1 / sqrt(K / 128), drifting, of SB, and
// the share of the result that this may be [C].
inline constexpr double product_f13_random = 6e-5, product_f13_drift = 1.5e-3, product_f13_coherent = 6e-4;
// Its worst: 32 terms and the sum cut at 2^-13 of the largest partial sum, four times a promotion [D].
inline constexpr double product_f13_worst = 4 * 33 * 0x1p-13;

// Rotation in fp32: two products, one sum, of |x| + |y| [D].
inline constexpr double rotation_error = 2.4e-7;
inline constexpr double rotation_underflow = 0x1.8p-149;  // three roundings of half a subnormal step [D]

// RMSNorm [C]: sum of squares, root and two products in fp32, relative to |r|.
inline constexpr double norm_sigma = 3e-7, norm_drift = 8e-7;
// Its worst case [D]: half of what a chain of squares loses, four steps behind it.
constexpr double norm_worst(double dim) { return (dim / 2 + 4) * 0x1p-23; }

// Reports only, never a verdict.
inline constexpr double loose_contract = 0.25;  // X below this, where declared noise should dominate
inline constexpr std::int64_t loose_elements = 64;

}  // namespace plumbline::judging
