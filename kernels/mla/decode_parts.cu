// decode_parts: one warp.  It counts all blocks together, and its first lane then fills the parts.
#include "kernels/mla/decode_parts.hpp"

#include "kernels/mla/latent_call.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr std::int64_t overhead = 5;

struct parts_params {
  scheduled_requests requests;
  decode_parts to;
};

// Blocks of a request; none of an empty one, which still costs one.
__device__ std::int64_t blocks_of_request(const scheduled_requests& r, std::int64_t n) {
  if (r.cache_seqlens) return blocks_for(r.cache_seqlens[n], tile_keys);
  const std::int64_t listed = r.topk_length ? r.topk_length[n] : r.topk;
  const std::int64_t extra = r.extra_topk_length ? r.extra_topk_length[n] : r.extra_topk;
  return blocks_for(listed > 1 ? listed : 1, tile_keys) + blocks_for(extra, tile_keys);
}

__device__ std::int64_t cost_of(std::int64_t blocks) { return (blocks > 1 ? blocks : 1) + overhead; }

__global__ void __launch_bounds__(32) decode_parts_kernel(const parts_params p) {
  constexpr unsigned all_lanes = 0xffffffffu;
  auto* totals = kernels::shared_memory<std::int64_t>();
  const int lane = static_cast<int>(threadIdx.x);
  std::int64_t own = 0;
  for (std::int64_t n = lane; n < p.requests.b; n += 32) own += cost_of(blocks_of_request(p.requests, n));
  totals[lane] = own;
  __syncwarp(all_lanes);
  if (lane > 0) return;
  std::int64_t total = 0;
  for (int i = 0; i < 32; ++i) total += totals[i];
  const std::int64_t payload = blocks_for(total, p.to.count) + overhead;

  std::int32_t splits_before = 0, split = 0;
  std::int64_t n = 0, block = 0;
  std::int64_t blocks = p.requests.b > 0 ? blocks_of_request(p.requests, 0) : 0;
  p.to.num_splits[0] = 0;
  for (std::int64_t i = 0; i < p.to.count; ++i) {
    std::int32_t* const part = p.to.parts + i * part_columns;
    part[part_column::first_request] = static_cast<std::int32_t>(n);
    part[part_column::first_block] = static_cast<std::int32_t>(block);
    part[part_column::first_split] = split;
    std::int64_t left = payload;
    while (n < p.requests.b) {
      const std::int64_t cost = cost_of(blocks) - block;
      if (left < cost) {
        if (left > overhead) {
          block += left - overhead;
          ++split;
          part[part_column::last_request] = static_cast<std::int32_t>(n);
          part[part_column::end_block] = static_cast<std::int32_t>(block);
        }
        break;
      }
      left -= cost;
      part[part_column::last_request] = static_cast<std::int32_t>(n);
      part[part_column::end_block] = static_cast<std::int32_t>(blocks);
      splits_before += split + 1;
      p.to.num_splits[++n] = splits_before;
      block = 0, split = 0;
      if (n < p.requests.b) blocks = blocks_of_request(p.requests, n);
    }
  }
}

}  // namespace

decode_parts launch_decode_parts(const scheduled_requests& requests, std::int64_t count, launcher& on) {
  const auto integers = [&](std::int64_t n) {
    return static_cast<std::int32_t*>(on.scratch(static_cast<std::size_t>(n) * sizeof(std::int32_t)));
  };
  const decode_parts to = {count, integers(count * part_columns), integers(requests.b + 1)};
  kernels::launch<&decode_parts_kernel>(on, "decode_parts", {1, 1, 1}, 32, 32 * sizeof(std::int64_t),
                                        parts_params{requests, to});
  return to;
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
