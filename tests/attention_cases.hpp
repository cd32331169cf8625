// Units of attention from plain arrays, random small ones, and attention in 113 bits to hold the double
// against.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/random.hpp"

namespace plumbline::attention_cases {

struct arrays {
  std::vector<double> q, k, v;
};

/// A unit that reads `data`; every row sees every key until begin and end are changed.
inline attention_unit make_unit(std::shared_ptr<const arrays> data, std::int64_t dk, std::int64_t dv) {
  attention_unit u;
  u.rows = static_cast<std::int64_t>(data->q.size()) / dk;
  u.keys = static_cast<std::int64_t>(data->v.size()) / dv;
  u.dk = dk, u.dv = dv;
  const auto rows_of = [data](std::vector<double> arrays::*which, std::int64_t width) {
    return [data, which, width](std::int64_t first, std::int64_t count, double* out) {
      std::memcpy(out, ((*data).*which).data() + first * width,
                  sizeof(double) * static_cast<std::size_t>(count * width));
    };
  };
  u.load_q = rows_of(&arrays::q, dk);
  u.load_k = rows_of(&arrays::k, dk);
  u.load_v = rows_of(&arrays::v, dv);
  u.begin.assign(static_cast<std::size_t>(u.rows), 0);
  u.end.assign(static_cast<std::size_t>(u.rows), u.keys);
  return u;
}

struct shape {
  std::int64_t rows, keys, dk, dv;
  double q_size = 1;        // standard deviation of q
  bool small_grid = false;  // few different values: many equal scores
};

struct random_case {
  std::shared_ptr<arrays> data;
  attention_unit unit;
};

inline random_case make_case(const shape& s, std::uint64_t seed) {
  random_case c;
  c.data = std::make_shared<arrays>();
  const auto fill = [&](std::vector<double>& to, std::int64_t count, const char* purpose, double size) {
    random_stream stream(seed, purpose);
    to.resize(static_cast<std::size_t>(count));
    for (double& x : to)
      x = s.small_grid ? static_cast<double>(stream.integer(-1, 1)) * size
                       : static_cast<double>(static_cast<float>(stream.normal() * size));
  };
  fill(c.data->q, s.rows * s.dk, "q", s.q_size);
  fill(c.data->k, s.keys * s.dk, "k", 1);
  fill(c.data->v, s.keys * s.dv, "v", 1);
  c.unit = make_unit(c.data, s.dk, s.dv);
  c.unit.score_scale = 1 / std::sqrt(static_cast<double>(s.dk));
  return c;
}

/// Ranges of all kinds: whole, empty, one key, and anything between.
inline void cut_ranges(attention_unit& u, std::uint64_t seed) {
  random_stream stream(seed, "ranges");
  for (std::size_t i = 0; i < u.begin.size(); ++i) {
    const std::int64_t kind = stream.integer(0, 4);
    if (kind == 0 || u.keys == 0) continue;
    u.begin[i] = stream.integer(0, u.keys - 1);
    u.end[i] = kind == 1 ? u.begin[i] : kind == 2 ? u.begin[i] + 1 : stream.integer(u.begin[i], u.keys);
  }
}

using quad = __float128;

/// e^x from the series at x / 2^20, squared twenty times: 93 bits.
inline quad quad_exp(quad x) {
  if (x < -11000) return 0;
  const quad y = x / (1 << 20);
  quad term = 1, sum = 0;
  for (int i = 1; i < 16; ++i) sum += term, term *= y / i;
  for (int i = 0; i < 20; ++i) sum *= sum;
  return sum;
}
inline quad quad_log(quad x) {
  quad y = std::log(static_cast<double>(x));
  for (int i = 0; i < 3; ++i) y += x * quad_exp(-y) - 1;
  return y;
}
inline quad quad_abs(quad x) { return x < 0 ? -x : x; }

/// One row in 113 bits, and the error that double may make on it.
///
/// With u = 2^-53: a score is off by (dk + 3) u sum|q k| scale (products, sum, scale; soft cap: its slope is
/// at most 1, and it adds 8 u of the cap), the exponent by u |s - m|, exp by 2 u, a page's sum by 64 u, each
/// of the pages and chunks that is added by 4 u (rescaling included).  Numerator and row sum both carry that,
/// hence twice.
struct quad_row {
  std::vector<quad> out, S1;
  std::vector<quad> w, s;
  quad lse = 0, s_max = 0;
  double relative = 0;  // of every weight
};
inline quad_row attend_in_quad(const attention_unit& u, const arrays& a, std::int64_t row) {
  quad_row result;
  const auto i = static_cast<std::size_t>(row);
  const std::int64_t begin = u.begin[i], end = u.end[i];
  quad largest_sum = 0, largest_drop = 0, l = 0;
  for (std::int64_t j = begin; j < end; ++j) {
    quad dot = 0, size = 0;
    for (std::int64_t d = 0; d < u.dk; ++d) {
      const quad x = static_cast<quad>(a.q[static_cast<std::size_t>(row * u.dk + d)]) *
                     a.k[static_cast<std::size_t>(j * u.dk + d)];
      dot += x, size += quad_abs(x);
    }
    quad s = dot * u.score_scale;
    if (u.softcap > 0) {
      const quad e = quad_exp(-2 * quad_abs(s) / u.softcap), t = u.softcap * (1 - e) / (1 + e);
      s = s < 0 ? -t : t;
    }
    largest_sum = std::max(largest_sum, size * quad_abs(u.score_scale) + quad_abs(s));
    result.s_max = j == begin ? s : std::max(result.s_max, s);
    result.s.push_back(s);
  }
  for (const quad s : result.s) {
    largest_drop = std::max(largest_drop, result.s_max - s);
    result.w.push_back(quad_exp(s - result.s_max));
    l += result.w.back();
  }
  result.lse = result.s_max + quad_log(l);
  const quad fs = u.sink.empty() ? 1 : 1 / (1 + quad_exp(u.sink[i] - result.lse));
  for (quad& w : result.w) w /= l;
  result.out.assign(static_cast<std::size_t>(u.dv), 0);
  result.S1 = result.out;
  for (std::int64_t j = begin; j < end; ++j)
    for (std::size_t c = 0; c < result.out.size(); ++c) {
      const quad x = result.w[static_cast<std::size_t>(j - begin)] * fs * u.value_scale *
                     a.v[static_cast<std::size_t>(j * u.dv) + c];
      result.out[c] += x, result.S1[c] += quad_abs(x);
    }
  const double pages = static_cast<double>((end - begin) / companion_page + 2);
  result.relative = 0x1p-53 * (static_cast<double>(u.dk + 3) * static_cast<double>(largest_sum) +
                               static_cast<double>(largest_drop) + 8 * u.softcap + 2 + 64 + 4 * pages);
  return result;
}

/// Largest error of a unit's truth in units of what double may do; NaN counts as infinite.
inline double worst_against_quad(const attention_unit& u, const arrays& a, const attention_truth& truth) {
  double worst = 0;
  const auto take = [&](quad error, double bound) {
    const double used = static_cast<double>(quad_abs(error)) / bound;
    worst = used <= worst ? worst : (used > worst ? used : std::numeric_limits<double>::infinity());
  };
  for (std::int64_t row = 0; row < u.rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (u.begin[i] >= u.end[i]) {
      take(truth.lse[i] == -std::numeric_limits<double>::infinity() ? 0 : 1, 0.5);
      for (std::int64_t c = 0; c < u.dv; ++c)
        take(truth.out[static_cast<std::size_t>(row * u.dv + c)], 1e-300);
      continue;
    }
    const quad_row exact = attend_in_quad(u, a, row);
    take(exact.lse - truth.lse[i], exact.relative + 0x1p-52 * std::fabs(truth.lse[i]));
    const double sink = u.sink.empty() ? 0 : 4 * exact.relative + 0x1p-50 * std::fabs(u.sink[i]);
    for (std::size_t c = 0; c < exact.out.size(); ++c)
      take(exact.out[c] - truth.out[i * exact.out.size() + c],
           (2 * exact.relative + sink + 0x1p-51) * static_cast<double>(exact.S1[c]) + 1e-300);
  }
  return worst;
}

}  // namespace plumbline::attention_cases
