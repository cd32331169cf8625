// write_cache, variant `write_cache`: one warp a token, its latent and its rotated part into one row of the
// paged cache.
//
// Bytes move as they are, 16 at a time where both ends lie on 16 bytes.  A slot is a page and a row of it and
// both fit 32 bits, but a pool of latent rows passes 2^31 elements at 3.7 million tokens, so they are widened
// before they meet a stride.  A slot below 0 belongs to a token that is not written (padding of a batch).
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4;
constexpr std::int64_t element_bytes = 2;  // bf16 and f16

struct write_cache_params {
  row_view latent, rotated;
  const std::int32_t* slot_mapping;
  unsigned char* cache;
  std::int64_t page_stride, row_stride;  // in elements
  std::int64_t page_size, kv_lora_rank, qk_rope_head_dim, tokens;
};

__global__ void __launch_bounds__(32 * warps) write_cache_kernel(const write_cache_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t token = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  if (token >= p.tokens) return;
  const std::int32_t slot = p.slot_mapping[token];
  if (slot < 0) return;
  const auto number = static_cast<std::uint32_t>(slot), size = static_cast<std::uint32_t>(p.page_size);
  const std::int64_t page = number / size, row = number % size;
  unsigned char* const to = p.cache + (page * p.page_stride + row * p.row_stride) * element_bytes;
  const auto part = [&](const row_view& rows, std::int64_t first, std::int64_t width) {
    const auto* from = static_cast<const unsigned char*>(rows.data) + token * rows.stride * element_bytes;
    copy_row(to + first * element_bytes, from, width * element_bytes, element_bytes, lane);
  };
  part(p.latent, 0, p.kv_lora_rank);
  part(p.rotated, p.kv_lora_rank, p.qk_rope_head_dim);
}

constexpr contract contracts[] = {movement("bf16/write", dtype::bf16, dtype::bf16),
                                  movement("f16/write", dtype::f16, dtype::f16)};

std::string domain(const write_cache_problem&) { return ""; }

void run(const write_cache_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.tokens == 0) return;
  const tensor_view cache = args.out("k_cache");
  const write_cache_params p = {rows_of(args.in("kv_c")),
                                rows_of(args.in("k_pe")),
                                args.in("slot_mapping").as<std::int32_t>(),
                                static_cast<unsigned char*>(cache.data),
                                cache.stride[0],
                                cache.stride[1],
                                problem.page_size,
                                problem.kv_lora_rank,
                                problem.qk_rope_head_dim,
                                problem.tokens};
  launch<&write_cache_kernel>(on, "write_cache", {blocks_for(p.tokens, warps), 1, 1}, 32 * warps, 0, p);
}

constexpr variant<write_cache_problem> rows[] = {{"write_cache", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::write_cache_problem>>
plumbline::table_of<plumbline::mla::write_cache_problem, plumbline::this_side>() {
  return mla::rows;
}
