// block_gemm, variant `block_gemm`: the kernel of block_gemm_kernel.hpp, promoted every 128 columns.
#include "kernels/core/promises.hpp"
#include "kernels/quantize/block_gemm_kernel.hpp"
#include "kernels/quantize/quantize.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr contract contracts[] = {product("e4m3/promoted", dtype::e4m3, accumulation::f13, dtype::bf16)};

std::string domain(const block_gemm_problem& problem) {
  if (problem.code != dtype::e4m3) return "does not take " + std::string(name_of(problem.code));
  return "";
}

void run(const block_gemm_problem& problem, const kernel_arguments& args, launcher& on) {
  launch_block_gemm<promotion<128>>(problem, args, on);
}

constexpr variant<block_gemm_problem> gemm_table[] = {
    {"block_gemm", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize

template <>
std::span<const plumbline::variant<plumbline::quantize::block_gemm_problem>>
plumbline::table_of<plumbline::quantize::block_gemm_problem, plumbline::this_side>() {
  return quantize::gemm_table;
}
