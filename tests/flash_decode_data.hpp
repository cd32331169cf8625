// Hand-made data: rows that hold one number in every channel, so that a gathered row says where it came from.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "reference/flash_decode.hpp"

namespace plumbline::flash_decode::by_hand {

inline constexpr double junk = std::numeric_limits<double>::quiet_NaN();
inline constexpr double infinity = std::numeric_limits<double>::infinity();
using numbers = std::vector<double>;

inline tensor rows_of(dtype type, std::vector<std::int64_t> shape, const numbers& row_values,
                      std::int64_t gap = 0) {
  tensor t = rows_with_gap(type, std::move(shape), gap);
  const std::int64_t width = t.shape().back();
  for (std::size_t r = 0; r < row_values.size(); ++r)
    for (std::int64_t c = 0; c < width; ++c)
      t.set_value(static_cast<std::int64_t>(r) * (width + gap) + c, row_values[r]);
  return t;
}

inline tensor integers(std::vector<std::int64_t> shape, const numbers& values) {
  tensor t(dtype::i32, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
  return t;
}

inline tensor filled(dtype type, std::vector<std::int64_t> shape, double x) {
  tensor t(type, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, x);
  return t;
}

// First channel of every row.
inline numbers firsts(const numbers& all, std::size_t width) {
  numbers first;
  for (std::size_t at = 0; at < all.size(); at += width) first.push_back(all[at]);
  return first;
}

inline numbers keys_of(const attention_unit& unit) {
  numbers k(static_cast<std::size_t>(unit.keys * unit.dk));
  unit.load_k(0, unit.keys, k.data());
  return firsts(k, static_cast<std::size_t>(unit.dk));
}

}  // namespace plumbline::flash_decode::by_hand
