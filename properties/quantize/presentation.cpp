#include "properties/quantize/presentation.hpp"

#include "reference/quantize_problem.hpp"

namespace plumbline::generate {

tensor matrix_between_nan(dtype type, std::int64_t rows, std::int64_t columns, std::int64_t gap) {
  tensor t = quantize::matrix(type, rows, columns, gap);
  t.fill_block(0xff);
  return t;
}

tensor regapped(const tensor& from, std::int64_t gap, std::byte fill) {
  return relaid(from, quantize::matrix(from.type(), from.dim(0), from.dim(1), gap), fill);
}

}  // namespace plumbline::generate
