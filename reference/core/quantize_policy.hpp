// What a writer of scaled 8-bit codes decides, and what every known writer decided.
//
// All of them do the same: the largest magnitude of a group, divided by the largest code, is the scale; every
// element over the scale, rounded, is its code.  They differ in each step between: in which type the scale is
// computed, what is floored, whether the scale is made a power of two and how, whether the quotient is a
// division or a product, what becomes of NaN, of overflow and of a group of zeros.  Any of these changes
// bytes, so "the quantizer" is no definition; a row of this table is.
//
// Rows follow the public sources of sglang, vLLM, FlashMLA, DeepGEMM, DeepSeek-V3 and LightLLM as of 2026.
// A writer whose arithmetic is IEEE, operation by operation, has one right answer: its errors are 0.  Writers
// on GPUs that divide or take logarithms approximately declare how far off they may be, relative; then a
// scale or code has a set of right answers, nearly always of one member.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "reference/core/formats.hpp"

namespace plumbline::quantize {

/// Type in which a step is computed: always fp32, or fp32 rounded to the type of the input.
enum class working : std::uint8_t { f32, input };
/// How amax becomes a scale: amax / limit, or amax * fp32(1 / limit).
enum class scaling : std::uint8_t { divide, multiply };
/// Way up to a power of two, if any: by the exponent bits (exact), or 2^ceil(log2 s) with an fp32 logarithm,
/// which takes scales a few ulp above 2^k for 2^k.
enum class power_of_two : std::uint8_t { no, bits, log2 };
/// x / s, x * (1 / s), or x * (limit / amax).  With a power of two all are exact and equal.
enum class quotient : std::uint8_t { divide, reciprocal, limit_over_amax };
/// A code of NaN: kept as NaN; either end of the range (a clamp that loses NaN); anything (int8 has no NaN).
enum class nan_code : std::uint8_t { kept, either_end, unspecified };
/// Codes of a group whose scale is 0: what the arithmetic gives (0/0, x/0); all 0x00, NaN elements excepted;
/// any code that is not NaN (the writer promises no more than that the group reads back as zeros).
enum class zero_scale : std::uint8_t { computed, zero_codes, any_finite };
/// What a quotient beyond the largest code becomes.  `saturate`: the largest code, infinity too.  `nan`: NaN.
/// `wrap`: the low byte of the integer (int8 without a clamp).
enum class beyond : std::uint8_t { saturate, nan, wrap };
/// To the nearest code, ties to even; int8 also ties away from zero, or toward zero.
enum class rounding : std::uint8_t { nearest_even, half_away, toward_zero };

/// Largest relative error of a division or product that is accurate to two ulp of fp32.
inline constexpr double two_ulp = 0x1p-22;

/// One writer.  The defaults are our own row: fp32, no floor, a group of zeros has scale 0 and codes 0x00.
struct policy {
  std::string_view name = "default";
  std::int64_t group = 128;        // elements under one scale; 0: the whole row
  bool ragged = false;             // the last group of a row may be short
  dtype code = dtype::e4m3;        // e4m3 or i8
  bool nan_in_amax = false;        // NaN makes amax NaN; otherwise amax is taken over the other elements
  working amax_in = working::f32;  // type that rounds amax_floor
  double amax_floor = 0;           // 0: none
  scaling scale_by = scaling::divide;
  working scale_in = working::f32;  // type that rounds the scale, before it is stored as fp32
  double scale_floor = 0;           // 0: none; before the power of two
  power_of_two up = power_of_two::no;
  quotient ratio = quotient::divide;
  beyond overflow = beyond::saturate;
  nan_code nan = nan_code::kept;
  zero_scale zero = zero_scale::zero_codes;
  rounding round = rounding::nearest_even;
  double scale_error = 0;     // relative, of amax over limit; 0: IEEE
  double quotient_error = 0;  // relative, of the quotient; 0: IEEE

