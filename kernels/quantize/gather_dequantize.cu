// dequantize, variant `gather_dequantize`: one warp a row, wherever its slot lies, 16 codes a lane.
//
// Sixteen codes are one 16-byte load and one to four 16-byte stores, where the slot and the output row lie on
// 16 bytes and tiles are whole sixteens; elsewhere lanes take single elements.  The slot number is widened
// before it meets the size of a slot.
#include "kernels/quantize/reader.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int warps = 4;
constexpr std::int64_t batch = 16;

/// Sixteen codes under one scale to 16-byte units of `Out`.
template <dtype Out>
__device__ __forceinline__ void put_batch(stored<Out>* out, vec16 codes, float scale) {
  constexpr int in_word = 4 / static_cast<int>(sizeof(stored<Out>)), words = 16 / in_word;
  vec16 v;
  PLUMBLINE_UNROLL
  for (int word = 0; word < words; ++word) {
    std::uint32_t packed = 0;
    PLUMBLINE_UNROLL
    for (int i = 0; i < in_word; ++i) {
      const int at = word * in_word + i;
      const float x = value_of_e4m3(codes.w[at / 4] >> 8 * (at % 4) & 0xffu) * scale;
      if constexpr (Out == dtype::f32)
        packed = bits_of(written<Out>(x));
      else
        packed |= static_cast<std::uint32_t>(written<Out>(x)) << 32 / in_word * i;
    }
    v.w[word % 4] = packed;
    if (word % 4 == 3) store16(out + (word - 3) * in_word, v);
  }
}

template <dtype Out>
__device__ void read_codes(const cache_shape& shape, const unsigned char* codes, const unsigned char* scales,
                           stored<Out>* out, int lane) {
  std::int64_t done = 0;
  if (aligned16(codes) && aligned16(out) && shape.tile % batch == 0) {
    done = shape.dv;
    for (std::int64_t first = batch * lane; first < done; first += 32 * batch)
      put_batch<Out>(out + first, load16(codes + first), scale_of_tile(shape, scales, tile_of(shape, first)));
  }
  for (std::int64_t c = done + lane; c < shape.dv; c += 32)
    out[c] = written<Out>(value_of_e4m3(codes[c]) * scale_of_tile(shape, scales, tile_of(shape, c)));
}

template <dtype Out>
__global__ void __launch_bounds__(32 * warps, 4) gather_dequantize_kernel(const read_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  if (row >= p.tokens + p.extra) return;
  auto* const out = static_cast<stored<Out>*>(p.out) + row * p.out_row;
  if (row >= p.tokens) {
    for (std::int64_t c = lane; c < p.shape.d; c += 32) out[c] = written<Out>(0.0f);
    return;
  }
  const slot_place place = place_in(p.shape, p.indices ? p.indices[row] : row);
  read_codes<Out>(p.shape, p.cache + place.codes, p.cache + place.scales, out, lane);
  const unsigned char* const rope = (p.rope_part ? p.rope_part : p.cache) + place.rope;
  if (Out == p.shape.type) {
    copy_row(reinterpret_cast<unsigned char*>(out + p.shape.dv), rope, p.shape.slot_rope, sizeof(stored<Out>),
             lane);
    return;
  }
  for (std::int64_t c = lane; c < p.shape.d - p.shape.dv; c += 32)
    out[p.shape.dv + c] = written<Out>(element(p.shape.type, rope, c));
}

template <dtype Out>
void launch_gather(const read_params& p, launcher& on) {
  if (p.tokens + p.extra == 0) return;
  launch<&gather_dequantize_kernel<Out>>(on, "gather_dequantize",
                                         {blocks_for(p.tokens + p.extra, warps), 1, 1}, 32 * warps, 0, p);
}

void run(const dequantize_problem& problem, const kernel_arguments& args, launcher& on) {
  const read_params p = read_params_of(problem, args);
  switch (problem.out_type) {
    case dtype::bf16:
      return launch_gather<dtype::bf16>(p, on);
    case dtype::f16:
      return launch_gather<dtype::f16>(p, on);
    case dtype::e4m3:
      return launch_gather<dtype::e4m3>(p, on);
    default:
      return launch_gather<dtype::f32>(p, on);
  }
}

}  // namespace

variant<dequantize_problem> gather_dequantize() {
  return {"gather_dequantize", read_contracts, every_run_alike, read_domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
