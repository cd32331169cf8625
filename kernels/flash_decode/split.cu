// attend, the rows of `split` and `split_fp8`; the kernel is split_kernel.hpp.
#include "kernels/flash_decode/split.hpp"

#include "kernels/core/promises.hpp"
#include "kernels/flash_decode/attend.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using enum dtype;

constexpr contract contracts[] = {attention("bf16/tc25", bf16, accumulation::tc25, bf16, 1, bf16),
                                  attention("f16/tc25", f16, accumulation::tc25, f16, 1, f16)};
constexpr contract fp8_contracts[] = {attention("e4m3/tc25", e4m3, accumulation::tc25, e4m3, 256, bf16)};

std::string domain(const attend_problem& p) { return attend_domain(p, contracts); }
std::string fp8_domain(const attend_problem& p) { return attend_domain(p, fp8_contracts); }

void run(const attend_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.type == bf16)
    launch_split<bf16, bf16, split_keys>("split", problem, args, on);
  else
    launch_split<f16, f16, split_keys>("split", problem, args, on);
}

void run_fp8(const attend_problem& problem, const kernel_arguments& args, launcher& on) {
  launch_split<e4m3, bf16, split_keys>("split_fp8", problem, args, on);
}

}  // namespace

variant<attend_problem> split() { return {"split", contracts, every_run_alike, domain, run}; }
variant<attend_problem> split_fp8() {
  return {"split_fp8", fp8_contracts, every_run_alike, fp8_domain, run_fp8};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
