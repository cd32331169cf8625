// The host side of `split`: which instance, how many splits, scratch, and the merge behind it.
//
// Everything here depends on shapes alone, never on lengths or on other sequences, so a sequence gets the
// same splits wherever it stands in the batch.  The default number of splits is FlashAttention-3's rule.
#pragma once

#include "kernels/flash_decode/combine.hpp"
#include "kernels/flash_decode/split.hpp"
#include "kernels/flash_decode/split_run.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

inline std::int64_t choose_splits(const attend_problem& problem, std::int64_t row_tiles, int rows,
                                  int tile_keys, int sm_count) {
  if (problem.num_splits > 0) return problem.num_splits;
  const key_mask mask = key_mask_of(problem);
  const bool local = mask.left >= 0 || problem.attention_chunk > 0 || (mask.right >= 0 && !problem.causal);
  std::int64_t keys = problem.capacity;
  if (mask.left >= 0 && mask.right >= 0) keys = smaller(keys, mask.left + mask.right + 1 + rows);
  const std::int64_t head_bytes =
      problem.capacity * (problem.d + problem.dv) * static_cast<std::int64_t>(size_of(problem.type));
  return num_splits_heuristic(problem.b * problem.hk * row_tiles, sm_count,
                              (keys + tile_keys - 1) / tile_keys, row_tiles, head_bytes,
                              problem.causal || local, 128);
}

template <dtype Type, dtype Out, class Tile>
void launch_tiles(const char* name, const attend_problem& problem, const kernel_arguments& args,
                  launcher& on) {
  const tensor_view q = args.in("q"), out = args.out("out"), lse = args.out("lse");
  const bool packed = q.rank == 3;
  split_params p = {};
  p.q = token_rows_of(q);
  p.out = token_rows_of(out);
  p.k = cache_rows_of(args.in("k_cache"));
  p.v = cache_rows_of(args.in("v_cache"));
  p.lengths = sequences_of(problem, problem.sq, args);
  p.mask = key_mask_of(problem);
  p.scores = score_options_of(problem, args);
  p.lse = lse.as<float>();
  p.lse_batch = packed ? 0 : lse.stride[0];
  p.lse_head = lse.stride[packed ? 0 : 1];
  p.lse_token = lse.stride[packed ? 1 : 2];
  p.tokens = packed ? q.shape[0] : problem.b * problem.sq;
  p.hq = problem.hq;
  p.hk = static_cast<int>(problem.hk);
  p.group = static_cast<int>(problem.hq / problem.hk);
  p.row_tiles = static_cast<int>((problem.sq * p.group + Tile::rows - 1) / Tile::rows);
  p.slices = static_cast<int>((problem.dv + Tile::width - 1) / Tile::width);
  p.d = static_cast<int>(problem.d);
  p.dv = static_cast<int>(problem.dv);
  if (p.tokens == 0 || p.row_tiles == 0) return;
  p.splits = static_cast<int>(choose_splits(problem, p.row_tiles, Tile::rows, Tile::keys, on.sm_count()));
  if (p.splits > 1) {
    const auto rows = static_cast<std::size_t>(p.splits) * static_cast<std::size_t>(p.tokens * p.hq);
    p.partial = static_cast<float*>(on.scratch(rows * static_cast<std::size_t>(p.dv) * sizeof(float)));
    p.partial_lse = static_cast<float*>(on.scratch(rows * sizeof(float)));
  }
  kernels::launch<&split_kernel<Type, Out, Tile>>(
      on, name, {problem.b * problem.hk * p.slices * p.row_tiles, p.splits, 1}, Tile::threads,
      split_memory<Type, Tile>::total, p);
  if (p.splits == 1) return;

  const std::int64_t heads = p.hq, row = p.dv;
  const std::int64_t b = packed ? 1 : problem.b, tokens = packed ? p.tokens : problem.sq;
  const combine_params merge = {p.partial,
                                p.tokens * heads * row,
                                tokens * heads * row,
                                heads * row,
                                row,
                                p.partial_lse,
                                p.tokens * heads,
                                tokens * heads,
                                heads,
                                1,
                                out.data,
                                p.out.batch,
                                p.out.token,
                                p.out.head,
                                p.lse,
                                p.lse_batch,
                                p.lse_token,
                                p.lse_head,
                                p.splits,
                                b,
                                tokens,
                                heads,
                                p.dv};
  launch_combine(Out, merge, on);
}

/// Blocks of 16 query rows when all rows of a KV head fit, else of 64.
template <dtype Type, dtype Out, int Keys, int Width>
void launch_rows(const char* name, const attend_problem& problem, const kernel_arguments& args,
                 launcher& on) {
  if (problem.sq * (problem.hq / problem.hk) <= 16)
    launch_tiles<Type, Out, split_tile<Keys, Width, 16>>(name, problem, args, on);
  else
    launch_tiles<Type, Out, split_tile<Keys, Width, 64>>(name, problem, args, on);
}

/// The instance whose key tile holds a row of d elements; wider values are cut into slices of that width.
template <dtype Type, dtype Out, int Keys>
void launch_split(const char* name, const attend_problem& problem, const kernel_arguments& args,
                  launcher& on) {
  if (problem.d <= 64) return launch_rows<Type, Out, Keys, 64>(name, problem, args, on);
  if (problem.d <= 128) return launch_rows<Type, Out, Keys, 128>(name, problem, args, on);
  if (problem.d <= 192) return launch_rows<Type, Out, Keys, 192>(name, problem, args, on);
  launch_rows<Type, Out, Keys, 256>(name, problem, args, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
