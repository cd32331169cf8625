// Running rows of quantize's tables, and inputs of every class of group, for tests of the kernels.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <memory>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "reference/quantize.hpp"
#include "tests/quantize_reference_data.hpp"

#ifndef PLUMBLINE_TEST_EXECUTOR
#define PLUMBLINE_TEST_EXECUTOR "host"
#endif

namespace plumbline::quantize::by_hand {

inline constexpr std::string_view executor_name = PLUMBLINE_TEST_EXECUTOR;
inline constexpr side where = executor_name == "gpu"       ? side::gpu
                              : executor_name == "checked" ? side::checked
                                                           : side::host;

inline executor& test_executor() {
  static const std::unique_ptr<executor> on = [] {
    std::string why_not;
    auto made = make_executor(executor_name, why_not);
    BOOST_TEST_REQUIRE(made != nullptr, why_not);
    return made;
  }();
  return *on;
}

/// One call; outputs that nobody gives are poisoned first.
template <class Problem>
tensor_set run_row(const variant<Problem>& row, const Problem& p, tensor_set& inputs, tensor_set outputs,
                   const run_options& options = {}) {
  const auto fault = test_executor().run(
      [&](const auto& args, auto& launcher) { row.run(p, args, launcher); }, inputs, outputs, options);
  BOOST_TEST_REQUIRE(!fault, row.name << ": " << (fault ? fault->message : ""));
  return outputs;
}
inline tensor_set poisoned(tensor_set outputs) {
  for (auto& one : outputs) one.value.poison(0xff);
  return outputs;
}

/// The row of that name on the executor of the test.
template <class Problem>
const variant<Problem>& row_named(std::string_view name) {
  for (const auto& row : variants_of<Problem>(where))
    if (row.name == name) return row;
  BOOST_FAIL("no variant " << name);
  std::abort();
}

inline tensor integers(const std::vector<std::int64_t>& values) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    t.set_value(static_cast<std::int64_t>(i), static_cast<double>(values[i]));
  return t;
}

/// Fills columns [0, tile * n) of a matrix with one class of group a tile, the others with anything.
inline void fill_tiles(tensor& t, std::int64_t tile, std::int64_t quantized, random_stream& draw,
                       int first_kind = 0) {
  int kind = first_kind;
  for (std::int64_t row = 0; row < t.dim(0); ++row) {
    const std::int64_t start = row * t.strides()[0];
    for (std::int64_t c = 0; c < quantized; c += tile, ++kind) {
      const auto count = static_cast<std::size_t>(std::min(tile, quantized - c));
      const std::vector<double> x = group_of_kind(kind % kinds, t.type(), count, draw);
      for (std::size_t i = 0; i < count; ++i) t.set_value(start + c + static_cast<std::int64_t>(i), x[i]);
    }
    for (std::int64_t c = quantized; c < t.dim(1); ++c)
      t.set_code(start + c, static_cast<std::uint64_t>(draw.integer(0, 65535)));
  }
}

/// Same bytes, but any NaN is as good as any other where the type is floating.
inline void require_alike(const tensor_set& expected, const tensor_set& found) {
  for (const auto& [name, one] : expected) {
    const tensor& other = found.at(name);
    if (same_elements(one, other)) continue;
    const std::vector<double> a = one.values(), b = other.values();
    BOOST_TEST_REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!(std::isnan(a[i]) && std::isnan(b[i])) &&
          (a[i] != b[i] || std::signbit(a[i]) != std::signbit(b[i]))) {
        BOOST_TEST(a[i] == b[i], name << ", element " << i << ": expected " << a[i] << ", got " << b[i]);
        return;
      }
  }
}

}  // namespace plumbline::quantize::by_hand
