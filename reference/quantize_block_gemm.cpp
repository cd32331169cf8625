// block_gemm: sums over blocks of k, exact, times two scales, summed in double.
//
// A product of two e4m3 codes is a multiple of 2^-18 below 2^18, of two int8 codes an integer below 2^15: the
// sum over a block is exact in double up to 2^17 columns, whatever the order, and so is the sum of
// magnitudes.  What rounds is only scaling and the sum over blocks, 2^-53 a step.  One column of the block at
// a time is added to a whole row of results, so the inner loop has no dependent sum and vectorises.
//
// The companions say what an accumulator may lose.  One that is emptied into fp32 after every block errs by
// its width times the block's own partial sums: random parts scale with s1 / sqrt(blocks), drifts with sb.
// One that is never emptied cuts every product at the size of the whole running sum, so on data of one sign
// its loss grows with the length of the sum and leaves any multiple of sb behind.
#include <algorithm>
#include <cmath>

#include "reference/quantize.hpp"

namespace plumbline::quantize {

namespace {

// Columns [first, first + count) of b, transposed: (count, n).
std::vector<double> columns_of(const std::vector<double>& b, std::int64_t n, std::int64_t k,
                               std::int64_t first, std::int64_t count) {
  std::vector<double> turned(static_cast<std::size_t>(n * count));
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t c = 0; c < count; ++c)
      turned[static_cast<std::size_t>(c * n + j)] = b[static_cast<std::size_t>(j * k + first + c)];
  return turned;
}

void add_products(double x, const double* b, std::int64_t n, double* sum, double* magnitude) {
  for (std::int64_t j = 0; j < n; ++j) {
    const double product = x * b[j];
    sum[j] += product;
    magnitude[j] += std::fabs(product);
  }
}

}  // namespace

block_gemm_truth block_gemm(const block_gemm_problem& p, const tensor_set& inputs, bool keep_blocks) {
  check(p, inputs);
  const std::vector<double> a = inputs.at("a").values(), b = inputs.at("b").values();
  const std::vector<double> a_scale = inputs.at("a_scale").values(), b_scale = inputs.at("b_scale").values();
  block_gemm_truth truth;
  truth.blocks = (p.k + p.block_k - 1) / p.block_k;
  const auto size = static_cast<std::size_t>(p.m * p.n), width = static_cast<std::size_t>(p.n);
  truth.out.assign(size, 0), truth.s1.assign(size, 0), truth.sb.assign(size, 0);
  if (keep_blocks) truth.block.assign(static_cast<std::size_t>(truth.blocks) * size, 0);
  std::vector<double> sum(width), magnitude(width);
  for (std::int64_t block = 0; block < truth.blocks; ++block) {
    const std::int64_t first = block * p.block_k, count = std::min(p.block_k, p.k - first);
    const std::vector<double> turned = columns_of(b, p.n, p.k, first, count);
    for (std::int64_t i = 0; i < p.m; ++i) {
      std::fill(sum.begin(), sum.end(), 0), std::fill(magnitude.begin(), magnitude.end(), 0);
      for (std::int64_t c = 0; c < count; ++c)
        add_products(a[static_cast<std::size_t>(i * p.k + first + c)], turned.data() + c * p.n, p.n,
                     sum.data(), magnitude.data());
      const double down = a_scale[static_cast<std::size_t>(i * truth.blocks + block)];
      for (std::int64_t j = 0; j < p.n; ++j) {
        const auto at = static_cast<std::size_t>(i * p.n + j), column = static_cast<std::size_t>(j);
        const double across = b_scale[static_cast<std::size_t>(j / p.block_n * truth.blocks + block)];
        const double part = sum[column] * down * across;
        truth.out[at] += part;
        truth.sb[at] += std::fabs(part);
        truth.s1[at] += std::fabs(magnitude[column] * down * across);
        if (keep_blocks) truth.block[static_cast<std::size_t>(block) * size + at] = part;
      }
    }
  }
  return truth;
}

}  // namespace plumbline::quantize
