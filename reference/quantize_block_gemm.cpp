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
//
// 128 columns of a block are exact in 13 fraction bits when their sum of magnitudes is below 2^14 units, a
// unit being the lowest bit set in any of the products: then no partial sum, in any order, has bits to cut.
// Where they are not, a product loses at most what lies below 2^-13 of the largest one.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "reference/quantize.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::int64_t promoted_columns = 128;

// Columns [first, first + count) of b, transposed: (count, n).
std::vector<double> columns_of(const std::vector<double>& b, std::int64_t n, std::int64_t k,
                               std::int64_t first, std::int64_t count) {
  std::vector<double> turned(static_cast<std::size_t>(n * count));
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t c = 0; c < count; ++c)
      turned[static_cast<std::size_t>(c * n + j)] = b[static_cast<std::size_t>(j * k + first + c)];
  return turned;
}

// The lowest bit set in x as a number; infinity in 0, which has none.
double lowest_bit(double x) {
  if (x == 0 || !std::isfinite(x)) return std::numeric_limits<double>::infinity();
  int exponent = 0;
  const auto digits = static_cast<std::uint64_t>(std::ldexp(std::fabs(std::frexp(x, &exponent)), 53));
  return std::ldexp(1.0, exponent - 53 + std::countr_zero(digits));
}
std::vector<double> lowest_bits(const std::vector<double>& values) {
  std::vector<double> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), lowest_bit);
  return bits;
}

// Up to 128 columns of k of a row of results, one entry a column of it.
struct step_sums {
  std::vector<double> sum, magnitude, largest, unit, lost, lost2;

  void begin(std::size_t columns) {
    for (auto* one : {&sum, &magnitude, &largest, &lost, &lost2}) one->assign(columns, 0);
    unit.assign(columns, std::numeric_limits<double>::infinity());
  }
  void add(double x, double x_unit, const double* b, const double* b_unit) {
    for (std::size_t j = 0; j < sum.size(); ++j) {
      const double product = x * b[j], size = std::fabs(product);
      sum[j] += product;
      magnitude[j] += size;
      largest[j] = std::max(largest[j], size);
      unit[j] = std::min(unit[j], x_unit * b_unit[j]);
    }
  }
  void add_lost(double x, const double* b) {
    for (std::size_t j = 0; j < sum.size(); ++j) {
      const double product = x * b[j], most = std::min(std::fabs(product), largest[j] * 0x1p-13);
      lost[j] += std::copysign(most, product);
      lost2[j] += most * most;
    }
  }
  bool exact(std::size_t column) const { return magnitude[column] < unit[column] * 0x1p14; }
};

}  // namespace

block_gemm_truth block_gemm(const block_gemm_problem& p, const tensor_set& inputs, bool keep_blocks) {
  check(p, inputs);
  const std::vector<double> a = inputs.at("a").values(), b = inputs.at("b").values();
  const std::vector<double> a_scale = inputs.at("a_scale").values(), b_scale = inputs.at("b_scale").values();
  block_gemm_truth truth;
  truth.blocks = (p.k + p.block_k - 1) / p.block_k;
  const auto size_of_all = static_cast<std::size_t>(p.m * p.n), width = static_cast<std::size_t>(p.n);
  truth.out.assign(size_of_all, 0), truth.s1 = truth.sb = truth.out;
  const auto scale_of = [&](std::int64_t at, std::int64_t block) {
    return a_scale[static_cast<std::size_t>(at / p.n * truth.blocks + block)] *
           b_scale[static_cast<std::size_t>(at % p.n / p.block_n * truth.blocks + block)];
  };
  if (keep_blocks) truth.block.assign(static_cast<std::size_t>(truth.blocks) * size_of_all, 0);
  truth.step_sb = truth.rounding_s1 = truth.rounding_sb = truth.lost = truth.lost2 = truth.out;
  const std::vector<double> a_unit = lowest_bits(a), b_unit = lowest_bits(b);
  step_sums sums;
  std::vector<double> block_sum(size_of_all);
  for (std::int64_t block = 0; block < truth.blocks; ++block) {
    std::fill(block_sum.begin(), block_sum.end(), 0);
    const std::int64_t end = std::min((block + 1) * p.block_k, p.k);
    for (std::int64_t first = block * p.block_k; first < end; first += promoted_columns) {
      const std::int64_t count = std::min(promoted_columns, end - first);
      ++truth.steps;
      const std::vector<double> turned = columns_of(b, p.n, p.k, first, count),
                                turned_unit = columns_of(b_unit, p.n, p.k, first, count);
      for (std::int64_t i = 0; i < p.m; ++i) {
        sums.begin(width);
        for (std::int64_t c = 0; c < count; ++c) {
          const auto at = static_cast<std::size_t>(i * p.k + first + c);
          sums.add(a[at], a_unit[at], turned.data() + c * p.n, turned_unit.data() + c * p.n);
        }
        for (std::int64_t c = 0; c < count; ++c)
          sums.add_lost(a[static_cast<std::size_t>(i * p.k + first + c)], turned.data() + c * p.n);
        for (std::size_t j = 0; j < width; ++j) {
          const std::size_t at = static_cast<std::size_t>(i) * width + j;
          const double scale = scale_of(static_cast<std::int64_t>(at), block);
          block_sum[at] += sums.sum[j];
          truth.s1[at] += std::fabs(sums.magnitude[j] * scale);
          truth.step_sb[at] += std::fabs(sums.sum[j] * scale);
          if (sums.exact(j)) continue;
          truth.rounding_sb[at] += std::fabs(sums.sum[j] * scale);
          truth.rounding_s1[at] += std::fabs(sums.magnitude[j] * scale);
          truth.lost[at] += std::fabs(sums.lost[j] * scale);
          truth.lost2[at] += sums.lost2[j] * scale * scale;
        }
      }
    }
    for (std::size_t at = 0; at < size_of_all; ++at) {
      const double part = block_sum[at] * scale_of(static_cast<std::int64_t>(at), block);
      truth.out[at] += part;
      truth.sb[at] += std::fabs(part);
      if (keep_blocks) truth.block[static_cast<std::size_t>(block) * size_of_all + at] = part;
    }
  }
  return truth;
}

}  // namespace plumbline::quantize
