// scatter: rows of bytes to places, 64-bit; and weight_dequant, the other copy with a factor.
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/quantize.hpp"

namespace plumbline::quantize {

namespace {

// `count` elements of a token's row, cast with scale 1 where the types differ.
void copy_row(const scatter_problem& p, const tensor& from, std::int64_t token, std::int64_t count,
              std::byte* to) {
  const std::byte* const row =
      from.data() + token * from.strides()[0] * static_cast<std::int64_t>(size_of(p.type));
  if (p.stored == p.type) {
    std::memcpy(to, row, static_cast<std::size_t>(count) * size_of(p.type));
    return;
  }
  std::vector<double> x(static_cast<std::size_t>(count));
  decode_row(p.type, row, count, x.data());
  for (std::size_t i = 0; i < x.size(); ++i)
    to[i] = static_cast<std::byte>(encode(dtype::e4m3, x[i], overflow::saturate));
}

}  // namespace

tensor scatter(const scatter_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  tensor buffer = inputs.at("buffer");
  const auto bytes = static_cast<std::int64_t>(size_of(p.stored));
  const std::int64_t row_bytes = (p.nope_width + p.rope_width) * bytes;
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const auto place = static_cast<std::int64_t>(inputs.at("loc").value(token));
    if (place % p.world != p.rank) continue;
    std::byte* const row = buffer.data() + place / p.world * row_bytes;
    copy_row(p, inputs.at("nope"), token, p.nope_width, row);
    copy_row(p, inputs.at("rope"), token, p.rope_width, row + p.nope_width * bytes);
  }
  return buffer;
}

tensor weight_dequant(const weight_dequant_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  tensor out = make_outputs(p).at("out");
  const tensor &weight = inputs.at("weight"), &scale = inputs.at("scale");
  for (std::int64_t i = 0; i < p.m; ++i)
    for (std::int64_t j = 0; j < p.n; ++j) {
      const auto s = static_cast<float>(scale.value(i / p.block * scale.dim(1) + j / p.block));
      const auto code = static_cast<std::uint8_t>(weight.code(i * p.n + j));
      out.set_value(i * p.n + j, value_of(p.code, code, s, dtype::f32));
    }
  return out;
}

}  // namespace plumbline::quantize
