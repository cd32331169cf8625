// The split schedule: who takes which blocks of which request.
//
// A request costs its blocks (at least one) and a fixed overhead for every part that touches it.  Each part
// may spend ceil(all costs / parts) and one overhead more: the most that a part can lose is the overhead of
// the one request that it splits, so the parts always suffice, and every part that starts takes a block.
// Parts are filled greedily in the order of requests.
#include <algorithm>

#include "reference/mla.hpp"

namespace plumbline::mla {

namespace {

std::int64_t given(const std::vector<std::int64_t>& list, std::int64_t request, std::int64_t otherwise) {
  return list.empty() ? otherwise : list[static_cast<std::size_t>(request)];
}

std::int64_t blocks_of(std::int64_t keys, std::int64_t block_size) {
  return (keys + block_size - 1) / block_size;
}

}  // namespace

std::int64_t scheduled_keys(const schedule_problem& p, std::int64_t request) {
  if (p.topk < 0) return p.cache_seqlens[static_cast<std::size_t>(request)];
  const std::int64_t listed = std::max<std::int64_t>(1, given(p.topk_length, request, p.topk));
  return blocks_of(listed, p.block_size) * p.block_size + given(p.extra_topk_length, request, p.extra_topk);
}

schedule_truth schedule(const schedule_problem& p) {
  check(p);
  std::vector<std::int64_t> blocks;  // real ones: 0 of an empty request, which still costs one
  std::int64_t total = 0;
  for (std::int64_t r = 0; r < p.b; ++r) {
    blocks.push_back(blocks_of(scheduled_keys(p, r), p.block_size));
    total += std::max<std::int64_t>(1, blocks.back()) + p.fixed_overhead;
  }
  const std::int64_t payload = blocks_of(total, p.num_sm_parts) + p.fixed_overhead;

  schedule_truth truth;
  truth.num_splits.assign(1, 0);
  std::int64_t request = 0, block = 0, split = 0;  // what comes next
  for (std::int64_t n = 0; n < p.num_sm_parts; ++n) {
    if (request == p.b) {
      truth.parts.push_back({p.b, 0, 0, 0, 0, false, false});
      continue;
    }
    schedule_part part{request, request, block, block, split, block > 0, false};
    std::int64_t remaining = payload;
    while (request < p.b) {
      const std::int64_t all = blocks[static_cast<std::size_t>(request)];
      const std::int64_t cost = std::max<std::int64_t>(1, all) - block + p.fixed_overhead;
      if (remaining >= cost) {
        remaining -= cost;
        part.last_request = request;
        part.end_block = all;
        part.last_is_split = block > 0;
        truth.num_splits.push_back(truth.num_splits.back() + split + 1);
        ++request, block = 0, split = 0;
        continue;
      }
      if (remaining > p.fixed_overhead) {
        block += remaining - p.fixed_overhead;
        ++split;
        part.last_request = request;
        part.end_block = block;
        part.last_is_split = true;
      }
      break;
    }
    if (part.first_request == part.last_request)
      part.first_is_split = part.last_is_split = part.first_is_split || part.last_is_split;
    truth.parts.push_back(part);
  }
  return truth;
}

schedule_truth schedule(const schedule_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  return schedule(p);
}

bool has_work(const schedule_problem& p, const schedule_part& part) { return part.first_request < p.b; }

}  // namespace plumbline::mla
