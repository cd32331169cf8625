// Arrays: products, and what runs along a row.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/claims/eager_shapes.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

array product(const array& a, const array& b, const array* scores) {
  require_one_type(a, b, "matmul");
  const std::int64_t m = a.dim(-2), k = a.dim(-1), n = b.dim(-1);
  if (b.dim(-2) != k)
    refuse("matmul: shapes " + text_of(a.shape) + " and " + text_of(b.shape) + " cannot be multiplied");
  const shape_list batch_a(a.shape.begin(), a.shape.end() - 2), batch_b(b.shape.begin(), b.shape.end() - 2);
  shape_list shape = broadcast(batch_a, batch_b, "matmul");
  const std::int64_t batches = count_of(shape);
  const auto matrix_of = [&](const shape_list& batch, std::int64_t number) {
    std::int64_t offset = 0, apart = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::size_t axis = shape.size() - 1 - i;
      const std::int64_t index = number % shape[axis];
      number /= shape[axis];
      if (i >= batch.size()) continue;
      const std::int64_t length = batch[batch.size() - 1 - i];
      offset += (length == 1 ? 0 : index) * apart;
      apart *= length;
    }
    return offset;
  };
  shape_list whole = shape;
  whole.push_back(m), whole.push_back(n);
  array c = zeros(a.type, std::move(whole));
  std::vector<double> row(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < batches; ++i) {
    const double* x = a.data.data() + matrix_of(batch_a, i) * m * k;
    const double* score = scores == nullptr ? nullptr : scores->data.data() + matrix_of(batch_a, i) * m * k;
    const double* y = b.data.data() + matrix_of(batch_b, i) * k * n;
    for (std::int64_t r = 0; r < m; ++r) {
      std::fill(row.begin(), row.end(), 0.0);
      for (std::int64_t e = 0; e < k; ++e) {
        if (scores != nullptr && score[r * k + e] == -HUGE_VAL) continue;
        for (std::int64_t column = 0; column < n; ++column)
          row[static_cast<std::size_t>(column)] += x[r * k + e] * y[e * n + column];
      }
      for (std::int64_t column = 0; column < n; ++column)
        c.data[static_cast<std::size_t>((i * m + r) * n + column)] =
            round_to(c.type, row[static_cast<std::size_t>(column)]);
    }
  }
  return c;
}

}  // namespace

array matmul(const array& a, const array& b) { return product(a, b, nullptr); }
array weighted(const array& weights, const array& values, const array& scores) {
  return product(weights, values, &scores);
}

array linear(const array& x, const array& weight) {
  shape_list shape = x.shape;
  shape.back() = weight.shape[0];
  return view(matmul(view(x, {-1, x.shape.back()}), transpose(weight, 0, 1)), shape);
}

array softmax(const array& a) {
  array b = to(a, dtype::f32);
  const std::int64_t width = a.shape.back();
  for (std::int64_t row = 0; width > 0 && row < a.size() / width; ++row) {
    double* x = b.data.data() + row * width;
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t i = 0; i < width; ++i)
      if (!(x[i] <= most)) most = x[i];
    for (std::int64_t i = 0; i < width; ++i) sum += x[i] = std::exp(x[i] - most);
    for (std::int64_t i = 0; i < width; ++i) x[i] = round_to(dtype::f32, x[i] / sum);
  }
  return b;
}

array log_sum_exp(const array& a) {
  const std::int64_t width = a.shape.back();
  array b = zeros(dtype::f32, shape_list(a.shape.begin(), a.shape.end() - 1));
  for (std::int64_t row = 0; row < b.size(); ++row) {
    const double* x = a.data.data() + row * width;
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t i = 0; i < width; ++i)
      if (!(x[i] <= most)) most = x[i];
    for (std::int64_t i = 0; i < width; ++i) sum += std::exp(x[i] - most);
    b.data[static_cast<std::size_t>(row)] = round_to(dtype::f32, most + std::log(sum));
  }
  return b;
}

array rms_norm(const array& x, const array& weight, double eps) {
  const std::int64_t width = x.shape.back();
  if (weight.size() != width)
    refuse("rms_norm: " + std::to_string(weight.size()) + " weights for rows of " + std::to_string(width));
  array y = x;
  for (std::int64_t row = 0; width > 0 && row < x.size() / width; ++row) {
    double* r = y.data.data() + row * width;
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) squares += r[i] * r[i];
    const double down = 1 / std::sqrt(squares / static_cast<double>(width) + eps);
    for (std::int64_t i = 0; i < width; ++i)
      r[i] = round_to(y.type, r[i] * down * weight.data[static_cast<std::size_t>(i)]);
  }
  return y;
}

}  // namespace plumbline::claims
