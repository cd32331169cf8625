// What the attention variants of mla promise and decline, in one place.
//
// The lse of every function is natural in its outputs; P has the type of q; sums are fp32.  A schedule may
// split a request otherwise when another one of its batch is longer, so bits belong to the batch.
#pragma once

#include <string>

#include "kernels/core/promises.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr contract latent_contracts[] = {
    attention("bf16/tc25", dtype::bf16, accumulation::tc25, dtype::bf16, 1, dtype::bf16),
    attention("f16/tc25", dtype::f16, accumulation::tc25, dtype::f16, 1, dtype::f16)};

/// What every variant claims whose requests a schedule splits.
inline constexpr claim every_split_alike =
    claim::same_bits_run_to_run | claim::same_bits_any_page_layout | claim::same_bits_any_schedule;

/// Why the latent kernels do not take rows of that width; empty: they do.
inline std::string latent_domain(std::int64_t d, std::int64_t dv) {
  if (d > 576) return "d above 576 exceeds shared memory";
  if (dv > 512) return "dv above 512 exceeds the registers";
  return "";
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
