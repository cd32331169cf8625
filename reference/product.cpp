#include "reference/product.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/bulk_decode.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_places.hpp"
#include "reference/quantize_group.hpp"

namespace plumbline {

namespace {

constexpr std::int64_t block = mla::weight_block;

// One token against one panel.  `Companions` decides whether magnitudes are kept.
template <bool Companions>
struct panel_sums {
  double total[panel_columns] = {}, size[panel_columns] = {}, pages[panel_columns] = {};
  double here[panel_columns] = {};

  void add(double x, const double* w) {
    for (std::int64_t j = 0; j < panel_columns; ++j) {
      const double term = x * w[j];
      here[j] += term;
      if constexpr (Companions) size[j] += std::fabs(term);
    }
  }
  void end_block() {
    for (std::int64_t j = 0; j < panel_columns; ++j) {
      total[j] += here[j];
      if constexpr (Companions) pages[j] += std::fabs(here[j]);
    }
  }
};

}  // namespace

weight_matrix::weight_matrix(const tensor_set& inputs, const std::string& name, dtype type)
    : codes_(&inputs.at(name)), scale_(inputs.find(name + "_scale")), type_(type) {}

void weight_matrix::load(std::int64_t row, std::int64_t first, std::int64_t count, double* out) const {
  const std::int64_t at[] = {row, first};
  const std::byte* codes = mla::element(*codes_, codes_->offset(at));
  if (scale_ == nullptr) return decode_row(codes_->type(), codes, count, out);
  for (std::int64_t c = 0; c < count; ++c) {
    const std::int64_t of[] = {row / block, (first + c) / block};
    const auto scale = static_cast<float>(scale_->value(scale_->offset(of)));
    out[c] = quantize::value_of(codes_->type(), static_cast<std::uint8_t>(codes[c]), scale, type_);
  }
}

std::vector<double> weight_matrix::values() const {
  std::vector<double> all(static_cast<std::size_t>(rows() * columns()));
  for (std::int64_t row = 0; row < rows(); ++row) load(row, 0, columns(), all.data() + row * columns());
  return all;
}

panel_source rows_as_columns(const weight_matrix& w, std::int64_t first_row) {
  return [&w, first_row](std::int64_t first, std::int64_t count, double* panel) {
    std::vector<double> row(static_cast<std::size_t>(w.columns()));
    for (std::int64_t j = 0; j < count; ++j) {
      w.load(first_row + first + j, 0, w.columns(), row.data());
      for (std::int64_t k = 0; k < w.columns(); ++k)
        panel[k * panel_columns + j] = row[static_cast<std::size_t>(k)];
    }
  };
}

panel_source rows_as_columns(const double* rows, std::int64_t depth) {
  return [rows, depth](std::int64_t first, std::int64_t count, double* panel) {
    for (std::int64_t j = 0; j < count; ++j)
      for (std::int64_t k = 0; k < depth; ++k) panel[k * panel_columns + j] = rows[(first + j) * depth + k];
  };
}

std::vector<double> product(std::span<const double> x, std::int64_t depth, std::int64_t n,
                            const panel_source& w, product_companions* companions) {
  const std::int64_t tokens = depth == 0 ? 0 : static_cast<std::int64_t>(x.size()) / depth;
  const std::int64_t blocks = (depth + block - 1) / block;
  std::vector<double> y(static_cast<std::size_t>(tokens * n));
  if (companions != nullptr) {
    companions->S1.assign(y.size(), 0.0);
    companions->SB.assign(y.size(), 0.0);
    companions->blocks.assign(y.size() * static_cast<std::size_t>(blocks), 0.0);
  }
  std::vector<double> panel(static_cast<std::size_t>(depth * panel_columns));
  const auto run = [&](auto sums_type, std::int64_t first, std::int64_t count) {
    for (std::int64_t t = 0; t < tokens; ++t) {
      decltype(sums_type) sums;
      const double* row = x.data() + t * depth;
      for (std::int64_t b = 0; b < blocks; ++b) {
        std::fill_n(sums.here, panel_columns, 0.0);
        const std::int64_t end = std::min(depth, (b + 1) * block);
        for (std::int64_t k = b * block; k < end; ++k) sums.add(row[k], panel.data() + k * panel_columns);
        sums.end_block();
        for (std::int64_t j = 0; companions != nullptr && j < count; ++j)
          companions->blocks[static_cast<std::size_t>((t * n + first + j) * blocks + b)] = sums.here[j];
      }
      std::copy_n(sums.total, count, y.data() + t * n + first);
      if (companions == nullptr) continue;
      std::copy_n(sums.size, count, companions->S1.data() + t * n + first);
      std::copy_n(sums.pages, count, companions->SB.data() + t * n + first);
    }
  };
  for (std::int64_t first = 0; first < n && tokens > 0; first += panel_columns) {
    const std::int64_t count = std::min(panel_columns, n - first);
    if (count < panel_columns) std::fill(panel.begin(), panel.end(), 0.0);
    w(first, count, panel.data());
    if (companions != nullptr)
      run(panel_sums<true>{}, first, count);
    else
      run(panel_sums<false>{}, first, count);
  }
  return y;
}

}  // namespace plumbline
