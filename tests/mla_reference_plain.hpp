// A second opinion for the truth of mla: rows of attention written down key by key, in 113 bits.
//
// A test gathers the query and the keys that it sees by its own reading of the definition; everything else is
// the softmax of attention_cases.hpp, with the error that a double may make.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "reference/core/tensor.hpp"
#include "tests/attention_cases.hpp"

namespace plumbline::mla::plain {

using integer = std::int64_t;
using numbers = std::vector<double>;
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double junk = std::numeric_limits<double>::quiet_NaN();

/// Value of an element.
template <class... Index>
double at(const tensor& t, Index... i) {
  const integer where[] = {static_cast<integer>(i)...};
  return t.value(t.offset(where));
}
template <class... Index>
void put(tensor& t, double x, Index... i) {
  const integer where[] = {static_cast<integer>(i)...};
  t.set_value(t.offset(where), x);
}

inline tensor integers(std::vector<integer> shape, const numbers& values) {
  tensor t(dtype::i32, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<integer>(i), values[i]);
  return t;
}

/// |x - expected| within `ulps` units in the last place of the larger: one for each rounded step.
inline bool close(double x, double expected, double ulps) {
  return std::fabs(x - expected) <= ulps * 0x1p-52 * std::max(std::fabs(x), std::fabs(expected));
}

/// One query and the keys that it sees, with their values.
struct row {
  integer d = 1, dv = 1;
  double scale = 1;
  numbers q, k, v;
  numbers sink;  // none, or one logit
};

/// Error of (out, lse) in units of what a double may do; a row without keys must be zero and +inf.
inline double error_of(const row& r, const double* out, double lse) {
  auto data = std::make_shared<attention_cases::arrays>(attention_cases::arrays{r.q, r.k, r.v});
  attention_unit unit = attention_cases::make_unit(data, r.d, r.dv);
  unit.score_scale = r.scale;
  unit.sink = r.sink;
  attention_truth truth;
  truth.out.assign(out, out + r.dv);
  truth.lse.assign(1, unit.keys > 0 ? lse : lse == infinity ? -infinity : junk);
  return attention_cases::worst_against_quad(unit, *data, truth);
}

/// Fills every element with NaN, or with `x`.
inline void fill(tensor& t, double x) {
  std::vector<integer> i(static_cast<std::size_t>(t.rank()), 0);
  for (integer n = 0; n < t.size(); ++n) {
    t.set_value(t.offset(i), x);
    for (int axis = t.rank(); axis-- > 0;) {
      const auto a = static_cast<std::size_t>(axis);
      if (++i[a] < t.dim(axis)) break;
      i[a] = 0;
    }
  }
}

/// Fills every element with normal draws.
inline void draw(tensor& t, random_stream& from, double size = 1) {
  std::vector<integer> i(static_cast<std::size_t>(t.rank()), 0);
  for (integer n = 0; n < t.size(); ++n) {
    t.set_value(t.offset(i), size * from.normal());
    for (int axis = t.rank(); axis-- > 0;) {
      const auto a = static_cast<std::size_t>(axis);
      if (++i[a] < t.dim(axis)) break;
      i[a] = 0;
    }
  }
}

}  // namespace plumbline::mla::plain
