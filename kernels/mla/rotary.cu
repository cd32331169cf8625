// rotary, variant `rotary`: neighbours (x, y) of a row become x cos - y sin and x sin + y cos.
//
// A thread turns eight elements, four pairs, under one piece of the table; as many threads as cover a row (a
// power of two) stand side by side, and a warp holds as many rows as then fit.  Two products and one sum,
// each rounded to fp32: no fused multiply-add, so the result is the one that a plain reference gives.  Pieces
// are moved 16 bytes at a time where they lie so.
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int threads = 128, piece = 8;

struct rotary_params {
  const void* x;
  const float *cos, *sin;  // (rows, d / 2)
  void* out;
  std::int64_t x_batch, x_token, x_head, out_batch, out_token, out_head;  // strides in elements
  std::int64_t b, sq, heads, d, start_pos;
  int lanes;  // threads a row
};

__device__ __forceinline__ void read_angles(const float* from, int count, float out[piece / 2]) {
  if (count == piece && aligned16(from)) {
    const vec16 four = load16(from);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece / 2; ++i) out[i] = float_of(four.w[i]);
    return;
  }
  PLUMBLINE_UNROLL
  for (int i = 0; i < piece / 2; ++i) out[i] = 2 * i < count ? from[i] : 0.0f;
}

template <dtype Type>
struct turned_piece {
  static constexpr int vectors = static_cast<int>(sizeof(stored<Type>)) * piece / 16;
  float x[piece];

  __device__ void read(const stored<Type>* from, bool wide, int count) {
    if (!wide) {
      PLUMBLINE_UNROLL
      for (int i = 0; i < piece; ++i) x[i] = i < count ? load_as<Type>(from[i]) : 0.0f;
      return;
    }
    PLUMBLINE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const vec16 four = load16(from + v * piece / vectors);
      PLUMBLINE_UNROLL
      for (int i = 0; i < 4; ++i)
        if constexpr (Type == dtype::f32) {
          x[4 * v + i] = float_of(four.w[i]);
        } else {
          const float_pair two = unpack2<Type>(four.w[i]);
          x[2 * i] = two.low, x[2 * i + 1] = two.high;
        }
    }
  }

  __device__ void turn(const float* cos, const float* sin, int count) {
    float cosines[piece / 2], sines[piece / 2];
    read_angles(cos, count, cosines);
    read_angles(sin, count, sines);
    PLUMBLINE_UNROLL
    for (int i = 0; i < piece / 2; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1], c = cosines[i], s = sines[i];
      x[2 * i] = a * c - b * s;
      x[2 * i + 1] = a * s + b * c;
    }
  }

  __device__ void write(stored<Type>* to, bool wide, int count) const {
    if (!wide) {
      PLUMBLINE_UNROLL
      for (int i = 0; i < piece; ++i)
        if (i < count) to[i] = store_as<Type>(x[i]);
      return;
    }
    PLUMBLINE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      vec16 four;
      PLUMBLINE_UNROLL
      for (int i = 0; i < 4; ++i)
        if constexpr (Type == dtype::f32)
          four.w[i] = bits_of(x[4 * v + i]);
        else
          four.w[i] = pack2<Type>(x[2 * i], x[2 * i + 1]);
      store16(to + v * piece / vectors, four);
    }
  }
};

template <dtype Type>
__global__ void __launch_bounds__(threads) rotary_kernel(const rotary_params p) {
  const int lane = static_cast<int>(threadIdx.x) % p.lanes;
  const std::int64_t row =
      static_cast<std::int64_t>(blockIdx.x) * (threads / p.lanes) + static_cast<int>(threadIdx.x) / p.lanes;
  if (row >= p.b * p.sq * p.heads) return;
  const std::int64_t head = row % p.heads, token = row / p.heads % p.sq, sequence = row / p.heads / p.sq;
  const auto* from =
      static_cast<const stored<Type>*>(p.x) + sequence * p.x_batch + token * p.x_token + head * p.x_head;
  auto* to =
      static_cast<stored<Type>*>(p.out) + sequence * p.out_batch + token * p.out_token + head * p.out_head;
  const std::int64_t angles = (p.start_pos + token) * (p.d / 2);

  turned_piece<Type> one;
  for (std::int64_t first = piece * lane; first < p.d; first += piece * p.lanes) {
    const int count = p.d - first < piece ? static_cast<int>(p.d - first) : piece;
    one.read(from + first, count == piece && aligned16(from + first), count);
    one.turn(p.cos + angles + first / 2, p.sin + angles + first / 2, count);
    one.write(to + first, count == piece && aligned16(to + first), count);
  }
}

constexpr contract contracts[] = {movement("bf16/rotary", dtype::bf16, dtype::bf16),
                                  movement("f16/rotary", dtype::f16, dtype::f16),
                                  movement("f32/rotary", dtype::f32, dtype::f32)};

std::string domain(const rotary_problem&) { return ""; }

void run(const rotary_problem& problem, const kernel_arguments& args, launcher& on) {
  const std::int64_t rows = problem.b * problem.sq * problem.heads;
  if (rows == 0) return;
  const tensor_view x = args.in("x"), out = args.out("out");
  int lanes = 1;
  while (lanes < 32 && lanes * piece < problem.d) lanes *= 2;
  const rotary_params p = {x.data,
                           args.in("cos").as<float>(),
                           args.in("sin").as<float>(),
                           out.data,
                           x.stride[0],
                           x.stride[1],
                           x.stride[2],
                           out.stride[0],
                           out.stride[1],
                           out.stride[2],
                           problem.b,
                           problem.sq,
                           problem.heads,
                           problem.d,
                           problem.start_pos,
                           lanes};
  const grid_size grid = {blocks_for(rows, threads / lanes), 1, 1};
  switch (problem.type) {
    case dtype::bf16:
      return launch<&rotary_kernel<dtype::bf16>>(on, "rotary", grid, threads, 0, p);
    case dtype::f16:
      return launch<&rotary_kernel<dtype::f16>>(on, "rotary", grid, threads, 0, p);
    default:
      return launch<&rotary_kernel<dtype::f32>>(on, "rotary", grid, threads, 0, p);
  }
}

constexpr variant<rotary_problem> rows[] = {{"rotary", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::rotary_problem>>
plumbline::table_of<plumbline::mla::rotary_problem, plumbline::this_side>() {
  return mla::rows;
}
