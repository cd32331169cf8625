// The tile functions of attention_tile.hpp; see there.  Included once by attention_tile_v3.cpp and once by
// _v4.cpp, everything internal, so that neither copy can stand in for the other.
//
// Rounding of P (verdict of attention, coherent effects).  x = 2^theta p p_scale is rounded to a step of
// 2^(max(exponent, emin) - fraction bits) by adding and subtracting 1.5 * 2^52 steps: nearest even,
// subnormals of P's type included, exact in double.  A key whose x would exceed P = 1 keeps theta 0.  The
// error in units of p is summed as it is (p delta), so only its mean square needs a division.  Keys whose
// error is below 2^-40 (1 + |s|) at every theta are exact in P: a plain zero never holds for powers of two
// formed with a rounded ln 2.
#pragma once

#include "reference/attention_tile.hpp"
//
#include "reference/attention_tile_vector.hpp"
//
#include "reference/attention_tile_product.hpp"

namespace plumbline::attention_tile {
namespace {

bool absorb(const absorb_call& c) {
  bool moved = false;
  for (int h = 0; h < panel_rows; h += lanes) {
    const vec m_old = load(c.m + h);
    vec m = m_old;
    for (int k = c.first; k < c.last; ++k) m = larger(load(c.s + k * panel_rows + h), m);
    const vec base = m == -infinity ? vec{} : m;
    const vec factor = m_old == m ? all(1) : exp_of(m_old - base);
    vec l = {}, t_sum = {};
    for (int k = c.first; k < c.last; ++k) {
      const vec t = load(c.s + k * panel_rows + h) - base;
      const vec p = exp_of(t);
      l += p;
      if (c.p) store(c.p + k * panel_rows + h, p);
      if (c.t_sum) t_sum += p * (p == 0.0 ? vec{} : t);
    }
    if (c.t_sum) {
      const vec old_sum = load(c.t_sum + h), old_l = load(c.l + h);
      const vec drop = old_l == 0.0 ? vec{} : m_old - base;
      store(c.t_sum + h, factor * (old_sum + old_l * drop) + t_sum);
    }
    store(c.l + h, load(c.l + h) * factor + l);
    store(c.m + h, m);
    store(c.shrink + h, factor);
    moved |= any(m_old != m);
  }
  return moved;
}

void weights(const weight_call& c) {
  for (int h = 0; h < panel_rows; h += lanes) {
    const vec m = load(c.m + h), base = m == -infinity ? vec{} : m;
    const vec inverse_l = load(c.inverse_l + h), t_mean = load(c.t_mean + h);
    vec centred2 = {}, w_norm = {}, w2 = {};
    for (int k = c.first; k < c.last; ++k) {
      const int at = k * panel_rows + h;
      const vec difference = load(c.s + at) - base;
      const vec p = exp_of(difference);
      const vec t = p == 0.0 ? vec{} : difference;
      const vec centred = t - t_mean, w = p * inverse_l;
      store(c.p + at, p);
      store(c.t + at, t);
      store(c.centred + at, centred);
      store(c.w + at, w);
      store(c.w_centred + at, w * centred);
      centred2 += w * centred * centred;
      w_norm += w * c.key_norm[k];
      w2 += w * w;
    }
    store(c.sum_centred2 + h, load(c.sum_centred2 + h) + centred2);
    store(c.sum_w_norm + h, load(c.sum_w_norm + h) + w_norm);
    store(c.sum_w2 + h, load(c.sum_w2 + h) + w2);
  }
}

void rounding(const rounding_call& c) {
  const rounding_rule rule = c.rule;
  for (int h = 0; h < panel_rows; h += lanes) {
    vec square[page_keys], largest[page_keys];
    for (int theta = 0; theta < thetas; ++theta) {
      const vec up = load(c.up + theta * panel_rows + h), down = load(c.down + theta * panel_rows + h);
      const vec up0 = load(c.up + h), down0 = load(c.down + h);
      vec sum = {}, sum_centred = {};
      for (int k = c.first; k < c.last; ++k) {
        const int at = k * panel_rows + h;
        const vec p = load(c.p + at);
        const vec lifted = p * up;
        const whole beyond = lifted > rule.one;
        const vec x = beyond ? p * up0 : lifted;
        const vec step = larger(power_below(x), all(rule.min_normal)) * rule.magic;
        const vec rounded = (x + step) - step;
        const vec error = (rounded - x) * (beyond ? down0 : down);
        sum += error;
        sum_centred += error * load(c.centred + at);
        square[k] = theta == 0 ? error * error : square[k] + error * error;
        largest[k] = theta == 0 ? magnitude(error) : larger(magnitude(error), largest[k]);
      }
      if (c.sum_error) {
        double* to = c.sum_error + theta * panel_rows + h;
        double* to_centred = c.sum_error_centred + theta * panel_rows + h;
        store(to, load(to) + sum);
        store(to_centred, load(to_centred) + sum_centred);
      }
    }
    const vec s_max = load(c.s_max + h);
    for (int k = c.first; k < c.last; ++k) {
      const int at = k * panel_rows + h;
      const vec p = load(c.p + at);
      const vec exact = p * 0x1p-40 * (1.0 + magnitude(load(c.t + at) + s_max));
      const vec mean = square[k] / larger(thetas * p * p, all(1e-300));
      store(c.variance + at, largest[k] <= exact ? vec{} : larger(mean, all(rule.floor_variance)));
    }
  }
}

bool noise(const noise_call& c) {
  whole flushes = {};
  for (int h = 0; h < panel_rows; h += lanes) {
    const vec score_noise = load(c.score_noise + h), half_step = load(c.half_step + h);
    vec v0 = {}, vb = {}, n2 = {}, n4 = {}, eps2 = {}, t1 = {}, flushed = {};
    for (int k = c.first; k < c.last; ++k) {
      const int at = k * panel_rows + h;
      const vec p = load(c.p + at), t = load(c.t + at), w = load(c.w + at), w2 = w * w;
      const vec dp2 = load(c.variance + at), centred = load(c.centred + at);
      const vec from_norms = score_noise * c.key_norm[k];
      const vec from_exponent = 1.2e-7 * t;
      const vec e2 = from_norms * from_norms + 0.1 * from_exponent * from_exponent + c.tanh_variance;
      const vec w2d2 = w2 * (dp2 + e2 + c.exp_variance);
      store(c.w2d2 + at, w2d2);
      v0 += w2 * dp2;
      vb += w2 * dp2 * centred * centred;
      n2 += w2d2;
      n4 += w2d2 * w2d2;
      eps2 += w2 * e2;
      const vec lost = (p < half_step ? p : half_step) - c.u * p;
      t1 += larger(lost, vec{});
      const whole gone = (p <= half_step) & (w >= 1e-36);
      const vec w_gone = gone ? w : vec{};
      flushes |= gone;
      store(c.w_flushed + at, w_gone);
      flushed += w_gone;
    }
    const auto add = [h](double* to, vec x) __attribute__((always_inline)) {
      store(to + h, load(to + h) + x);
    };
    add(c.v0, v0), add(c.vb, vb), add(c.n2, n2), add(c.n4, n4);
    add(c.eps2, eps2), add(c.t1, t1), add(c.flushed, flushed);
  }
  return any(flushes);
}

void shrink(double* o, std::int64_t columns, const double* factor) {
  for (int h = 0; h < panel_rows; h += lanes) {
    const vec f = load(factor + h);
    for (std::int64_t c = 0; c < columns; ++c)
      store(o + c * panel_rows + h, load(o + c * panel_rows + h) * f);
  }
}

void magnitudes(const double* v, std::int64_t count, std::int64_t columns, double* absolute, double* square,
                double* column_max) {
  for (std::int64_t r = 0; r < count; ++r) {
    const double* from = v + r * columns;
    std::int64_t c = 0;
    for (; c + lanes <= columns; c += lanes) {
      const vec x = load_loose(from + c), size = magnitude(x);
      store_loose(absolute + r * columns + c, size);
      store_loose(square + r * columns + c, x * x);
      const vec most = load_loose(column_max + c);
      store_loose(column_max + c, size < infinity ? larger(size, most) : most);
    }
    for (; c < columns; ++c) {
      const double size = __builtin_fabs(from[c]);
      absolute[r * columns + c] = size;
      square[r * columns + c] = size * size;
      if (size > column_max[c] && size < infinity) column_max[c] = size;
    }
  }
}

void norms(const double* k, std::int64_t count, std::int64_t dk, double* norm2) {
  for (std::int64_t r = 0; r < count; ++r) {
    vec sum[4] = {};
    std::int64_t d = 0;
    for (; d + 4 * lanes <= dk; d += 4 * lanes) PLUMBLINE_UNROLL
    for (int i = 0; i < 4; ++i) {
      const vec x = load_loose(k + r * dk + d + i * lanes);
      sum[i] += x * x;
    }
    const vec together = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    double total = 0;
    for (int i = 0; i < lanes; ++i) total += together[i];
    for (; d < dk; ++d) total += k[r * dk + d] * k[r * dk + d];
    norm2[r] = total;
  }
}

bool finite(const double* x, std::int64_t count) {
  vec sum[4] = {};
  std::int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) PLUMBLINE_UNROLL
  for (int j = 0; j < 4; ++j) sum[j] += load_loose(x + i + j * lanes) * 0.0;
  vec together = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  double total = 0;
  for (; i < count; ++i) total += x[i] * 0.0;
  return !any(together != 0.0) && total == 0.0;
}

void exp_each(const double* x, double* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += lanes) store_loose(y + i, exp_of(load_loose(x + i)));
}

void tanh_each(const double* x, double* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += lanes) store_loose(y + i, tanh_of(load_loose(x + i)));
}

constexpr functions table = {scores, absorb,     product, weights, rounding, noise,
                             shrink, magnitudes, norms,   finite,  exp_each, tanh_each};

}  // namespace

const functions& PLUMBLINE_TILE_TABLE() { return table; }

}  // namespace plumbline::attention_tile
