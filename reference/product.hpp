// Products with weights: y[t][n] = sum over k of x[t][k] w[n][k], in double.
//
// Weights are decoded a panel of columns at a time, so that a matrix of codes is never held as doubles.  Sums
// run over blocks of 128 k in order; with companions each also gives S1 = sum |x w| and SB = sum over blocks
// of |sum of the block|.  The error of y is at most (K + 1) 2^-53 S1.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "reference/core/tensor.hpp"

namespace plumbline {

/// A weight as it lies in a tensor (out, in): codes, with e4m3 one f32 scale a block, and the type in which
/// it enters a product.  Reads the tensors, which must outlive it.
class weight_matrix {
 public:
  weight_matrix(const tensor_set& inputs, const std::string& name, dtype type);
  std::int64_t rows() const { return codes_->dim(0); }
  std::int64_t columns() const { return codes_->dim(1); }
  /// Columns [first, first + count) of a row.
  void load(std::int64_t row, std::int64_t first, std::int64_t count, double* out) const;
  /// All of it, row after row.
  std::vector<double> values() const;

 private:
  const tensor* codes_;
  const tensor* scale_;  // none: the codes are the weights
  dtype type_;
};

inline constexpr std::int64_t panel_columns = 32;
/// Writes w[first + j][k], j < count <= panel_columns, to panel[k * panel_columns + j] for every k.
using panel_source = std::function<void(std::int64_t first, std::int64_t count, double* panel)>;

/// Rows [first_row, ...) of a weight as the columns of a product: y = x W^T.
panel_source rows_as_columns(const weight_matrix&, std::int64_t first_row);
/// The same for rows of `k` doubles.
panel_source rows_as_columns(const double* rows, std::int64_t k);

struct product_companions {
  std::vector<double> S1, SB;  // (tokens, n)
  std::vector<double> blocks;  // (tokens, n, ceil(k / 128)): sums of the blocks
};

/// (tokens, n) from x (tokens, k).
std::vector<double> product(std::span<const double> x, std::int64_t k, std::int64_t n, const panel_source& w,
                            product_companions* companions = nullptr);

}  // namespace plumbline
