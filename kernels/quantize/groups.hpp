// groups: what its variants share.  Scales lie by rows, by columns, or as bytes of words of four groups.
#pragma once

#include "kernels/core/promises.hpp"
#include "kernels/quantize/place.hpp"
#include "kernels/quantize/quantize.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

struct group_params {
  row_view x;
  unsigned char* codes;
  void* scales;                                  // f32, or words when packed
  std::int64_t scale_row = 0, scale_column = 0;  // strides in elements
  const float* static_scale;                     // null: measured
  writer rule;
  bool packed;
  std::int64_t rows, k, group_rows, group, row_groups, column_groups;
};

group_params group_params_of(const groups_problem&, const kernel_arguments&);

/// Writes a group's scale; the last of a row clears the unused bytes of its word.
__device__ __forceinline__ void put_scale(const group_params& p, std::int64_t row, std::int64_t column,
                                          float scale) {
  if (!p.packed) {
    static_cast<float*>(p.scales)[row * p.scale_row + column * p.scale_column] = scale;
    return;
  }
  auto* const word =
      static_cast<unsigned char*>(p.scales) + 4 * (row * p.scale_row + column / 4 * p.scale_column);
  word[column % 4] = static_cast<unsigned char>(e8m0_byte(scale));
  if (column + 1 == p.column_groups)
    for (std::int64_t i = column % 4 + 1; i < 4; ++i) word[i] = 0;
}

inline constexpr contract group_contracts[] = {movement("bf16/groups", dtype::bf16, dtype::e4m3),
                                               movement("f16/groups", dtype::f16, dtype::e4m3),
                                               movement("f32/groups", dtype::f32, dtype::e4m3)};
inline constexpr contract int8_contracts[] = {movement("bf16/int8", dtype::bf16, dtype::i8),
                                              movement("f16/int8", dtype::f16, dtype::i8),
                                              movement("f32/int8", dtype::f32, dtype::i8)};
/// Why a type is not taken, or nothing.
std::string group_domain(const groups_problem&);

variant<groups_problem> act_groups();
variant<groups_problem> int8_groups();
variant<groups_problem> weight_blocks();

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize
