// A case of a file whose attention is known without computing it.
#pragma once

#include "properties/external_case.hpp"

namespace plumbline {

// One query, two keys with equal scores: out is the mean of V, lse is ln 2.
inline recorded_case attend_by_hand() {
  recorded_case c;
  c.function = "attend";
  c.name = "two_equal_keys";
  tensor q(dtype::bf16, {1, 1, 1, 8}), k(dtype::bf16, {1, 2, 1, 8}), v(dtype::bf16, {1, 2, 1, 8});
  for (int i = 0; i < 8; ++i) {
    q.set_value(i, 1);
    v.set_value(i, 1);
    v.set_value(8 + i, 3);
  }
  tensor out(dtype::f64, {1, 1, 1, 8}), lse(dtype::f64, {1, 1, 1});
  for (int i = 0; i < 8; ++i) out.set_value(i, 2);
  lse.set_value(0, 0.693147180559945309);
  c.tensors.set("q", q);
  c.tensors.set("k_cache", k);
  c.tensors.set("v_cache", v);
  c.tensors.set("expected_out", out);
  c.tensors.set("expected_lse", lse);
  return c;
}

inline void fill(tensor& t, double x) {
  for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, x);
}

}  // namespace plumbline
