// The judge of a token that a uniform number draws: membership in a set, no statistics.
//
// With exact arithmetic token t is drawn where c(t - 1) <= uniform < c(t), c(t) = p(0) + .. + p(t).  fp32
// moves both sides of c(t) > uniform.  A weight exp((z - z_max) / T) errs by |exponent| (4 u + the error of
// log2 e) and by that of exp2, u = 2^-24; a running sum by one u for each addition between a weight and the
// sum, of which a kernel that walks the vocabulary in strips of 2048 has at most 32 + vocab_size / 2048; the
// product of uniform and the whole sum by one more.  Whatever token lies within the sum of these, and has a
// weight, is admissible: nearly always one.  Where all tokens with a weight are alike, weights are 1 and sums
// whole numbers, so there nothing errs but the product, and not even it where it is a float.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "properties/judge/verdict.hpp"

namespace plumbline::dflash {

inline constexpr std::int64_t strip_of_sums = 2048, additions_beside_strips = 32;

/// Additions that lie between a weight and a running sum, at most.
constexpr double additions_of(std::int64_t vocab_size) {
  return static_cast<double>(additions_beside_strips + vocab_size / strip_of_sums);
}

/// First and last token that may be drawn; tokens between them without a weight may not.
struct admissible_tokens {
  std::int64_t first = 0, last = 0;
  std::int64_t count = 0;  // of those with a weight
  bool all = false;        // more than one token has a weight, and any of them may be drawn
};
/// `cumulative` is c of the logits at this temperature, in double.
admissible_tokens admissible_of(std::span<const double> logits, std::span<const double> cumulative,
                                double temperature, double uniform);

/// Judges `tokens`, one a row of (rows, vocab_size) logits; `name` names a row.
verdict judge_drawn(std::span<const double> logits, std::span<const double> cumulative,
                    std::int64_t vocab_size, double temperature, std::span<const double> uniforms,
                    std::span<const double> tokens, const std::function<std::string(std::int64_t)>& name);

}  // namespace plumbline::dflash
