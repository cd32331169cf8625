// Vectors through mma.sync and wgmma: every vector through one instruction, an otherwise empty tile each.
//
// Inputs a, b (vectors x k) and c, output d, all of 32-bit codes.  Vector i stands at a row and a column that
// change with i; all else is zero.
#include "kernels/core/convert.hpp"
#include "kernels/core/launch.hpp"
#include "kernels/core/table.hpp"
#include "kernels/core/wgmma.hpp"
#include "kernels/probe/vectors.hpp"

namespace plumbline::probe {
inline namespace PLUMBLINE_SIDE_NAME {

struct vector_params {
  const std::uint32_t* a;
  const std::uint32_t* b;
  const std::uint32_t* c;
  std::uint32_t* d;
};

/// A code in its place of a register.
__device__ inline std::uint32_t placed(std::uint32_t code, int at, int width) {
  return code << 32 / width * at;
}

template <dtype A, dtype B, dtype Sum, int K>
__global__ void through_mma(const vector_params p) {
  constexpr mma_shape shape = {A, B, Sum, K};
  constexpr int width = static_cast<int>(4 / size_of(shape.a));
  const std::int64_t v = blockIdx.x;
  const int row = static_cast<int>(v % 16), column = static_cast<int>(v / 16 % 8);
  const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
  std::uint32_t a[4] = {}, b[2] = {};
  PLUMBLINE_UNROLL
  for (int r = 0; r < a_registers(shape); ++r)
    for (int i = 0; i < width; ++i)
      if (g + 8 * (r % 2) == row) a[r] |= placed(p.a[v * shape.k + width * (t + 4 * (r / 2)) + i], i, width);
  PLUMBLINE_UNROLL
  for (int r = 0; r < b_registers(shape); ++r)
    for (int i = 0; i < width; ++i)
      if (g == column) b[r] |= placed(p.b[v * shape.k + width * (t + 4 * r) + i], i, width);
  const bool mine = g == row % 8 && t == column / 2;
  const int pair = row / 8, place = column % 2;
  kernels::sum_register<shape> d[sum_registers(shape)] = {};
  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(shape); ++i)
    if constexpr (shape.sum == dtype::f16) {
      if (mine && i == pair) d[i] = placed(p.c[v], place, 2);
    } else {
      if (mine && i == 2 * pair + place) d[i] = kernels::float_of(p.c[v]);
    }

  kernels::mma_sync<shape>(d, a, b);

  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(shape); ++i)
    if constexpr (shape.sum == dtype::f16) {
      if (mine && i == pair) p.d[v] = d[i] >> 16 * place & 0xffffu;
    } else {
      if (mine && i == 2 * pair + place) p.d[v] = kernels::bits_of(d[i]);
    }
}

template <dtype Type>
__device__ inline void set_code(unsigned char* memory, std::uint32_t at, std::uint32_t code) {
  if constexpr (size_of(Type) == 1)
    memory[at] = static_cast<unsigned char>(code);
  else if constexpr (size_of(Type) == 2)
    *reinterpret_cast<std::uint16_t*>(memory + at) = static_cast<std::uint16_t>(code);
  else
    *reinterpret_cast<std::uint32_t*>(memory + at) = code;
}

constexpr std::uint32_t a_bytes = 64 * 32, b_bytes = 8 * 32, core_bytes = 128;

template <dtype A, dtype B, dtype Sum>
__global__ void through_wgmma(const vector_params p) {
  constexpr wgmma_shape shape = {A, B, Sum, 8};
  constexpr std::uint32_t bytes = static_cast<std::uint32_t>(size_of(shape.a)), inner = inner_size(shape);
  const std::int64_t v = blockIdx.x;
  const int row = static_cast<int>(v % 64), column = static_cast<int>(v / 64 % 8);
  unsigned char* const memory = kernels::shared_memory<unsigned char>();
  for (std::uint32_t i = threadIdx.x; i < (a_bytes + b_bytes) / 4; i += blockDim.x)
    reinterpret_cast<std::uint32_t*>(memory)[i] = 0;
  __syncthreads();
  const shared_matrix a = {0, a_bytes / 2, core_bytes, swizzle::none},
                      b = {a_bytes, b_bytes / 2, core_bytes, swizzle::none};
  if (threadIdx.x < inner) {
    const std::uint32_t k = threadIdx.x;
    set_code<shape.a>(memory,
                      kernels::element_address(a, major::k, bytes, static_cast<std::uint32_t>(row), k),
                      p.a[v * inner + k]);
    set_code<shape.b>(memory,
                      kernels::element_address(b, major::k, bytes, static_cast<std::uint32_t>(column), k),
                      p.b[v * inner + k]);
  }
  kernels::fence_async_proxy();
  __syncthreads();

  const int warp = static_cast<int>(threadIdx.x) / 32, g = static_cast<int>(threadIdx.x) % 32 / 4,
            t = static_cast<int>(threadIdx.x) % 4;
  const bool mine = warp == row / 16 && g == row % 8 && t == column / 2;
  const int pair = row % 16 / 8, place = column % 2;
  kernels::sum_register<shape> d[sum_registers(shape)];
  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(shape); ++i)
    if constexpr (shape.sum == dtype::f16)
      d[i] = mine && i == pair ? placed(p.c[v], place, 2) : 0;
    else
      d[i] = mine && i == 2 * pair + place ? kernels::float_of(p.c[v]) : 0;

  kernels::wgmma_fence();
  kernels::wgmma<shape>(d, kernels::shared_descriptor(memory, a.leading, a.stride, a.pattern),
                        kernels::shared_descriptor(memory + a_bytes, b.leading, b.stride, b.pattern), true);
  kernels::wgmma_commit();
  kernels::wgmma_wait<0>(d);

  PLUMBLINE_UNROLL
  for (int i = 0; i < sum_registers(shape); ++i)
    if constexpr (shape.sum == dtype::f16) {
      if (mine && i == pair) p.d[v] = d[i] >> 16 * place & 0xffffu;
    } else {
      if (mine && i == 2 * pair + place) p.d[v] = kernels::bits_of(d[i]);
    }
}

