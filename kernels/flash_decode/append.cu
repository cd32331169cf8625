// append, variant `append`: new K and V rows into the cache, K and Q turned by their rotary angle.
//
// One warp a (token, head) row.  What is not rotated moves as bytes, 16 at a time where rows allow it, so V
// and an unrotated K are copied bit for bit.  A pair is turned in fp32, two products and one sum each rounded
// by itself (no fused multiply-add: the reference rounds the same way), and rounded once to the cache's type,
// so what is attended to later is what is stored.  A second launch turns Q; nothing outside the new slots is
// touched, whatever the length of the query.
#include "kernels/core/launch.hpp"
#include "kernels/core/memory.hpp"
#include "kernels/core/numeric.hpp"
#include "kernels/core/promises.hpp"
#include "kernels/core/table.hpp"
#include "kernels/flash_decode/layout.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4;

struct rotary {
  const void* cos = nullptr;
  const void* sin = nullptr;
  std::int64_t dim = 0, row = 0;  // row: stride of the tables
  bool interleaved = true;
};

struct append_params {
  token_rows k_new, v_new;
  cache_rows k, v;
  sequences lengths;
  rotary turn;
  const std::int32_t* cu_seqlens_k_new;
  const std::int32_t* rotary_seqlens;
  std::int64_t b, sn, hk, d, dv;
};

struct rotate_params {
  token_rows q, rotated;
  sequences lengths;
  rotary turn;
  const std::int32_t* rotary_seqlens;
  std::int64_t b, hq, d;
  bool positions_move;
};

/// Copies elements [first, width) of a row.
template <dtype Type>
__device__ void copy_row(stored<Type>* to, const stored<Type>* from, std::int64_t first, std::int64_t width,
                         bool aligned, int lane) {
  constexpr std::int64_t unit = 16 / static_cast<std::int64_t>(sizeof(stored<Type>));
  if (aligned && first % unit == 0 && width % unit == 0) {
    for (std::int64_t c = first + lane * unit; c < width; c += 32 * unit) store16(to + c, load16(from + c));
  } else {
    for (std::int64_t c = first + lane; c < width; c += 32) to[c] = from[c];
  }
}

/// Turns the first `turn.dim` elements by the angles of a table row.
template <dtype Type>
__device__ void rotate_row(stored<Type>* to, const stored<Type>* from, const rotary& turn,
                           std::int64_t position, int lane) {
  const auto* cos = static_cast<const stored<Type>*>(turn.cos) + position * turn.row;
  const auto* sin = static_cast<const stored<Type>*>(turn.sin) + position * turn.row;
  for (std::int64_t e = lane; e < turn.dim / 2; e += 32) {
    const std::int64_t at_x = turn.interleaved ? 2 * e : e;
    const std::int64_t at_y = turn.interleaved ? 2 * e + 1 : e + turn.dim / 2;
    const float x = load_as<Type>(from[at_x]), y = load_as<Type>(from[at_y]);
    const float c = load_as<Type>(cos[e]), s = load_as<Type>(sin[e]);
    const float xc = x * c, ys = y * s, xs = x * s, yc = y * c;
    to[at_x] = store_as<Type>(xc - ys);
    to[at_y] = store_as<Type>(xs + yc);
  }
}

__device__ std::int64_t first_position(const std::int32_t* rotary_seqlens, const sequences& lengths,
                                       std::int64_t n) {
  return rotary_seqlens ? rotary_seqlens[n] : lengths.cache_seqlens[n];
}

template <dtype Type>
__global__ void __launch_bounds__(32 * warps) append_kernel(const append_params p) {
  using element = stored<Type>;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  const std::int64_t h = row % p.hk, t = row / p.hk % p.sn, n = row / p.hk / p.sn;
  if (n >= p.b) return;
  const std::int64_t first = p.cu_seqlens_k_new ? p.cu_seqlens_k_new[n] : 0;
  const std::int64_t count = p.cu_seqlens_k_new ? p.cu_seqlens_k_new[n + 1] - first : p.sn;
  if (t >= count) return;

  const std::int64_t cache_row = p.lengths.cache_batch_idx ? p.lengths.cache_batch_idx[n] : n;
  const std::int64_t slot = p.lengths.cache_seqlens[n] + t;
  auto* k = static_cast<element*>(p.k.data) + slot_offset(p.lengths, p.k, cache_row, slot) + h * p.k.head;
  auto* v = static_cast<element*>(p.v.data) + slot_offset(p.lengths, p.v, cache_row, slot) + h * p.v.head;
  const auto* k_new = static_cast<const element*>(p.k_new.data) + p.k_new.offset(n, first + t, h);
  const auto* v_new = static_cast<const element*>(p.v_new.data) + p.v_new.offset(n, first + t, h);
  if (p.turn.dim > 0)
    rotate_row<Type>(k, k_new, p.turn, first_position(p.rotary_seqlens, p.lengths, n) + t, lane);
  copy_row<Type>(k, k_new, p.turn.dim, p.d, p.k.aligned && p.k_new.aligned, lane);
  copy_row<Type>(v, v_new, 0, p.dv, p.v.aligned && p.v_new.aligned, lane);
}

