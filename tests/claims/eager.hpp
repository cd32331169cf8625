// Arrays as a tensor library of the field computes them: one operation at a time, each rounded to a type.
//
// Proposals are written in such a library, so what it refuses they run into: a shape that no view has, axes
// that do not broadcast, factors of two types.  Views are copies here; values are held in double and are
// those of `type`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/formats.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::claims {

using shape_list = std::vector<std::int64_t>;

struct array {
  dtype type = dtype::f32;
  shape_list shape;
  std::vector<double> data;  // dense, row-major

  std::int64_t size() const { return static_cast<std::int64_t>(data.size()); }
  /// Axes count from the end when negative.
  std::int64_t dim(int axis) const {
    return shape[static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis)];
  }
};

array zeros(dtype type, shape_list shape);
array read(const tensor_view&);
/// The array must have the view's shape; values are rounded to its type.
void write(const array&, const tensor_view&);
/// Indices [begin, end) of an axis of a view in memory.
tensor_view part_of(tensor_view, int axis, std::int64_t begin, std::int64_t end);

array to(const array&, dtype type);
/// One axis may be -1.
array view(const array&, shape_list shape);
array transpose(const array&, int a, int b);
array slice(const array&, int axis, std::int64_t begin, std::int64_t end);
/// Axes of one element are repeated.
array expand(const array&, shape_list shape);
array cat(const array&, const array&, int axis);
/// to[..., begin : end, ...] = from; cast to the type of `to`.
void assign(array& to, int axis, std::int64_t begin, std::int64_t end, const array& from);

/// Broadcast.
array add(const array&, const array&);
array times(const array&, double factor);
/// (..., m, k) by (..., k, n), the axes before broadcast: exact products, one rounding at the end.
array matmul(const array&, const array&);
/// matmul with weights of attention: a key whose score is -inf does not multiply, so that a hidden NaN stays
/// hidden.
array weighted(const array& weights, const array& values, const array& scores);
/// x W^T, W (out, in).
array linear(const array& x, const array& weight);
/// Over the last axis, in fp32.
array softmax(const array&);
/// Over the last axis: the logarithm of the sum of exponentials, in fp32.
array log_sum_exp(const array&);
/// Rows of the last axis, rounded once.
array rms_norm(const array&, const array& weight, double eps);

}  // namespace plumbline::claims
