// prefill, variant `blocks`: a program for every block of eight tokens, found in two lists.
//
// The host counts the blocks of all sequences, which needs their lengths on the host; a small kernel writes
// for each program its sequence (m_list) and its block there (offset_list).  No program is idle.
#include "kernels/conv1d/block_lists.hpp"
#include "kernels/conv1d/variants.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int list_threads = 128;

struct list_params {
  const std::int32_t* query_start_loc;
  std::int64_t sequences;
  std::int32_t *m_list, *offset_list;
};

__global__ void __launch_bounds__(list_threads) list_kernel(const list_params p) {
  const std::int64_t sequence = static_cast<std::int64_t>(blockIdx.x) * list_threads + threadIdx.x;
  if (sequence < p.sequences) list_blocks(p.query_start_loc, sequence, p.m_list, p.offset_list);
}

struct blocks_params {
  prefill_params call;
  const std::int32_t *m_list, *offset_list;
};

template <dtype Type>
__global__ void __launch_bounds__(tile_threads<Type>) blocks_kernel(const blocks_params p) {
  filter_block<Type>(p.call, p.m_list[blockIdx.x], p.offset_list[blockIdx.x], blockIdx.y);
}

std::string domain(const prefill_problem&) { return ""; }

void run(const prefill_problem& problem, const kernel_arguments& args, launcher& on) {
  std::int64_t programs = 0;
  for (const std::int64_t length : problem.lens) programs += token_blocks(length);
  if (programs == 0) return;
  auto* const lists =
      static_cast<std::int32_t*>(on.scratch(static_cast<std::size_t>(2 * programs) * sizeof(std::int32_t)));
  const auto sequences = static_cast<std::int64_t>(problem.lens.size());
  const blocks_params p = {params_of(problem, args), lists, lists + programs};
  launch<&list_kernel>(on, "list_blocks", {blocks_for(sequences, list_threads), 1, 1}, list_threads, 0,
                       list_params{p.call.query_start_loc, sequences, lists, lists + programs});
  const grid_size grid = {programs, blocks_for(problem.dim, tile_channels), 1};
  with_type(problem.type, [&](auto type) {
    launch<&blocks_kernel<decltype(type)::value>>(on, "blocks", grid, tile_threads<decltype(type)::value>, 0,
                                                  p);
  });
}

}  // namespace

variant<prefill_problem> blocks_variant() { return {"blocks", contracts, each_channel_alone, domain, run}; }

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