  friend constexpr bool operator==(const policy&, const policy&) = default;
};

/// Largest magnitude of a code.
constexpr double limit_of(dtype code) { return code == dtype::i8 ? 127 : 448; }

/// Every writer: K-cache rows and pages, indexer keys, activations, int8.
inline constexpr auto policies = std::to_array<policy>({
    // Ours: NaN elements stay NaN and do not reach the scale.
    {.name = "default"},
    {.name = "default_ue8m0", .up = power_of_two::bits},

    // 656-byte K-cache rows.  sglang's slow writer is FlashMLA's test writer of 2025; its cast saturates
    // since
    // PyTorch 2.13 and gave NaN before.  The fast one is also `separate` and the CUDA version.
    {.name = "sglang_slow", .nan_in_amax = true, .scale_in = working::input, .zero = zero_scale::computed},
    {.name = "sglang_slow_torch_2_12",
     .nan_in_amax = true,
     .scale_in = working::input,
     .overflow = beyond::nan,
     .zero = zero_scale::computed},
    {.name = "sglang_fast",
     .ratio = quotient::reciprocal,
     .nan = nan_code::either_end,
     .zero = zero_scale::any_finite,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "sglang_cpu", .nan_in_amax = true, .zero = zero_scale::computed},
    {.name = "vllm_ds_mla", .scale_floor = 1e-4, .up = power_of_two::log2, .scale_error = two_ulp},
    {.name = "vllm_ds_mla_2025", .scale_floor = 0x1p-126, .scale_error = two_ulp, .quotient_error = two_ulp},
    {.name = "flashmla_2025", .nan_in_amax = true, .scale_in = working::input, .zero = zero_scale::computed},
    {.name = "flashmla_2026", .nan_in_amax = true, .scale_floor = 1e-4, .up = power_of_two::log2},

    // 584-byte pages of DeepSeek-V4, indexer keys.
    {.name = "sglang_dsv4",
     .group = 64,
     .amax_floor = 1e-8,
     .up = power_of_two::log2,
     .nan = nan_code::either_end,
     .scale_error = two_ulp},
    {.name = "vllm_v4_cpu", .group = 64, .nan_in_amax = true, .amax_floor = 1e-4, .up = power_of_two::log2},
    {.name = "indexer_vllm", .amax_floor = 1e-4, .scale_error = two_ulp, .quotient_error = two_ulp},
    {.name = "indexer_vllm_ue8m0", .amax_floor = 1e-4, .up = power_of_two::log2, .scale_error = two_ulp},
    {.name = "indexer_sglang",
     .amax_floor = 1e-8,
     .ratio = quotient::reciprocal,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "indexer_sglang_ue8m0", .amax_floor = 1e-8, .up = power_of_two::log2, .scale_error = two_ulp},

    // Activations and weights, e4m3.
    {.name = "act_quant", .amax_floor = 1e-4, .scale_error = two_ulp, .quotient_error = two_ulp},
    {.name = "act_quant_ue8m0", .amax_floor = 1e-4, .up = power_of_two::log2, .scale_error = two_ulp},
    {.name = "act_quant_v32",
     .amax_floor = 1e-4,
     .scale_by = scaling::multiply,
     .nan = nan_code::either_end,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "act_quant_v32_ue8m0",
     .amax_floor = 1e-4,
     .scale_by = scaling::multiply,
     .up = power_of_two::bits,
     .nan = nan_code::either_end,
     .scale_error = two_ulp},
    {.name = "deep_gemm",
     .ragged = true,
     .nan_in_amax = true,
     .amax_floor = 1e-4,
     .ratio = quotient::reciprocal},
    {.name = "deep_gemm_ue8m0",
     .ragged = true,
     .nan_in_amax = true,
     .amax_floor = 1e-4,
     .up = power_of_two::bits},
    {.name = "group_fp8", .amax_floor = 1e-10},
    {.name = "group_fp8_ue8m0", .amax_floor = 1e-10, .up = power_of_two::bits},
    {.name = "group_fp8_native",
     .nan_in_amax = true,
     .amax_in = working::input,
     .amax_floor = 1e-10,
     .zero = zero_scale::computed},
    {.name = "group_fp8_native_ue8m0",
     .nan_in_amax = true,
     .amax_in = working::input,
     .amax_floor = 1e-10,
     .up = power_of_two::log2,
     .zero = zero_scale::computed},
    {.name = "group_fp8_triton_row",
     .amax_floor = 1e-10,
     .ratio = quotient::reciprocal,
     .nan = nan_code::either_end,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "group_fp8_triton_column",
     .amax_floor = 1e-10,
     .nan = nan_code::either_end,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "group_fp8_triton_ue8m0",
     .amax_floor = 1e-10,
     .up = power_of_two::log2,
     .nan = nan_code::either_end,
     .scale_error = two_ulp},
    {.name = "group_fp8_cuda",
     .amax_floor = 1e-10,
     .scale_by = scaling::multiply,
     .ratio = quotient::limit_over_amax,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "group_fp8_cuda_ue8m0",
     .amax_floor = 1e-10,
     .scale_by = scaling::multiply,
     .up = power_of_two::bits,
     .scale_error = two_ulp},
    {.name = "vllm_per_token",
     .group = 0,
     .scale_floor = 1.0 / (448 * 512),
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "vllm_per_tensor",
     .group = 0,
     .nan_in_amax = true,
     .ratio = quotient::reciprocal,
     .zero = zero_scale::computed},
    {.name = "vllm_per_tensor_mla",
     .group = 0,
     .amax_floor = 1e-12,
     .ratio = quotient::reciprocal,
     .nan = nan_code::either_end,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},

    // int8.
    {.name = "group_int8",
     .code = dtype::i8,
     .amax_floor = 1e-10,
     .nan = nan_code::unspecified,
     .round = rounding::toward_zero,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "group_int8_nearest",
     .code = dtype::i8,
     .nan_in_amax = true,
     .amax_floor = 1e-10,
     .nan = nan_code::unspecified},
    {.name = "group_int8_cuda",
     .code = dtype::i8,
     .amax_floor = 1e-10,
     .scale_by = scaling::multiply,
     .ratio = quotient::limit_over_amax,
     .nan = nan_code::unspecified,
     .round = rounding::toward_zero,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "token_int8",
     .group = 0,
     .code = dtype::i8,
     .amax_floor = 1e-10,
     .ratio = quotient::limit_over_amax,
     .nan = nan_code::unspecified,
     .round = rounding::half_away,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "token_int8_cpu",
     .group = 0,
     .code = dtype::i8,
     .nan_in_amax = true,
     .amax_floor = 1e-10,
     .ratio = quotient::limit_over_amax,
     .nan = nan_code::unspecified},
    {.name = "token_int8_vllm",
     .group = 0,
     .code = dtype::i8,
     .ratio = quotient::reciprocal,
     .nan = nan_code::unspecified,
     .zero = zero_scale::any_finite,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "kv_int8",
     .group = 0,
     .code = dtype::i8,
     .scale_in = working::input,
     .overflow = beyond::wrap,
     .nan = nan_code::unspecified,
     .zero = zero_scale::any_finite,
     .round = rounding::toward_zero,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
    {.name = "head_int8",
     .group = 0,
     .code = dtype::i8,
     .nan = nan_code::unspecified,
     .zero = zero_scale::any_finite,
     .round = rounding::toward_zero,
     .scale_error = two_ulp,
     .quotient_error = two_ulp},
});

/// The row of that name, or nothing.
constexpr std::optional<policy> policy_named(std::string_view name) {
  for (const policy& one : policies)
    if (one.name == name) return one;
  return std::nullopt;
}

}  // namespace plumbline::quantize
