#include "properties/quantize/cache_inputs.hpp"

#include <algorithm>
#include <numeric>

#include "reference/quantize.hpp"

namespace plumbline::generate {

using quantize::cache_layout;
using quantize::dequantize_problem;
using quantize::store_problem;

namespace {

void fill_bits(tensor& matrix, std::int64_t first, std::int64_t count, random_stream draw) {
  for (std::int64_t row = 0; row < matrix.dim(0); ++row)
    for (std::int64_t c = first; c < first + count; ++c)
      matrix.set_code(row * matrix.strides()[0] + c, draw.bits64() >> (64 - 8 * size_of(matrix.type())));
}

}  // namespace

void put_stale_cache(const quantize::cache_shape& p, random_stream draw, tensor_set& inputs) {
  for (auto& [name, value] : quantize::make_cache(p)) {
    tensor t = value;
    fill_stale(t, draw);
    inputs.set(name, std::move(t));
  }
}

tensor draw_slots(std::int64_t tokens, std::int64_t slots, random_stream draw) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(slots));
  std::iota(all.begin(), all.end(), 0);
  for (std::int64_t i = slots - 1; i > 0; --i)
    std::swap(all[static_cast<std::size_t>(i)], all[static_cast<std::size_t>(draw.integer(0, i))]);
  const double skipped = draw.chance(0.5) ? 0 : draw.uniform();
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < tokens; ++i)
    chosen.push_back(i >= slots || draw.chance(skipped) ? -1 : all[static_cast<std::size_t>(i)]);
  return places(chosen);
}

tensor_set draw_inputs(const store_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs;
  const std::int64_t rotary = p.d - p.dv;
  const random_stream latent(seed, "latent"), bits(seed, "rotary");
  if (p.separate) {
    tensor nope = matrix_between_nan(p.type, p.tokens, p.dv, p.gap);
    tensor rope = matrix_between_nan(p.type, p.tokens, rotary, p.gap);
    fill_matrix(regime, 0, p.dv, p.tile, latent, nope);
    fill_bits(rope, 0, rotary, bits);
    inputs.set("k_nope", std::move(nope));
    inputs.set("k_rope", std::move(rope));
  } else {
    tensor k = matrix_between_nan(p.type, p.tokens, p.d, p.gap);
    fill_matrix(regime, 0, p.dv, p.tile, latent, k);
    fill_bits(k, p.dv, rotary, bits);
    inputs.set("k", std::move(k));
  }
  if (p.has_slots) inputs.set("slots", draw_slots(p.tokens, slots(p), random_stream(seed, "slots")));
  put_stale_cache(p, random_stream(seed, "cache"), inputs);
  return inputs;
}

tensor_set draw_inputs(const dequantize_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs;
  put_stale_cache(p, random_stream(seed, "cache"), inputs);
  const bool split = p.layout == cache_layout::split;
  std::byte* const cache = inputs.at(split ? "nope_part" : "cache").data();
  std::byte* const rope_part = split ? inputs.at("rope_part").data() : nullptr;
  random_stream draw(seed, "codes"), bits(seed, "rotary");
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(p.dv));
  std::vector<float> scales(static_cast<std::size_t>(tiles(p)));
  std::vector<std::byte> rope(static_cast<std::size_t>(rope_bytes(p)));
  const dtype out = p.out_type == dtype::e4m3 || p.out_type == dtype::f32 ? dtype::bf16 : p.out_type;
  for (std::int64_t slot = 0; slot < slots(p); ++slot) {
    for (std::int64_t t = 0; t < tiles(p); ++t)
      scales[static_cast<std::size_t>(t)] = fill_codes(
          regime, dtype::e4m3, out, p.scale_type == dtype::e8m0,
          std::span(codes).subspan(static_cast<std::size_t>(t * p.tile), static_cast<std::size_t>(p.tile)),
          draw);
    for (std::byte& one : rope) one = static_cast<std::byte>(bits.bits32() >> 24);
    write_slot(p, slot, codes.data(), scales.data(), rope.data(), cache, rope_part);
  }
  if (!p.has_indices) return inputs;
  random_stream choice(seed, "indices");
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < p.tokens; ++i) indices.push_back(choice.integer(0, slots(p) - 1));
  inputs.set("indices", places(indices));
  return inputs;
}

}  // namespace plumbline::generate