template <dtype Type>
__global__ void __launch_bounds__(32 * warps) rotate_kernel(const rotate_params p) {
  using element = stored<Type>;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  const std::int64_t h = row % p.hq, i = row / p.hq % p.lengths.sq, n = row / p.hq / p.lengths.sq;
  if (n >= p.b) return;
  const sequence s = sequence_of(p.lengths, n);
  if (i >= s.queries) return;

  const auto* from = static_cast<const element*>(p.q.data) + p.q.offset(n, s.first_token + i, h);
  auto* to = static_cast<element*>(p.rotated.data) + p.rotated.offset(n, s.first_token + i, h);
  const std::int64_t position = first_position(p.rotary_seqlens, p.lengths, n) + (p.positions_move ? i : 0);
  rotate_row<Type>(to, from, p.turn, position, lane);
  copy_row<Type>(to, from, p.turn.dim, p.d, p.q.aligned && p.rotated.aligned, lane);
}

template <dtype Type>
void launch_append(const append_problem& problem, const kernel_arguments& args, launcher& on) {
  const auto ints = [&](const char* name) -> const std::int32_t* {
    const tensor_view view = args.in(name);
    return view ? view.as<std::int32_t>() : nullptr;
  };
  rotary turn;
  if (problem.rotary_dim > 0) {
    const tensor_view cos = args.in("rotary_cos");
    turn = {cos.data, args.in("rotary_sin").data, problem.rotary_dim, cos.stride[0],
            problem.rotary_interleaved};
  }
  const sequences lengths = sequences_of(problem, problem.sq, args);
  const auto blocks = [](std::int64_t rows) { return (rows + warps - 1) / warps; };
  if (problem.b > 0 && problem.sn > 0) {
    const append_params p = {token_rows_of(args.in("k_new")),
                             token_rows_of(args.in("v_new")),
                             cache_rows_of(args.out("k_cache")),
                             cache_rows_of(args.out("v_cache")),
                             lengths,
                             turn,
                             ints("cu_seqlens_k_new"),
                             ints("rotary_seqlens"),
                             problem.b,
                             problem.sn,
                             problem.hk,
                             problem.d,
                             problem.dv};
    launch<&append_kernel<Type>>(on, "append", {blocks(problem.b * problem.sn * problem.hk), 1, 1},
                                 32 * warps, 0, p);
  }
  if (problem.b > 0 && problem.sq > 0 && problem.rotary_dim > 0) {
    const rotate_params p = {token_rows_of(args.in("q")),
                             token_rows_of(args.out("q_rotated")),
                             lengths,
                             turn,
                             ints("rotary_seqlens"),
                             problem.b,
                             problem.hq,
                             problem.d,
                             q_positions_move(problem)};
    launch<&rotate_kernel<Type>>(on, "rotate_q", {blocks(problem.b * problem.sq * problem.hq), 1, 1},
                                 32 * warps, 0, p);
  }
}

constexpr contract contracts[] = {movement("bf16/rotary", dtype::bf16, dtype::bf16),
                                  movement("f16/rotary", dtype::f16, dtype::f16),
                                  movement("e4m3/rotary", dtype::e4m3, dtype::e4m3)};

std::string domain(const append_problem& problem) {
  for (const contract& c : contracts)
    if (c.in == problem.type) return "";
  return "does not take " + std::string(name_of(problem.type));
}

void run(const append_problem& problem, const kernel_arguments& args, launcher& on) {
  switch (problem.type) {
    case dtype::bf16:
      return launch_append<dtype::bf16>(problem, args, on);
    case dtype::f16:
      return launch_append<dtype::f16>(problem, args, on);
    default:
      return launch_append<dtype::e4m3>(problem, args, on);
  }
}

constexpr variant<append_problem> rows[] = {{"append", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode

template <>
std::span<const plumbline::variant<plumbline::flash_decode::append_problem>>
plumbline::table_of<plumbline::flash_decode::append_problem, plumbline::this_side>() {
  return flash_decode::rows;
}
