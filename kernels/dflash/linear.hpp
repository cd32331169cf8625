// Rows times weights, a bias added: one launch for up to three weights that read the same rows.
//
//   y[row][n] = sum over k of x[row][k] w[n][k] + bias[n], rounded once
//
// Parts lie side by side in the grid and never share a tile, so a result has the same bits whichever launch
// it falls into.
#pragma once

#include <cstdint>

#include "kernels/core/launch.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {

/// Rows of (sequence, token); strides in elements.
struct token_matrix {
  std::uint16_t* data = nullptr;
  std::int64_t sequence = 0, token = 0;
};

struct linear_part {
  const std::uint16_t* weight = nullptr;  // (width, inner), contiguous
  const std::uint16_t* bias = nullptr;    // (width); null: none
  token_matrix out;
  std::int64_t width = 0, first_tile = 0;
  bool wide_weight = false, wide_out = false;  // rows lie on 16 bytes and hold whole multiples of it
};

struct linear_params {
  token_matrix x;
  std::int64_t sequences = 0, tokens = 0;  // rows: tokens of each sequence
  std::int64_t inner = 0;
  linear_part parts[3];
  int count = 0;
  bool wide_x = false;

  /// Adds a weight, and what its rows give.
  void add(const void* weight, const void* bias, const token_matrix& out, std::int64_t width);
};

/// Rows of a tensor (sequences, tokens, ...), from a token of each sequence on.
token_matrix token_matrix_of(const tensor_view&, std::int64_t first_token = 0);

/// Computes all parts in `type`, bf16 or f16.
void launch_linear(dtype type, linear_params p, launcher& on);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash
