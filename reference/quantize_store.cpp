// store: a latent's tiles become codes and scales, the rotary dims are copied.
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/quantize.hpp"

namespace plumbline::quantize {

namespace {

const std::byte* row_of(const tensor& t, std::int64_t row) {
  return t.data() + row * t.strides()[0] * static_cast<std::int64_t>(size_of(t.type()));
}

}  // namespace

std::vector<double> elements_of(const store_problem& p, const tensor_set& inputs, std::int64_t token) {
  std::vector<double> x(static_cast<std::size_t>(p.dv));
  decode_row(p.type, row_of(inputs.at(p.separate ? "k_nope" : "k"), token), p.dv, x.data());
  return x;
}

const std::byte* rope_of(const store_problem& p, const tensor_set& inputs, std::int64_t token) {
  if (p.separate) return row_of(inputs.at("k_rope"), token);
  return row_of(inputs.at("k"), token) + p.dv * static_cast<std::int64_t>(size_of(p.type));
}

void write_slot(const cache_shape& p, std::int64_t slot, const std::uint8_t* codes, const float* scales,
                const std::byte* rope, std::byte* cache, std::byte* rope_part) {
  const slot_place at = place_of(p, slot);
  std::memcpy(cache + at.codes, codes, static_cast<std::size_t>(p.dv));
  for (std::int64_t t = 0; t < tiles(p); ++t) {
    if (p.scale_type == dtype::f32)
      std::memcpy(cache + at.scales + 4 * t, scales + t, 4);
    else
      cache[at.scales + t] = static_cast<std::byte>(encode(dtype::e8m0, scales[t]));
  }
  const auto rotary = static_cast<std::size_t>(rope_bytes(p));
  if (rotary > 0) std::memcpy((p.layout == cache_layout::split ? rope_part : cache) + at.rope, rope, rotary);
}

store_truth store(const store_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  store_truth truth;
  truth.slot.resize(static_cast<std::size_t>(p.tokens));
  truth.codes.resize(static_cast<std::size_t>(p.tokens * p.dv));
  truth.scales.resize(static_cast<std::size_t>(p.tokens * tiles(p)));
  const tensor* places = p.has_slots ? &inputs.at("slots") : nullptr;
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    truth.slot[static_cast<std::size_t>(token)] =
        places ? static_cast<std::int64_t>(places->value(token)) : token;
    const std::vector<double> x = elements_of(p, inputs, token);
    for (std::int64_t t = 0; t < tiles(p); ++t)
      truth.scales[static_cast<std::size_t>(token * tiles(p) + t)] = encode_group(
          p.rule, p.type,
          std::span(x).subspan(static_cast<std::size_t>(t * p.tile), static_cast<std::size_t>(p.tile)),
          truth.codes.data() + token * p.dv + t * p.tile);
  }
  return truth;
}

tensor_set outputs_of(const store_problem& p, const tensor_set& inputs, const store_truth& truth) {
  tensor_set outputs = make_outputs(p, inputs);
  const bool split = p.layout == cache_layout::split;
  std::byte* const cache = outputs.at(split ? "nope_part" : "cache").data();
  std::byte* const rope_part = split ? outputs.at("rope_part").data() : nullptr;
  for (std::int64_t token = 0; token < p.tokens; ++token)
    if (truth.slot[static_cast<std::size_t>(token)] >= 0)
      write_slot(p, truth.slot[static_cast<std::size_t>(token)], truth.codes.data() + token * p.dv,
                 truth.scales.data() + token * tiles(p), rope_of(p, inputs, token), cache, rope_part);
  return outputs;
}

}  // namespace plumbline::quantize
