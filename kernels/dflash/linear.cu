// A block has 64 results of 16 or 64 rows of one part.
//
// Weights and rows come in tiles of 64 products, one ahead of the sums (cp.async, two stages).  A bias joins
// the fp32 sum; results are rounded once, go through shared memory and leave by rows.
#include "kernels/dflash/linear.hpp"

#include "kernels/core/convert.hpp"
#include "kernels/core/product_tiles.hpp"
#include "kernels/core/rows.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int tile = product_tile, stride = product_stride;

template <int Rows>
struct linear_memory {
  alignas(16) std::uint16_t weight[2][tile * stride];
  alignas(16) std::uint16_t x[2][Rows * stride];
};

struct linear_place {
  std::int64_t row, rows;        // the block's first row, and all rows
  std::int64_t sequence, token;  // of the first row
  std::int64_t result;           // its first result of its part

  __device__ __forceinline__ std::uint16_t* row_of(const token_matrix& m, int later,
                                                   std::int64_t tokens) const {
    std::int64_t s = sequence, t = token + later;
    if (t >= tokens) s += t / tokens, t %= tokens;
    return m.data + s * m.sequence + t * m.token;
  }
};

template <int Rows>
__device__ __forceinline__ void load_stage(const linear_params& p, const linear_part& part,
                                           const linear_place& at, std::int64_t k, int stage,
                                           linear_memory<Rows>& to) {
  const std::uint16_t* const x = p.x.data;
  load_product_tile<Rows>(to.x[stage], stride, x, p.inner - k, p.wide_x,
                          [&](int row) -> const std::uint16_t* {
                            return at.row + row < at.rows ? at.row_of(p.x, row, p.tokens) + k : nullptr;
                          });
  load_product_tile<tile>(
      to.weight[stage], stride, part.weight, p.inner - k, part.wide_weight,
      [&](int row) -> const std::uint16_t* {
        return at.result + row < part.width ? part.weight + (at.result + row) * p.inner + k : nullptr;
      });
}

template <dtype Type, int Rows>
__device__ __forceinline__ void store_results(const linear_params& p, const linear_part& part,
                                              const linear_place& at, const float sum[Rows / 8][4],
                                              std::uint16_t* rows) {
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  PLUMBLINE_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int result = 16 * warp + lane / 4 + 8 * half;
    const bool biased = part.bias != nullptr && at.result + result < part.width;
    const float bias = biased ? load_as<Type>(part.bias[at.result + result]) : 0.0f;
    PLUMBLINE_UNROLL
    for (int j = 0; j < Rows / 8; ++j) PLUMBLINE_UNROLL
    for (int e = 0; e < 2; ++e) {
      const float x = sum[j][2 * half + e];
      rows[(8 * j + 2 * (lane % 4) + e) * stride + result] = store_as<Type>(biased ? x + bias : x);
    }
  }
  __syncthreads();
  constexpr int piece = 8, pieces = tile / piece;
  for (int i = thread; i < Rows * pieces; i += product_threads) {
    const int row = i / pieces, column = i % pieces * piece;
    if (at.row + row >= at.rows) continue;
    const std::uint16_t* const from = rows + row * stride + column;
    std::uint16_t* const to = at.row_of(part.out, row, p.tokens) + at.result + column;
    const std::int64_t count = part.width - at.result - column;
    if (part.wide_out && count >= piece) {
      store16(to, load16(from));
      continue;
    }
    for (int e = 0; e < piece && e < count; ++e) to[e] = from[e];
  }
}

template <dtype Type, int Rows>
__global__ void __launch_bounds__(product_threads) linear_kernel(const linear_params p) {
  auto& memory = *shared_memory<linear_memory<Rows>>();
  const std::int64_t rows = p.sequences * p.tokens, row_tiles = blocks_for(rows, Rows);
  const std::int64_t result_tile = blockIdx.x / row_tiles;
  const int which = p.count > 2 && result_tile >= p.parts[2].first_tile   ? 2
                    : p.count > 1 && result_tile >= p.parts[1].first_tile ? 1
                                                                          : 0;
  const linear_part part = which == 2 ? p.parts[2] : which == 1 ? p.parts[1] : p.parts[0];
  const std::int64_t row = blockIdx.x % row_tiles * Rows;
  const linear_place at = {row, rows, row / p.tokens, row % p.tokens, (result_tile - part.first_tile) * tile};
  float sum[Rows / 8][4] = {};
  load_stage(p, part, at, 0, 0, memory);
  copy_async_commit();
  for (std::int64_t k = 0; k < p.inner; k += tile) {
    const int stage = static_cast<int>(k / tile % 2);
    if (k + tile < p.inner) {
      load_stage(p, part, at, k + tile, 1 - stage, memory);
      copy_async_commit();
      copy_async_wait<1>();
    } else {
      copy_async_wait<0>();
    }
    __syncthreads();
    add_products<Type, Rows>(memory.weight[stage], memory.x[stage], false, sum);
    __syncthreads();
  }
  store_results<Type, Rows>(p, part, at, sum, memory.x[0]);
}

bool on_16_bytes(const void* data) { return (reinterpret_cast<std::uintptr_t>(data) & 15u) == 0; }
bool on_16_bytes(const token_matrix& m) {
  return on_16_bytes(m.data) && m.sequence % 8 == 0 && m.token % 8 == 0;
}

template <dtype Type, int Rows>
void launch_rows(const linear_params& p, launcher& on) {
  const linear_part& last = p.parts[p.count - 1];
  const std::int64_t results = last.first_tile + blocks_for(last.width, tile);
  launch<&linear_kernel<Type, Rows>>(on, "linear", {blocks_for(p.sequences * p.tokens, Rows) * results, 1, 1},
                                     product_threads, sizeof(linear_memory<Rows>), p);
}

template <dtype Type>
void launch_typed(const linear_params& p, launcher& on) {
  constexpr std::int64_t few_rows = 32;
  return p.sequences * p.tokens <= few_rows ? launch_rows<Type, 16>(p, on) : launch_rows<Type, 64>(p, on);
}

}  // namespace

void linear_params::add(const void* weight, const void* bias, const token_matrix& out, std::int64_t width) {
  linear_part& part = parts[count];
  part.weight = static_cast<const std::uint16_t*>(weight);
  part.bias = static_cast<const std::uint16_t*>(bias);
  part.out = out, part.width = width;
  if (count > 0) part.first_tile = parts[count - 1].first_tile + blocks_for(parts[count - 1].width, tile);
  part.wide_weight = on_16_bytes(weight) && inner % 8 == 0;
  part.wide_out = on_16_bytes(out);
  ++count;
}

token_matrix token_matrix_of(const tensor_view& v, std::int64_t first_token) {
  return {v.as<std::uint16_t>() + first_token * v.stride[1], v.stride[0], v.stride[1]};
}

void launch_linear(dtype type, linear_params p, launcher& on) {
  if (p.sequences * p.tokens == 0) return;
  p.wide_x = on_16_bytes(p.x) && p.inner % 8 == 0;
  if (type == dtype::bf16)
    launch_typed<dtype::bf16>(p, on);
  else
    launch_typed<dtype::f16>(p, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
