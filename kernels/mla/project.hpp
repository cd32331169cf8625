// A projection as its kernel sees it: one matrix product a head, over a block of weight rows of that head.
//
//   linear, absorb_output   y[n] = sum over columns k of w[first + n][k] x[k]
//   absorb_query            y[n] = sum over rows k of w[first + k][n] x[k]
#pragma once

#include <cstdint>

#include "kernels/core/launch.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

struct project_params {
  const std::uint16_t* x;
  std::int64_t x_token, x_head;  // strides in elements
  const void* weight;            // (rows, columns), contiguous
  const float* scale;  // one a block of 128 x 128 of the whole weight; null: weights of the type of x
  std::uint16_t* out;
  std::int64_t out_token, out_head;
  std::int64_t tokens, heads;
  std::int64_t inner, outer;            // products of a sum, results of a head
  std::int64_t columns, scale_columns;  // of weight and scale
  std::int64_t head_rows, first_row;    // rows of weight a head has; where those of this product begin
  bool rows_are_inner;                  // absorb_query
  bool wide_x, wide_weight, wide_out;   // rows lie on 16 bytes and hold whole multiples of it
};

/// Computes `out` in `Type`, bf16 or f16.
template <dtype Type>
void launch_project(const project_params&, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
