// store, variant `k_cache_rows`: one thread a tile, element by element; the plain form.
//
// It looks at its tile twice, for the scale and for the codes.  One more thread a token copies the rotary
// dims.
#include "kernels/quantize/store.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int threads = 128;

template <dtype In>
__device__ void write_tile(const store_params& p, std::int64_t token, std::int64_t tile,
                           const slot_place& place) {
  const std::int64_t first = tile * p.shape.tile;
  const auto* x = static_cast<const stored<In>*>(p.nope.data) + token * p.nope.stride + first;
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < p.shape.tile; ++i)
    most = larger(most, magnitude_of(p.rule, load_as<In>(x[i])));
  const group_codes g = group_of<In>(p.rule, most);
  unsigned char* const codes = p.cache + place.codes + first;
  for (std::int64_t i = 0; i < p.shape.tile; ++i)
    codes[i] = static_cast<unsigned char>(code_of<dtype::e4m3>(p.rule, g, load_as<In>(x[i])));
  put_scale(p.shape, p.cache + place.scales, tile, g.scale);
}

template <dtype In>
__global__ void __launch_bounds__(threads) k_cache_rows_kernel(const store_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  const std::int64_t units = p.shape.tile_count + 1, token = at / units, unit = at % units;
  if (token >= p.tokens) return;
  const std::int64_t slot = slot_of(p, token);
  if (slot < 0) return;
  const slot_place place = place_in(p.shape, slot);
  if (unit < p.shape.tile_count) {
    write_tile<In>(p, token, unit, place);
  } else {
    const auto* from = static_cast<const stored<In>*>(p.rope.data) + token * p.rope.stride;
    auto* to = reinterpret_cast<stored<In>*>((p.rope_part ? p.rope_part : p.cache) + place.rope);
    for (std::int64_t i = 0; i < p.shape.d - p.shape.dv; ++i) to[i] = from[i];
  }
}

template <dtype In>
void launch_rows(const store_params& p, launcher& on) {
  if (p.tokens == 0) return;
  const std::int64_t blocks = blocks_for(p.tokens * (p.shape.tile_count + 1), threads);
  launch<&k_cache_rows_kernel<In>>(on, "k_cache_rows", {blocks, 1, 1}, threads, 0, p);
}

void run(const store_problem& problem, const kernel_arguments& args, launcher& on) {
  const store_params p = store_params_of(problem, args);
  switch (problem.type) {
    case dtype::bf16:
      return launch_rows<dtype::bf16>(p, on);
    case dtype::f16:
      return launch_rows<dtype::f16>(p, on);
    default:
      return launch_rows<dtype::f32>(p, on);
  }
}

}  // namespace

variant<store_problem> k_cache_rows() {
  return {"k_cache_rows", store_contracts, every_run_alike, store_domain, run};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
