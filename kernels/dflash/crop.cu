// crop, variant `crop`: lengths come down to what is kept, and with `scrub` the rows cut off become zeros.
//
// A warp has eight rows (row, KV head) of one sequence of one layer in both caches, and leaves those alone
// that are kept or were never in use.  Bytes between rows belong to nobody and stay.
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4, rows_of_warp = 8, element_bytes = 2;

struct cache_rows {
  unsigned char* data;
  std::int64_t layer, sequence, row, head;  // strides in elements
};

struct crop_params {
  cache_rows k, v;
  const std::int32_t *cache_seqlens, *keep;
  std::int32_t* lengths;
  std::int64_t b, capacity, hk, row_bytes;
};

__device__ __forceinline__ std::int32_t kept_of(const crop_params& p, std::int64_t sequence) {
  const std::int32_t held = p.cache_seqlens[sequence], keep = p.keep[sequence];
  return keep < held ? keep : held;
}

__global__ void __launch_bounds__(32 * warps) crop_kernel(const crop_params p) {
  const std::int64_t sequence = static_cast<std::int64_t>(blockIdx.x) * 32 * warps + threadIdx.x;
  if (sequence < p.b) p.lengths[sequence] = kept_of(p, sequence);
}

__device__ __forceinline__ void clear_row(const cache_rows& cache, std::int64_t layer, std::int64_t sequence,
                                          std::int64_t row, std::int64_t head, std::int64_t bytes, int lane) {
  unsigned char* const to =
      cache.data +
      (layer * cache.layer + sequence * cache.sequence + row * cache.row + head * cache.head) * element_bytes;
  const std::int64_t wide = aligned16(to) ? bytes / 16 * 16 : 0;
  for (std::int64_t at = 16 * lane; at < wide; at += 512) store16(to + at, vec16{});
  for (std::int64_t at = wide + element_bytes * lane; at < bytes; at += 32 * element_bytes)
    *reinterpret_cast<std::uint16_t*>(to + at) = 0;
}

__global__ void __launch_bounds__(32 * warps) scrub_kernel(const crop_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t sequence_rows = p.capacity * p.hk;
  const std::int64_t blocks_of_sequence = blocks_for(sequence_rows, warps * rows_of_warp);
  const std::int64_t rest = blockIdx.x / blocks_of_sequence, sequence = rest % p.b, layer = rest / p.b;
  const std::int64_t first =
      (blockIdx.x % blocks_of_sequence * warps + static_cast<int>(threadIdx.x) / 32) * rows_of_warp;
  const std::int32_t kept = kept_of(p, sequence), held = p.cache_seqlens[sequence];
  for (std::int64_t at = first; at < first + rows_of_warp && at < sequence_rows; ++at) {
    const std::int64_t row = at / p.hk, head = at % p.hk;
    if (row < kept || row >= held) continue;
    clear_row(p.k, layer, sequence, row, head, p.row_bytes, lane);
    clear_row(p.v, layer, sequence, row, head, p.row_bytes, lane);
  }
}

cache_rows cache_rows_of(const tensor_view& v) {
  return {static_cast<unsigned char*>(v.data), v.stride[0], v.stride[1], v.stride[2], v.stride[3]};
}

constexpr contract contracts[] = {movement("bf16/crop", dtype::bf16, dtype::bf16),
                                  movement("f16/crop", dtype::f16, dtype::f16)};

std::string domain(const crop_problem&) { return ""; }

void run(const crop_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.b == 0) return;
  const crop_params p = {cache_rows_of(args.out("k_cache")),
                         cache_rows_of(args.out("v_cache")),
                         args.in("cache_seqlens").as<std::int32_t>(),
                         args.in("keep").as<std::int32_t>(),
                         args.out("cache_seqlens").as<std::int32_t>(),
                         problem.b,
                         problem.capacity,
                         problem.hk,
                         problem.d * element_bytes};
  launch<&crop_kernel>(on, "crop", {blocks_for(p.b, 32 * warps), 1, 1}, 32 * warps, 0, p);
  if (!problem.scrub || problem.capacity == 0) return;
  const std::int64_t blocks = blocks_for(p.capacity * p.hk, warps * rows_of_warp);
  launch<&scrub_kernel>(on, "scrub", {problem.layers * p.b * blocks, 1, 1}, 32 * warps, 0, p);
}

constexpr variant<crop_problem> rows[] = {{"crop", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash

template <>
std::span<const plumbline::variant<plumbline::dflash::crop_problem>>
plumbline::table_of<plumbline::dflash::crop_problem, plumbline::this_side>() {
  return dflash::rows;
}
