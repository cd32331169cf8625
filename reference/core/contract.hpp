// A contract: what one kernel variant promises numerically.
//
// It is written next to the kernel and read by everything that judges: the reference computes companions for
// it, the judge makes the budget from it, `plumbline list --budgets` prints it.  A kernel may be more
// accurate than its contract; a contract looser than the kernel costs detection and is reported ("contract
// probably too loose").
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "reference/core/formats.hpp"

namespace plumbline {

/// How a matrix product accumulates.
enum class accumulation : std::uint8_t {
  f32,   // chain of fp32 fused multiply-adds, round to nearest
  tc25,  // tensor core: products of a group summed with 25 fraction bits, truncated to fp32
  f13    // wgmma fp8: 13 fraction bits, promoted to fp32 every 128 k
};

/// Standard deviation of one score's rounding error, relative to scale |q| |k|.  Sums of ordinary data err by
/// 8e-8 whatever their length (calibrated), a 13-bit accumulator by 6e-5.  But where one product dominates
/// from the first term on, every step rounds a full-size sum: at most 2^-23 / sqrt(12) a step, in quadrature.
inline double score_noise(accumulation a, double head_dim) {
  if (a == accumulation::f13) return 6e-5;
  const double steps = a == accumulation::f32 ? head_dim : head_dim / 16;
  const double dominated = 0x1p-23 * std::sqrt(steps / 12);
  return dominated > 8e-8 ? dominated : 8e-8;
}

/// Value subtracted from the scores before exp2.
enum class p_shift : std::uint8_t {
  score,    // a running or final maximum of the scores
  integer,  // that, rounded up to an integer power of two
  any       // something else: the emulation of coherent P rounding is switched off
};

/// Numeric promise of attention.  Units of all relative errors: 1 (not ulp).  How many keys a tile has is
/// none of it: the companions shift P anew every 64 keys, near enough to any tile.
struct attention_promise {
  accumulation acc_qk = accumulation::tc25;  // Q K^T
  accumulation acc_pv = accumulation::tc25;  // P V
  dtype p_type = dtype::bf16;                // type in which P enters P V
  double p_scale = 1;                        // P is multiplied by this before it is rounded (256 for e4m3)
  p_shift shift = p_shift::score;
  bool l_from_rounded = false;   // row sum taken from the rounded P
  double e_exp = 3e-7;           // relative error of exp2; exp2(0) is exactly 1
  double e_tanh = 0;             // absolute error of tanh, times softcap; used with softcap only
  dtype part_type = dtype::f32;  // type of split partials
  bool lse_base2 = false;

  friend bool operator==(const attention_promise&, const attention_promise&) = default;
};

/// Numeric promise of sums of products.
struct product_promise {
  accumulation sums = accumulation::tc25;

  friend bool operator==(const product_promise&, const product_promise&) = default;
};

/// What moves, merges or encodes: each step is one rounding, and the types say the rest.
struct types_alone {
  friend bool operator==(const types_alone&, const types_alone&) = default;
};

/// What a variant promises for one input type.  An operator with another kind of arithmetic adds its own
/// alternative here, and its judge reads that one.
struct contract {
  std::string_view name;   // unique within a function, e.g. "bf16/tc25"
  dtype in = dtype::bf16;  // what the kernel reads: Q, K and V; codes; x
  dtype out_type = dtype::bf16;
  std::variant<types_alone, product_promise, attention_promise> promise;

  /// Throws std::bad_variant_access when it promises something else.
  constexpr const attention_promise& attention() const { return std::get<attention_promise>(promise); }
  constexpr attention_promise& attention() { return std::get<attention_promise>(promise); }
  constexpr const product_promise& product() const { return std::get<product_promise>(promise); }

  friend bool operator==(const contract&, const contract&) = default;
};

/// Attention with every default: what a caller without a kernel asks companions for.
inline constexpr contract plain_attention{"", dtype::bf16, dtype::bf16, attention_promise{}};

/// Their names, as "a, b, c".
inline std::string names_of(std::span<const contract> all) {
  std::string text;
  for (const contract& c : all) text += (text.empty() ? "" : ", ") + std::string(c.name);
  return text;
}

/// Bitwise promises of a variant, as flags.
enum class claim : std::uint32_t {
  none = 0,
  same_bits_run_to_run = 1,
  same_bits_any_batch_position = 2,
  same_bits_any_page_layout = 4,  // page order and page size
  same_bits_any_split_count = 8,
  same_bits_any_schedule = 16,  // block and thread schedule, OS threads
  same_bits_host_and_gpu = 32
};
/// Names of the claims, as `list` and reports print them.
inline constexpr std::pair<claim, std::string_view> claim_names[] = {
    {claim::same_bits_run_to_run, "same_bits_run_to_run"},
    {claim::same_bits_any_batch_position, "same_bits_any_batch_position"},
    {claim::same_bits_any_page_layout, "same_bits_any_page_layout"},
    {claim::same_bits_any_split_count, "same_bits_any_split_count"},
    {claim::same_bits_any_schedule, "same_bits_any_schedule"},
    {claim::same_bits_host_and_gpu, "same_bits_host_and_gpu"}};
constexpr claim operator|(claim a, claim b) {
  return static_cast<claim>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool promises(claim all, claim one) {
  return (static_cast<std::uint32_t>(all) & static_cast<std::uint32_t>(one)) ==
         static_cast<std::uint32_t>(one);
}

}  // namespace plumbline
