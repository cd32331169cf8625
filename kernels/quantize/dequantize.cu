// dequantize, variant `dequantize`: one thread an element of the output; the plain form.
#include "kernels/quantize/reader.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int threads = 128;

template <dtype Out>
__device__ stored<Out> read_element(const read_params& p, std::int64_t row, std::int64_t column) {
  if (row >= p.tokens) return written<Out>(0.0f);
  const slot_place place = place_in(p.shape, p.indices ? p.indices[row] : row);
  if (column < p.shape.dv) {
    const float scale = scale_of_tile(p.shape, p.cache + place.scales, tile_of(p.shape, column));
    return written<Out>(value_of_e4m3(p.cache[place.codes + column]) * scale);
  }
  const unsigned char* const rope = (p.rope_part ? p.rope_part : p.cache) + place.rope;
  const std::int64_t at = column - p.shape.dv;
  if (Out == p.shape.type) return reinterpret_cast<const stored<Out>*>(rope)[at];
  return written<Out>(element(p.shape.type, rope, at));
}

template <dtype Out>
__global__ void __launch_bounds__(threads) dequantize_kernel(const read_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  const std::int64_t row = at / p.shape.d, column = at % p.shape.d;
  if (row >= p.tokens + p.extra) return;
  static_cast<stored<Out>*>(p.out)[row * p.out_row + column] = read_element<Out>(p, row, column);
}

template <dtype Out>
void launch_elements(const read_params& p, launcher& on) {
  const std::int64_t count = (p.tokens + p.extra) * p.shape.d;
  if (count == 0) return;
  launch<&dequantize_kernel<Out>>(on, "dequantize", {blocks_for(count, threads), 1, 1}, threads, 0, p);
}

void run(const dequantize_problem& problem, const kernel_arguments& args, launcher& on) {
  const read_params p = read_params_of(problem, args);
  switch (problem.out_type) {
    case dtype::bf16:
      return launch_elements<dtype::bf16>(p, on);
    case dtype::f16:
      return launch_elements<dtype::f16>(p, on);
    case dtype::e4m3:
      return launch_elements<dtype::e4m3>(p, on);
    default:
      return launch_elements<dtype::f32>(p, on);
  }
}

}  // namespace

variant<dequantize_problem> dequantize() {
  return {"dequantize", read_contracts, every_run_alike, read_domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
