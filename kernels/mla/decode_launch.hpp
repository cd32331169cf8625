// decode: how its arguments become the latent kernel's.
#pragma once

#include "kernels/mla/decode.hpp"
#include "kernels/mla/latent_launch.hpp"
#include "kernels/mla/paged_keys.hpp"
#include "kernels/mla/plain_tiles.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

template <dtype Type>
void launch_decode(const decode_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.b == 0 || problem.sq == 0) return;
  latent_params p = latent_params_of(problem, args);
  const tensor_view lse = args.out("lse"), cache = args.in("k_cache"), table = args.in("block_table");
  p.lse_batch = lse.stride[0], p.lse_head = lse.stride[1], p.lse_token = lse.stride[2];
  p.hk = static_cast<int>(problem.hk);
  p.group = static_cast<int>(problem.hq / problem.hk);
  p.tile_tokens = p.sq;
  p.causal = problem.causal;
  paged_keys keys;
  keys.cache = cache.as<std::uint16_t>();
  keys.page = cache.stride[0], keys.slot = cache.stride[1], keys.head = cache.stride[2];
  keys.page_size = static_cast<std::uint32_t>(problem.page_size);
  keys.block_table = table.as<std::int32_t>();
  keys.table_row = table.stride[0];
  keys.cache_seqlens = integers(args, "cache_seqlens");
  keys.aligned = rows_are_aligned(cache, problem.d);
  scheduled_requests requests;
  requests.b = problem.b;
  requests.cache_seqlens = keys.cache_seqlens;
  launch_scheduled<Type, plain_tiles<paged_keys>>("absorb", p, keys, requests,
                                                  schedule_of(problem, on.sm_count()).num_sm_parts, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
