// Companions by their formulas, written down directly in long double, one key after the other.
//
// Every quantity carries a size: the sum of the absolute values of what was added, which is what rounding
// errors are relative to.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <numbers>

#include "reference/core/formats.hpp"
#include "tests/attention_cases.hpp"

namespace plumbline::attention_cases {

using real = long double;

struct sized {
  real value = 0, size = 0;
  void add(real x, real s) { value += x, size += s; }
  void add(real x) { add(x, std::fabs(x)); }
};

struct naive_row {
  quad_row exact;
  std::array<real, theta_count> up{};  // 2^theta
  real s_bar = 0, row_sum = 0;
  std::vector<real> w, t, centred, dp2, d2, biggest_delta, key_norm;
  std::array<sized, theta_count> delta, b;
  sized V0, Vs, Vb, n2, n4, eps2, w2, wk, T1;
  std::vector<sized> S1, SB, C, A2, flushed;
  double q_norm = 0;
};

inline std::array<double, theta_count> maxima(const std::vector<double>& s, std::int64_t begin) {
  const auto n = static_cast<std::int64_t>(s.size());
  const auto top = [&](std::int64_t from, std::int64_t to) {
    return *std::max_element(s.begin() + std::max<std::int64_t>(0, from), s.begin() + std::min(n, to));
  };
  const auto blocks = [&](std::int64_t size) {
    std::vector<double> all;
    for (std::int64_t b = begin / size; b * size < begin + n; ++b)
      all.push_back(top(b * size - begin, (b + 1) * size - begin));
    std::sort(all.begin(), all.end());
    return all;
  };
  const std::vector<double> sixteens = blocks(16);
  return {top(0, n),         top(0, 16),      top(0, 128),      top(0, 1024),
          top(n - 64, n),    top(n - 256, n), sixteens.front(), sixteens[sixteens.size() / 2],
          blocks(64).front()};
}

inline naive_row companions_of(const attention_unit& u, const arrays& a, std::int64_t row,
                               const contract& promised) {
  naive_row x;
  const auto i = static_cast<std::size_t>(row);
  x.exact = attend_in_quad(u, a, row);
  const std::int64_t begin = u.begin[i];
  const std::size_t n = x.exact.w.size(), dv = static_cast<std::size_t>(u.dv);
  const double up_type = unit_roundoff(promised.attention().p_type), scale = promised.attention().p_scale;
  const format f = format_of(promised.attention().p_type);
  const double half_step = std::ldexp(1.0, 1 - f.bias - f.fraction_bits - 1) / scale;
  const double c_acc = score_noise(promised.attention().acc_qk, static_cast<double>(u.dk));
  std::vector<double> s(n);
  for (std::size_t j = 0; j < n; ++j) s[j] = static_cast<double>(x.exact.s[j]);
  const std::array<double, theta_count> tops = maxima(s, begin);
  for (std::size_t t = 0; t < theta_count; ++t) {
    const real other = static_cast<real>(tops[t]) * std::numbers::log2e_v<real>;
    const real own = static_cast<real>(x.exact.s_max) * std::numbers::log2e_v<real>;
    const bool whole = promised.attention().shift == p_shift::integer;
    x.up[t] =
        std::exp2(t == 0 && !whole ? 0 : std::min<real>(1000, own - (whole ? std::ceil(other) : other)));
  }
  double q2 = 0;
  for (std::int64_t d = 0; d < u.dk; ++d)
    q2 += a.q[static_cast<std::size_t>(row * u.dk + d)] * a.q[static_cast<std::size_t>(row * u.dk + d)];
  x.q_norm = std::sqrt(q2);

  real t_mean = 0;
  for (std::size_t j = 0; j < n; ++j) {
    x.t.push_back(static_cast<real>(x.exact.s[j] - x.exact.s_max));
    x.w.push_back(static_cast<real>(x.exact.w[j]));
    t_mean += x.w[j] * x.t[j];
    double k2 = 0;
    for (std::int64_t d = 0; d < u.dk; ++d) {
      const double k = a.k[static_cast<std::size_t>((begin + static_cast<std::int64_t>(j)) * u.dk + d)];
      k2 += k * k;
    }
    x.key_norm.push_back(std::sqrt(k2));
  }
  for (const real t : x.t) x.row_sum += std::exp(t);

  // Rounding of P, key by key.
  std::vector<std::array<real, theta_count>> deltas(n);
  std::map<double, std::vector<std::size_t>> groups;
  for (std::size_t j = 0; j < n; ++j) {
    const real p = std::exp(x.t[j]);
    bool exact = true;
    real square = 0, biggest = 0;
    for (std::size_t t = 0; t < theta_count; ++t) {
      const real lifted = x.up[t] * p > 1 + 0x1p-40L ? x.up[0] * p * scale : x.up[t] * p * scale;
      const real rounded = round_to(promised.attention().p_type, static_cast<double>(lifted));
      const real d = lifted > 0 ? rounded / lifted - 1 : 0;
      deltas[j][t] = d;
      square += d * d / theta_count;
      biggest = std::max(biggest, std::fabs(d));
      exact &= std::fabs(d) <= 0x1p-40L * (1 + std::fabs(static_cast<real>(s[j])));
      x.delta[t].add(x.w[j] * d, x.w[j] * (1 + std::fabs(d)));
    }
    const real drop = 1.2e-7L * x.t[j], score = c_acc * std::fabs(u.score_scale) * x.q_norm * x.key_norm[j];
    const real tanh_noise = u.softcap > 0 ? promised.attention().e_tanh * u.softcap : 0;
    const real e2 = score * score + 0.1L * drop * drop + tanh_noise * tanh_noise;
    x.dp2.push_back(exact ? 0 : std::max<real>(0.18L * up_type * up_type, square));
    x.d2.push_back(x.dp2[j] + e2 +
                   static_cast<real>(promised.attention().e_exp) * promised.attention().e_exp / 3);
    x.biggest_delta.push_back(biggest);
    x.eps2.add(x.w[j] * x.w[j] * e2);
    x.w2.add(x.w[j] * x.w[j]);
    x.wk.add(x.w[j] * x.key_norm[j]);
    x.T1.add(std::max<real>(0, std::min<real>(p, half_step / x.up[0]) - up_type * p) / x.row_sum,
             p / x.row_sum);
    x.Vs.add(x.w[j] * (x.t[j] - t_mean) * (x.t[j] - t_mean),
             x.w[j] * (std::fabs(x.t[j]) + std::fabs(t_mean)) * (std::fabs(x.t[j]) + std::fabs(t_mean)));
    // Equal scores: the double computation sees equality of its own scores; 113 bits agree on these inputs,
    // whose products and sums are exact.
    groups[s[j]].push_back(j);
  }
  x.S1.resize(dv), x.SB = x.C = x.A2 = x.flushed = x.S1;
  std::vector<real> r(dv);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t c = 0; c < dv; ++c)
      r[c] += x.w[j] * static_cast<real>(a.v[(static_cast<std::size_t>(begin) + j) * dv + c]);
  for (std::size_t t = 0; t < theta_count; ++t)
    for (std::size_t j = 0; j < n; ++j)
      x.b[t].add(x.w[j] * deltas[j][t] * (x.t[j] - t_mean),
                 x.w[j] * (1 + std::fabs(deltas[j][t])) * (std::fabs(x.t[j]) + std::fabs(t_mean)));

