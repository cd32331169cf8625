// The host side of the latent kernels that run on a schedule: schedule, attention, merge.
#pragma once

#include "kernels/mla/decode_merge.hpp"
#include "kernels/mla/decode_parts.hpp"
#include "kernels/mla/latent_kernel.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// What every call has: queries and results of a (b, sq, hq, ...) or (sq, hq, ...) problem.
template <class Problem>
latent_params latent_params_of(const Problem& problem, const kernel_arguments& args) {
  latent_params p = {};
  p.q = token_rows_of(args.in("q"), problem.d);
  p.out = token_rows_of(args.out("out"), problem.dv);
  p.lse = args.out("lse").template as<float>();
  if (const tensor_view sink = args.in("attn_sink")) p.sink = sink.as<float>();
  p.units = units_of(effective_scale(problem));
  p.b = 1;
  p.sq = static_cast<int>(problem.sq);
  p.hq = p.group = static_cast<int>(problem.hq);
  p.hk = 1;
  p.d = static_cast<int>(problem.d);
  p.dv = static_cast<int>(problem.dv);
  p.tile_tokens = 1;
  return p;
}

template <dtype Type, class Tiles>
void launch_latent(const char* name, latent_params p, const typename Tiles::keys& keys, std::int64_t parts,
                   launcher& on) {
  p.row_tiles = static_cast<int>(blocks_for(static_cast<std::int64_t>(p.tile_tokens) * p.group, tile_rows));
  kernels::launch<&latent_kernel<Type, Tiles>>(on, name, {blocks_of(p, parts), 1, 1}, tile_threads,
                                               latent_memory<Tiles>::total, latent_call<Tiles>{p, keys});
}

/// Makes the schedule of `count` parts, attends by it, and merges what it split.
template <dtype Type, class Tiles>
void launch_scheduled(const char* name, latent_params p, const typename Tiles::keys& keys,
                      const scheduled_requests& requests, std::int64_t count, launcher& on) {
  const decode_parts made = launch_decode_parts(requests, count, on);
  p.b = requests.b;
  p.parts = made.parts;
  p.num_splits = made.num_splits;
  const auto rows = static_cast<std::size_t>(most_splits(p.b, count)) * static_cast<std::size_t>(p.sq) *
                    static_cast<std::size_t>(p.hq);
  if (count > 1) {
    p.partial = static_cast<float*>(on.scratch(rows * static_cast<std::size_t>(p.dv) * sizeof(float)));
    p.partial_lse = static_cast<float*>(on.scratch(rows * sizeof(float)));
  }
  launch_latent<Type, Tiles>(name, p, keys, count, on);
  if (count > 1) launch_decode_merge<Type>(p, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
