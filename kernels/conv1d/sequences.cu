// prefill, variant `sequences`: a grid of (sequence, block, tile of channels), as long as the longest.
//
// Nothing is listed: a program beyond the end of its sequence leaves.  The grid is sized by lengths that the
// host believes (seq_lens_cpu); where they are too small tokens would be dropped, so the argument check
// refuses them.
#include "kernels/conv1d/prefill.hpp"
#include "kernels/conv1d/variants.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr std::int64_t most_blocks = 65535;  // along the grid's second axis

template <dtype Type>
__global__ void __launch_bounds__(tile_threads<Type>) sequences_kernel(const prefill_params p) {
  filter_block<Type>(p, blockIdx.x, blockIdx.y, blockIdx.z);
}

std::int64_t believed_blocks(const prefill_problem& p) {
  return token_blocks(longest_of(p.seq_lens_cpu.empty() ? p.lens : p.seq_lens_cpu));
}

std::string domain(const prefill_problem& p) {
  return believed_blocks(p) > most_blocks ? "seq_lens_cpu: longer than 524280 tokens" : "";
}

void run(const prefill_problem& problem, const kernel_arguments& args, launcher& on) {
  const grid_size grid = {static_cast<std::int64_t>(problem.lens.size()), believed_blocks(problem),
                          blocks_for(problem.dim, tile_channels)};
  if (grid.x == 0 || grid.y == 0) return;
  const prefill_params p = params_of(problem, args);
  with_type(problem.type, [&](auto type) {
    launch<&sequences_kernel<decltype(type)::value>>(on, "sequences", grid,
                                                     tile_threads<decltype(type)::value>, 0, p);
  });
}

}  // namespace

variant<prefill_problem> sequences_variant() {
  return {"sequences", contracts, each_channel_alone, domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
