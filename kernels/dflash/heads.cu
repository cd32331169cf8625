// Norm and rotation of heads: as many lanes as cover half a head (a power of two) stand side by side.
//
// A lane owns eight elements and their eight partners half a head later, so a rotation stays in its
// registers.  The mean square is fp32: a lane sums its elements and its partners apart, then lanes meet by a
// butterfly; sqrt and division are IEEE's on either side.  What is turned is the rounded norm: two products
// and one sum, each rounded to fp32, no fused multiply-add.
#include "kernels/dflash/heads.hpp"

#include "kernels/core/numeric.hpp"
#include "kernels/core/pieces.hpp"
#include "kernels/core/rows.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int threads = 128, warps = threads / 32;
constexpr unsigned all_lanes = 0xffffffffu;

struct head_launch {
  head_params of;
  int lanes;  // a head
};

/// A piece of the first half of a head and its partner in the second.
template <dtype Type>
struct turned_pair {
  float x[piece_size], y[piece_size];

  __device__ __forceinline__ void read(const std::uint16_t* row, std::int64_t first, std::int64_t half) {
    read_piece<Type>(row, first, half - first, aligned16(row), x);
    read_piece<Type>(row + half, first, half - first, aligned16(row + half), y);
  }
  __device__ __forceinline__ void write(std::uint16_t* row, std::int64_t first, std::int64_t half) const {
    write_piece<Type>(row, first, half - first, aligned16(row), x);
    write_piece<Type>(row + half, first, half - first, aligned16(row + half), y);
  }
  __device__ __forceinline__ void scale(float factor, const turned_pair& gain) {
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i) {
      x[i] = load_as<Type>(store_as<Type>(x[i] * factor * gain.x[i]));
      y[i] = load_as<Type>(store_as<Type>(y[i] * factor * gain.y[i]));
    }
  }
  __device__ __forceinline__ void turn(const float (&cos)[piece_size], const float (&sin)[piece_size]) {
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i) {
      const float a = x[i], b = y[i];
      x[i] = a * cos[i] - b * sin[i];
      y[i] = a * sin[i] + b * cos[i];
    }
  }
};

template <dtype Type>
__global__ void __launch_bounds__(threads) heads_kernel(const head_launch all) {
  const head_params& p = all.of;
  const int lane = static_cast<int>(threadIdx.x) % all.lanes;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * (threads / all.lanes) +
                          static_cast<int>(threadIdx.x) / all.lanes;
  const bool exists = at < p.sequences * p.tokens * p.heads;
  const std::int64_t row = exists ? at / p.heads : 0, head = exists ? at % p.heads : 0;
  const std::int64_t sequence = row / p.tokens, token = row % p.tokens, half = p.d / 2;
  const auto place = [&](const token_matrix& m) {
    return m.data + sequence * m.sequence + token * m.token + head * p.d;
  };
  const std::uint16_t* const raw = place(p.raw);
  const std::int64_t end = exists ? half : 0;

  turned_pair<Type> own, gain;
  float low = 0, high = 0;
  for (std::int64_t first = piece_size * lane; first < end; first += piece_size * all.lanes) {
    own.read(raw, first, half);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece_size; ++i) {
      low = fused(own.x[i], own.x[i], low);
      high = fused(own.y[i], own.y[i], high);
    }
  }
  float squares = low + high;
  for (int bit = all.lanes / 2; bit > 0; bit /= 2) squares += __shfl_xor_sync(all_lanes, squares, bit);
  const float factor = 1.0f / square_root(squares / static_cast<float>(p.d) + p.eps);

  const std::int64_t angles = (sequence * p.places + p.first_place + token) * half;
  for (std::int64_t first = piece_size * lane; first < end; first += piece_size * all.lanes) {
    own.read(raw, first, half);
    gain.read(p.gain, first, half);
    own.scale(factor, gain);
    own.write(place(p.normed), first, half);
    float cos[piece_size], sin[piece_size];
    read_piece<dtype::f32>(p.cos + angles, first, half - first, aligned16(p.cos + angles), cos);
    read_piece<dtype::f32>(p.sin + angles, first, half - first, aligned16(p.sin + angles), sin);
    own.turn(cos, sin);
    own.write(place(p.rotated), first, half);
  }
}

struct copy_params {
  token_matrix from, to;
  std::int64_t rows, tokens, width;
};

__global__ void __launch_bounds__(threads) copy_kernel(const copy_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + static_cast<int>(threadIdx.x) / 32;
  if (row >= p.rows) return;
  const std::int64_t sequence = row / p.tokens, token = row % p.tokens;
  const auto at = [&](const token_matrix& m) {
    return reinterpret_cast<unsigned char*>(m.data + sequence * m.sequence + token * m.token);
  };
  copy_row(at(p.to), at(p.from), 2 * p.width, 2, lane);
}

}  // namespace

void launch_heads(dtype type, const head_params& p, launcher& on) {
  const std::int64_t rows = p.sequences * p.tokens * p.heads;
  if (rows == 0) return;
  int lanes = 1;
  while (lanes < 32 && 2 * piece_size * lanes < p.d) lanes *= 2;
  const head_launch all = {p, lanes};
  const grid_size grid = {blocks_for(rows, threads / lanes), 1, 1};
  if (type == dtype::bf16)
    launch<&heads_kernel<dtype::bf16>>(on, "heads", grid, threads, 0, all);
  else
    launch<&heads_kernel<dtype::f16>>(on, "heads", grid, threads, 0, all);
}

void launch_copy(const token_matrix& from, const token_matrix& to, std::int64_t sequences,
                 std::int64_t tokens, std::int64_t width, launcher& on) {
  const copy_params p = {from, to, sequences * tokens, tokens, width};
  if (p.rows == 0) return;
  launch<&copy_kernel>(on, "copy", {blocks_for(p.rows, warps), 1, 1}, threads, 0, p);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