  const auto value = [&](std::size_t j, std::size_t c) {
    return static_cast<real>(a.v[(static_cast<std::size_t>(begin) + j) * dv + c]);
  };
  for (const auto& [score, keys] : groups) {
    real together = 0, noisiest = 0, n_size = 0;
    for (const std::size_t j : keys)
      together += x.w[j], noisiest = std::max(noisiest, x.d2[j]),
                          n_size = std::max(n_size, x.biggest_delta[j]);
    const std::size_t j = keys[0];
    const real weight2 = together * together, centred = x.t[j] - t_mean,
               wide = std::fabs(x.t[j]) + std::fabs(t_mean);
    x.V0.add(weight2 * x.dp2[j], weight2 * (x.dp2[j] + n_size));
    x.Vb.add(weight2 * x.dp2[j] * centred * centred, weight2 * (x.dp2[j] + n_size) * wide * wide);
    x.n2.add(weight2 * noisiest, weight2 * (noisiest + n_size));
    x.n4.add(weight2 * noisiest * weight2 * noisiest,
             weight2 * weight2 * (noisiest + n_size) * (noisiest + n_size));
  }
  const real fs =
      u.sink.empty() ? 1 : 1 / (1 + std::exp(static_cast<real>(u.sink[i]) - static_cast<real>(x.exact.lse)));
  const real vs = fs * std::fabs(static_cast<real>(u.value_scale));
  for (std::size_t c = 0; c < dv; ++c) {
    real alone = 0, grouped = 0, size = 0, page = 0;
    sized lost;
    for (std::size_t j = 0; j < n; ++j) {
      const real v = value(j, c), w = x.w[j];
      x.S1[c].add(vs * w * std::fabs(v));
      page += w * v;
      if (j + 1 == n || (begin + static_cast<std::int64_t>(j) + 1) % companion_page == 0)
        x.SB[c].value += vs * std::fabs(page), page = 0;
      x.C[c].add(fs * u.value_scale * w * (x.t[j] - t_mean) * v,
                 vs * w * (std::fabs(x.t[j]) + std::fabs(t_mean)) * std::fabs(v));
      alone += w * w * x.d2[j] * (v - r[c]) * (v - r[c]);
      size += w * w * (x.d2[j] + x.biggest_delta[j]) * (std::fabs(v) + std::fabs(r[c])) *
              (std::fabs(v) + std::fabs(r[c]));
      if (x.up[0] * w * x.row_sum <= half_step)
        lost.add(w * (v - r[c]), w * (std::fabs(v) + std::fabs(r[c])));
    }
    for (const auto& [score, keys] : groups) {
      real sum = 0, noisiest = 0;
      for (const std::size_t j : keys)
        sum += x.w[j] * (value(j, c) - r[c]), noisiest = std::max(noisiest, x.d2[j]);
      grouped += noisiest * sum * sum;
    }
    x.SB[c].size = x.S1[c].size;
    x.A2[c] = {vs * vs * std::max(alone, grouped), vs * vs * size + vs * vs * grouped};
    x.flushed[c] = {vs * std::fabs(lost.value), vs * lost.size + vs * 1e-30L * static_cast<real>(n)};
  }
  return x;
}

}  // namespace plumbline::attention_cases
