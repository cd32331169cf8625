// The laws of block_gemm beyond agreement with the truth.
#pragma once

#include <span>
#include <string>

#include "properties/laws/reruns.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::laws {

using block_gemm_subject = subject<quantize::block_gemm_problem>;

std::span<const law<quantize::block_gemm_problem>> block_gemm_laws();

std::string broken_block_gemm_refusals(const block_gemm_subject&);

}  // namespace plumbline::laws
