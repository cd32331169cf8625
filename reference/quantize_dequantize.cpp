// dequantize: code times scale, rounded to fp32 and then to the output type; any fp32 scale is taken.
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/quantize.hpp"

namespace plumbline::quantize {

namespace {

// e4m3 saturates, as today's casts do.
void put(dtype type, std::byte* out, std::int64_t at, double x) {
  const std::uint64_t code = encode(type, x, type == dtype::e4m3 ? overflow::saturate : overflow::ieee);
  std::memcpy(out + at * static_cast<std::int64_t>(size_of(type)), &code, size_of(type));
}

}  // namespace

slot_bytes_view slot_of(const cache_shape& p, std::int64_t slot, const std::byte* cache,
                        const std::byte* rope_part) {
  const slot_place at = place_of(p, slot);
  return {reinterpret_cast<const std::uint8_t*>(cache + at.codes), cache + at.scales,
          (p.layout == cache_layout::split ? rope_part : cache) + at.rope};
}

float scale_at(const cache_shape& p, const std::byte* scales, std::int64_t tile) {
  if (p.scale_type == dtype::e8m0)
    return static_cast<float>(decode(dtype::e8m0, static_cast<std::uint8_t>(scales[tile])));
  float scale = 0;
  std::memcpy(&scale, scales + 4 * tile, 4);
  return scale;
}

void read_slot(const cache_shape& p, dtype out_type, const slot_bytes_view& slot, std::byte* out) {
  for (std::int64_t i = 0; i < p.dv; ++i) {
    const float scale = scale_at(p, slot.scales, i / p.tile);
    put(out_type, out, i, value_of(dtype::e4m3, slot.codes[i], scale, dtype::f32));
  }
  std::byte* const rope = out + p.dv * static_cast<std::int64_t>(size_of(out_type));
  if (out_type == p.type) {
    std::memcpy(rope, slot.rope, static_cast<std::size_t>(rope_bytes(p)));
    return;
  }
  std::vector<double> x(static_cast<std::size_t>(p.d - p.dv));
  decode_row(p.type, slot.rope, p.d - p.dv, x.data());
  for (std::size_t i = 0; i < x.size(); ++i) put(out_type, rope, static_cast<std::int64_t>(i), x[i]);
}

tensor dequantize(const dequantize_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  tensor out = make_outputs(p).at("out");
  const bool split = p.layout == cache_layout::split;
  const std::byte* const cache = inputs.at(split ? "nope_part" : "cache").data();
  const std::byte* const rope_part = split ? inputs.at("rope_part").data() : nullptr;
  const tensor* indices = p.has_indices ? &inputs.at("indices") : nullptr;
  const std::int64_t row_bytes = out.strides()[0] * static_cast<std::int64_t>(size_of(p.out_type));
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const std::int64_t slot = indices ? static_cast<std::int64_t>(indices->value(token)) : token;
    read_slot(p, p.out_type, slot_of(p, slot, cache, rope_part), out.data() + token * row_bytes);
  }
  return out;
}

}  // namespace plumbline::quantize
