// store, variant `k_cache_tiles`: one warp for as many tiles as its lanes hold with 16 bytes each.
//
// A lane loads 16 bytes once and keeps its elements; the lanes of a tile agree on the largest magnitude by
// shuffles, so nothing is read twice.  Codes of neighbours are handed to every second (fp32: fourth) lane and
// leave as 16 bytes.  A row of 512 bf16 elements is two warps; one more copies the rotary dims.  Rows or
// slots that do not lie on 16 bytes go element by element.  The arithmetic is that of k_cache_rows, and a
// maximum of integers has no order, so the bytes are the same.
#include "kernels/quantize/store.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int warps = 4;
constexpr unsigned every_lane = 0xffffffffu;

template <dtype In>
constexpr int held = 16 / static_cast<int>(sizeof(stored<In>));

template <dtype In>
__device__ __forceinline__ void spread(float (&x)[held<In>], vec16 v) {
  PLUMBLINE_UNROLL
  for (int i = 0; i < 4; ++i) {
    if constexpr (In == dtype::f32) {
      x[i] = float_of(v.w[i]);
    } else {
      const float_pair pair = unpack2<In>(v.w[i]);
      x[2 * i] = pair.low, x[2 * i + 1] = pair.high;
    }
  }
}

template <dtype In>
__device__ __forceinline__ void load_held(float (&x)[held<In>], const stored<In>* from, bool active) {
  PLUMBLINE_UNROLL
  for (int i = 0; i < held<In>; ++i) x[i] = 0.0f;
  if (!active) return;
  if (aligned16(from)) {
    spread<In>(x, load16(from));
  } else {
    PLUMBLINE_UNROLL
    for (int i = 0; i < held<In>; ++i) x[i] = load_as<In>(from[i]);
  }
}

/// Writes the codes that the lanes hold: four a word, `Words` a lane.
template <int Words>
__device__ __forceinline__ void put_codes(unsigned char* codes, std::int64_t first, std::int64_t width,
                                          const std::uint32_t (&mine)[Words], int lane) {
  constexpr int lanes = 4 / Words;  // that share 16 bytes
  vec16 v;
  PLUMBLINE_UNROLL
  for (int i = 0; i < 4; ++i)
    v.w[i] = __shfl_sync(every_lane, mine[i % Words], lane - lane % lanes + i / Words);
  const std::int64_t start = first - lane % lanes * (4 * Words);
  if (aligned16(codes + start) && start + 16 <= width) {
    if (lane % lanes == 0) store16(codes + start, v);
  } else if (first < width) {
    for (int i = 0; i < 4 * Words; ++i)
      codes[first + i] = static_cast<unsigned char>(mine[i / 4] >> 8 * (i % 4) & 0xffu);
  }
}

template <dtype In>
__device__ void write_tiles(const store_params& p, std::int64_t token, std::int64_t group,
                            const slot_place& place, int lane) {
  constexpr int words = held<In> / 4;
  const std::int64_t first = (group * 32 + lane) * held<In>;
  const int lanes_of_tile = static_cast<int>(p.shape.tile) / held<In>;
  const bool active = first < p.shape.dv;
  float x[held<In>];
  load_held<In>(x, static_cast<const stored<In>*>(p.nope.data) + token * p.nope.stride + first, active);
  std::uint32_t most = 0;
  PLUMBLINE_UNROLL
  for (int i = 0; i < held<In>; ++i) most = larger(most, magnitude_of(p.rule, x[i]));
  for (int far = 1; far < lanes_of_tile; far *= 2)
    most = larger(most, __shfl_xor_sync(every_lane, most, far));
  const group_codes g = group_of<In>(p.rule, most);
  std::uint32_t mine[words] = {};
  PLUMBLINE_UNROLL
  for (int i = 0; i < held<In>; ++i) mine[i / 4] |= code_of<dtype::e4m3>(p.rule, g, x[i]) << 8 * (i % 4);
  put_codes<words>(p.cache + place.codes, first, p.shape.dv, mine, lane);
  if (active && lane % lanes_of_tile == 0)
    put_scale(p.shape, p.cache + place.scales, tile_of(p.shape, first), g.scale);
}

template <dtype In>
__global__ void __launch_bounds__(32 * warps) k_cache_tiles_kernel(const store_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  const std::int64_t groups = blocks_for(p.shape.dv, 32 * held<In>), units = groups + 1;
  const std::int64_t token = at / units, unit = at % units;
  if (token >= p.tokens) return;
  const std::int64_t slot = slot_of(p, token);
  if (slot < 0) return;
  const slot_place place = place_in(p.shape, slot);
  if (unit < groups) {
    write_tiles<In>(p, token, unit, place, lane);
  } else {
    const auto* from = static_cast<const stored<In>*>(p.rope.data) + token * p.rope.stride;
    copy_row((p.rope_part ? p.rope_part : p.cache) + place.rope, reinterpret_cast<const unsigned char*>(from),
             p.shape.slot_rope, sizeof(stored<In>), lane);
  }
}

template <dtype In>
void launch_tiles(const store_params& p, launcher& on) {
  if (p.tokens == 0) return;
  const std::int64_t units = blocks_for(p.shape.dv, 32 * held<In>) + 1;
  launch<&k_cache_tiles_kernel<In>>(on, "k_cache_tiles", {blocks_for(p.tokens * units, warps), 1, 1},
                                    32 * warps, 0, p);
}

void run(const store_problem& problem, const kernel_arguments& args, launcher& on) {
  const store_params p = store_params_of(problem, args);
  switch (problem.type) {
    case dtype::bf16:
      return launch_tiles<dtype::bf16>(p, on);
    case dtype::f16:
      return launch_tiles<dtype::f16>(p, on);
    default:
      return launch_tiles<dtype::f32>(p, on);
  }
}

std::string domain(const store_problem& problem) {
  const std::int64_t bytes = problem.tile * static_cast<std::int64_t>(size_of(problem.type));
  if (bytes < 16 || bytes > 512 || (bytes & (bytes - 1)) != 0)
    return "takes tiles of 16, 32, ... 512 bytes, not of " + std::to_string(bytes);
  return store_domain(problem);
}

}  // namespace

variant<store_problem> k_cache_tiles() {
  return {"k_cache_tiles", store_contracts, every_run_alike, domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
