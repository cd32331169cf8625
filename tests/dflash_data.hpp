// Small calls of dflash, drawn and written out.
#pragma once

#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "reference/dflash.hpp"

namespace plumbline::dflash::called {

using integer = std::int64_t;
using numbers = std::vector<double>;

template <class... Index>
integer place(const tensor& t, Index... i) {
  const integer where[] = {static_cast<integer>(i)...};
  return t.offset(where);
}
template <class... Index>
double at(const tensor& t, Index... i) {
  return t.value(place(t, i...));
}

/// Sets a dense tensor's elements in row-major order.
inline void fill(tensor& t, const numbers& values) {
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<integer>(i), values[i]);
}

/// Draws every number that the problem does not fix; a mask hides three keys in ten, never the last.
template <class Problem>
tensor_set drawn(const Problem& p, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) {
    random_stream r(seed, name);
    if (t.type() == dtype::i32 && name != "block") continue;
    std::vector<integer> i(static_cast<std::size_t>(t.rank()), 0);
    for (integer n = 0; n < t.size(); ++n) {
      const double x = name == "mask"       ? (r.chance(0.7) || i[3] + 1 == t.dim(3))
                       : name == "block"    ? static_cast<double>(r.integer(0, 3))
                       : name == "uniforms" ? 0.9 * r.uniform()
                                            : r.normal();
      t.set_value(t.offset(i), x);
      for (int axis = t.rank(); axis-- > 0;) {
        const auto a = static_cast<std::size_t>(axis);
        if (++i[a] < t.dim(axis)) break;
        i[a] = 0;
      }
    }
  }
  return inputs;
}

}  // namespace plumbline::dflash::called