namespace {

/// What the device has no unit or this build no code for.
std::string domain([[maybe_unused]] const instruction& what) {
#if PLUMBLINE_ON_GPU
  int device = 0, major = 0;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if ((what.warpgroup && major != 9) || (is_fp8(what.a) && major < 9))
    return name_of(what) + ": this build has no code for it on a device of compute capability " +
           std::to_string(major) + ".x";
#endif
  return "";
}

using enum dtype;

template <mma_shape Shape>
bool try_mma(const instruction& what, const vector_params& p, std::int64_t count, launcher& on) {
  if (what.warpgroup || mma_shape{what.a, what.b, what.sum, what.k} != Shape) return false;
  kernels::launch<through_mma<Shape.a, Shape.b, Shape.sum, Shape.k>>(on, "through_mma", {count, 1, 1}, 32, 0,
                                                                     p);
  return true;
}

template <dtype A, dtype B, dtype Sum>
bool try_wgmma(const instruction& what, const vector_params& p, std::int64_t count, launcher& on) {
  if (!what.warpgroup || what.a != A || what.b != B || what.sum != Sum) return false;
  kernels::launch<through_wgmma<A, B, Sum>>(on, "through_wgmma", {count, 1, 1}, 128, a_bytes + b_bytes, p);
  return true;
}

template <dtype A, dtype B>
bool try_fp8(const instruction& what, const vector_params& p, std::int64_t count, launcher& on) {
  return try_mma<mma_shape{A, B, f32, 32}>(what, p, count, on) ||
         try_mma<mma_shape{A, B, f16, 32}>(what, p, count, on) || try_wgmma<A, B, f32>(what, p, count, on) ||
         try_wgmma<A, B, f16>(what, p, count, on);
}

void run_vectors(const instruction& what, const kernel_arguments& args, launcher& on) {
  const tensor_view a = args.in("a");
  const auto codes = [](const tensor_view& t) { return static_cast<const std::uint32_t*>(t.data); };
  const vector_params p = {codes(a), codes(args.in("b")), codes(args.in("c")),
                           static_cast<std::uint32_t*>(args.out("d").data)};
  const std::int64_t count = a.shape[0];
  const bool ran =
      try_mma<mma_shape{bf16, bf16, f32, 16}>(what, p, count, on) ||
      try_mma<mma_shape{bf16, bf16, f32, 8}>(what, p, count, on) ||
      try_mma<mma_shape{f16, f16, f32, 16}>(what, p, count, on) ||
      try_mma<mma_shape{f16, f16, f32, 8}>(what, p, count, on) ||
      try_mma<mma_shape{f16, f16, f16, 16}>(what, p, count, on) ||
      try_mma<mma_shape{f16, f16, f16, 8}>(what, p, count, on) ||
      try_mma<mma_shape{tf32, tf32, f32, 8}>(what, p, count, on) ||
      try_mma<mma_shape{tf32, tf32, f32, 4}>(what, p, count, on) ||
      try_wgmma<bf16, bf16, f32>(what, p, count, on) || try_wgmma<f16, f16, f32>(what, p, count, on) ||
      try_wgmma<f16, f16, f16>(what, p, count, on) || try_wgmma<tf32, tf32, f32>(what, p, count, on) ||
      try_fp8<e4m3, e4m3>(what, p, count, on) || try_fp8<e4m3, e5m2>(what, p, count, on) ||
      try_fp8<e5m2, e4m3>(what, p, count, on) || try_fp8<e5m2, e5m2>(what, p, count, on);
  if (!ran) throw std::logic_error("no kernel for " + name_of(what));
}

constexpr variant<instruction> rows[] = {{"vectors", {}, claim::none, domain, run_vectors}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::probe

template <>
std::span<const plumbline::variant<plumbline::probe::instruction>>
plumbline::table_of<plumbline::probe::instruction, plumbline::this_side>() {
  return probe::rows;
}
