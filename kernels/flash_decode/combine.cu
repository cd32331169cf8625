// combine, variant `combine`: the merge that `split` ends with, on partials from anywhere.
#include "kernels/core/promises.hpp"
#include "kernels/core/table.hpp"
#include "kernels/flash_decode/combine_kernel.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

void launch_combine(dtype out, const combine_params& p, launcher& on) {
  const std::int64_t rows = p.b * p.tokens * p.heads;
  if (rows == 0 || p.dv == 0) return;
  const grid_size grid = {(rows + combine_warps - 1) / combine_warps, 1, 1};
  constexpr int threads = 32 * combine_warps;
  constexpr std::size_t memory = sizeof(float) * most_splits * combine_warps;
  switch (out) {
    case dtype::bf16:
      return kernels::launch<&combine_kernel<dtype::bf16>>(on, "combine", grid, threads, memory, p);
    case dtype::f16:
      return kernels::launch<&combine_kernel<dtype::f16>>(on, "combine", grid, threads, memory, p);
    default:
      return kernels::launch<&combine_kernel<dtype::f32>>(on, "combine", grid, threads, memory, p);
  }
}

namespace {

constexpr contract contracts[] = {movement("f32/combine", dtype::f32, dtype::f32)};

std::string domain(const combine_problem&) { return ""; }

void run(const combine_problem& problem, const kernel_arguments& args, launcher& on) {
  const tensor_view partial = args.in("out_partial"), partial_lse = args.in("lse_partial");
  const tensor_view out = args.out("out"), lse = args.out("lse");
  const combine_params p = {partial.as<float>(),
                            partial.stride[0],
                            partial.stride[1],
                            partial.stride[2],
                            partial.stride[3],
                            partial_lse.as<float>(),
                            partial_lse.stride[0],
                            partial_lse.stride[1],
                            partial_lse.stride[2],
                            partial_lse.stride[3],
                            out.data,
                            out.stride[0],
                            out.stride[1],
                            out.stride[2],
                            lse.as<float>(),
                            lse.stride[0],
                            lse.stride[1],
                            lse.stride[2],
                            problem.num_splits,
                            problem.b,
                            problem.sq,
                            problem.hq,
                            problem.dv};
  launch_combine(problem.out_type, p, on);
}

constexpr variant<combine_problem> rows[] = {{"combine", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode

template <>
std::span<const plumbline::variant<plumbline::flash_decode::combine_problem>>
plumbline::table_of<plumbline::flash_decode::combine_problem, plumbline::this_side>() {
  return flash_decode::rows;
}
