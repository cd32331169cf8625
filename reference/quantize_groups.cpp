// groups: activations and weights, a scale for every group_rows x group elements.
#include <algorithm>
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/quantize.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::int64_t per_word = 4;  // e8m0 bytes in an i32

std::int64_t offset_of(const tensor& t, std::int64_t row, std::int64_t column) {
  return row * t.strides()[0] + column * t.strides()[1];
}

}  // namespace

group_elements elements_of(const groups_problem& p, const tensor_set& inputs, std::int64_t row_group,
                           std::int64_t column_group) {
  const tensor& x = inputs.at("x");
  const std::int64_t first = column_group * p.group, count = std::min(p.group, p.k - first);
  const std::int64_t row_end = std::min(p.rows, (row_group + 1) * p.group_rows);
  group_elements all;
  for (std::int64_t row = row_group * p.group_rows; row < row_end; ++row) {
    const std::size_t before = all.x.size();
    all.x.resize(before + static_cast<std::size_t>(count));
    decode_row(p.type, x.data() + offset_of(x, row, first) * static_cast<std::int64_t>(size_of(p.type)),
               count, all.x.data() + before);
    for (std::int64_t c = 0; c < count; ++c) all.place.push_back(row * p.k + first + c);
  }
  return all;
}

groups_truth groups(const groups_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  groups_truth truth;
  truth.codes.resize(static_cast<std::size_t>(p.rows * p.k));
  const float fixed = p.has_static ? static_cast<float>(inputs.at("static_scale").value(0)) : 0;
  for (std::int64_t r = 0; r < row_groups(p); ++r)
    for (std::int64_t c = 0; c < column_groups(p); ++c) {
      const group_elements one = elements_of(p, inputs, r, c);
      const group_scale measured = scale_of(p.rule, p.type, extent_of(one.x), p.scale_ub);
      const float scale = p.has_static ? fixed : measured.scale.nominal;
      if (!p.has_static) truth.scales.push_back(scale);
      for (std::size_t i = 0; i < one.x.size(); ++i)
        truth.codes[static_cast<std::size_t>(one.place[i])] = code_of(p.rule, measured, scale, one.x[i]);
    }
  return truth;
}

tensor_set outputs_of(const groups_problem& p, const groups_truth& truth) {
  tensor_set outputs = make_outputs(p);
  if (!truth.codes.empty()) std::memcpy(outputs.at("codes").data(), truth.codes.data(), truth.codes.size());
  if (p.has_static) return outputs;
  tensor& scales = outputs.at("scales");
  for (std::int64_t r = 0; r < row_groups(p); ++r)
    for (std::int64_t c = 0; c < column_groups(p); ++c) {
      const float scale = truth.scales[static_cast<std::size_t>(r * column_groups(p) + c)];
      if (p.layout != scale_layout::packed) {
        scales.set_value(offset_of(scales, r, c), scale);
        continue;
      }
      const std::int64_t at = offset_of(scales, r, c / per_word);
      scales.set_code(at, scales.code(at) | std::uint64_t{encode(dtype::e8m0, scale)} << 8 * (c % per_word));
    }
  return outputs;
}

float scale_at(const groups_problem& p, const tensor& scales, std::int64_t row_group,
               std::int64_t column_group) {
  if (p.layout != scale_layout::packed)
    return static_cast<float>(scales.value(offset_of(scales, row_group, column_group)));
  const std::uint64_t word = scales.code(offset_of(scales, row_group, column_group / per_word));
  return static_cast<float>(
      decode(dtype::e8m0, static_cast<std::uint32_t>(word >> 8 * (column_group % per_word) & 0xff)));
}

bool unused_scales_are_zero(const groups_problem& p, const tensor& scales) {
  const std::int64_t used = column_groups(p) % per_word;
  if (p.layout != scale_layout::packed || used == 0) return true;
  for (std::int64_t r = 0; r < row_groups(p); ++r)
    if (scales.code(offset_of(scales, r, column_groups(p) / per_word)) >> 8 * used != 0) return false;
  return true;
}

}  // namespace plumbline::quantize
