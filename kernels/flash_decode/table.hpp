// What each source of kernels offers the table of variants, on its side.
#pragma once

#include "kernels/core/side.hpp"
#include "kernels/core/variant.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

void run_scalar(const attend_problem&, const kernel_arguments&, launcher&);
void run_split_bf16(const attend_problem&, const kernel_arguments&, launcher&);
void run_split_f16(const attend_problem&, const kernel_arguments&, launcher&);
void run_split_fp8(const attend_problem&, const kernel_arguments&, launcher&);
void run_append(const append_problem&, const kernel_arguments&, launcher&);
void run_combine(const combine_problem&, const kernel_arguments&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
