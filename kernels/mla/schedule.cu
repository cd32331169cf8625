// schedule, variant `schedule`: who takes which blocks of which request, one warp, integers only.
//
// A request costs its blocks, at least one, and an overhead for every part that touches it.  The lanes add
// the costs up, a 32nd each; every part may then spend its share of the sum, rounded up, and one overhead
// more. Lane 0 fills part after part: a part takes the rest of a request if it can pay for it with the
// overhead, else as many blocks as it can still pay for, and stops.  What a part loses by splitting a request
// is one overhead, so the parts always suffice.  A part without work names the request behind the last one.
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

struct schedule_params {
  const std::int32_t *cache_seqlens, *topk_length, *extra_topk_length;  // null: none
  std::int32_t *metadata, *num_splits;
  std::int64_t b, parts, block_size, fixed_overhead, topk, extra_topk;
};

__device__ inline std::int64_t blocks_of(const schedule_params& p, std::int64_t request) {
  if (p.cache_seqlens != nullptr) return blocks_for(p.cache_seqlens[request], p.block_size);
  const std::int64_t listed = p.topk_length != nullptr ? p.topk_length[request] : p.topk;
  const std::int64_t extra = p.extra_topk_length != nullptr ? p.extra_topk_length[request] : p.extra_topk;
  return blocks_for(listed > 1 ? listed : 1, p.block_size) + blocks_for(extra, p.block_size);
}

// Shuffles move 32 bits.
__device__ inline std::int64_t sum_of_lanes(std::int64_t x) {
  constexpr unsigned all_lanes = 0xffffffffu;
  for (int bit = 16; bit > 0; bit /= 2) {
    const auto low = __shfl_xor_sync(all_lanes, static_cast<unsigned>(x), bit);
    const auto high = __shfl_xor_sync(all_lanes, static_cast<unsigned>(x >> 32), bit);
    x += static_cast<std::int64_t>(static_cast<std::uint64_t>(high) << 32 | low);
  }
  return x;
}

struct taken_part {
  std::int64_t first_request, last_request, first_block, end_block, first_split;
  bool first_is_split, last_is_split;

  __device__ void write(std::int32_t* to) const {
    const bool both = first_request == last_request && (first_is_split || last_is_split);
    const std::int64_t columns[] = {first_request, last_request,           first_block,           end_block,
                                    first_split,   first_is_split || both, last_is_split || both, 0};
    for (int i = 0; i < 8; ++i) to[i] = static_cast<std::int32_t>(columns[i]);
  }
};

__global__ void __launch_bounds__(32) schedule_kernel(const schedule_params p) {
  const int lane = static_cast<int>(threadIdx.x);
  std::int64_t cost = 0;
  for (std::int64_t r = lane; r < p.b; r += 32) {
    const std::int64_t blocks = blocks_of(p, r);
    cost += (blocks > 1 ? blocks : 1) + p.fixed_overhead;
  }
  const std::int64_t payload = blocks_for(sum_of_lanes(cost), p.parts) + p.fixed_overhead;
  if (lane != 0) return;

  std::int64_t request = 0, begin = 0, split = 0, splits_before = 0;
  p.num_splits[0] = 0;
  for (std::int64_t part = 0; part < p.parts; ++part) {
    taken_part taken = {request, request, begin, begin, split, begin > 0, false};
    if (request == p.b) taken = {p.b, 0, 0, 0, 0, false, false};
    for (std::int64_t remaining = payload; request < p.b;) {
      const std::int64_t blocks = blocks_of(p, request), left = (blocks > 1 ? blocks : 1) - begin;
      if (remaining >= left + p.fixed_overhead) {
        remaining -= left + p.fixed_overhead;
        taken.last_request = request;
        taken.end_block = blocks;
        taken.last_is_split = begin > 0;
        splits_before += split + 1;
        p.num_splits[++request] = static_cast<std::int32_t>(splits_before);
        begin = 0, split = 0;
        continue;
      }
      if (remaining > p.fixed_overhead) {
        begin += remaining - p.fixed_overhead;
        ++split;
        taken.last_request = request;
        taken.end_block = begin;
        taken.last_is_split = true;
      }
      break;
    }
    taken.write(p.metadata + 8 * part);
  }
}

constexpr contract contracts[] = {movement("i32/schedule", dtype::i32, dtype::i32)};

std::string domain(const schedule_problem&) { return ""; }

const std::int32_t* given(const tensor_view& v) { return v ? v.as<std::int32_t>() : nullptr; }

void run(const schedule_problem& problem, const kernel_arguments& args, launcher& on) {
  const schedule_params p = {problem.topk < 0 ? given(args.in("cache_seqlens")) : nullptr,
                             given(args.in("topk_length")),
                             given(args.in("extra_topk_length")),
                             args.out("tile_scheduler_metadata").as<std::int32_t>(),
                             args.out("num_splits").as<std::int32_t>(),
                             problem.b,
                             problem.num_sm_parts,
                             problem.block_size,
                             problem.fixed_overhead,
                             problem.topk,
                             problem.extra_topk};
  launch<&schedule_kernel>(on, "schedule", {1, 1, 1}, 32, 0, p);
}

constexpr claim claims = claim::same_bits_run_to_run | claim::same_bits_any_schedule;
constexpr variant<schedule_problem> rows[] = {{"schedule", contracts, claims, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::schedule_problem>>
plumbline::table_of<plumbline::mla::schedule_problem, plumbline::this_side>() {
  return mla::rows;
}
