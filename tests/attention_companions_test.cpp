// Companions against their formulas, written down directly in long double, one key after the other.
//
// Every quantity carries a size, the sum of the absolute values of what was added; the double computation may
// be off by a few times the relative error of a weight (attention_cases.hpp derives it) times that size.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <numbers>

#include "reference/core/formats.hpp"
#include "tests/attention_cases.hpp"

using namespace plumbline;
using namespace plumbline::attention_cases;

namespace {

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

std::array<double, theta_count> maxima(const std::vector<double>& s, std::int64_t begin) {
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

naive_row companions_of(const attention_unit& u, const arrays& a, std::int64_t row,
                        const contract& promised) {
  naive_row x;
  const auto i = static_cast<std::size_t>(row);
  x.exact = attend_in_quad(u, a, row);
  const std::int64_t begin = u.begin[i];
  const std::size_t n = x.exact.w.size(), dv = static_cast<std::size_t>(u.dv);
  const double up_type = unit_roundoff(promised.p_type), scale = promised.p_scale;
  const format f = format_of(promised.p_type);
  const double half_step = std::ldexp(1.0, 1 - f.bias - f.fraction_bits - 1) / scale;
  const double c_acc = score_noise(promised.acc_qk, static_cast<double>(u.dk));
  std::vector<double> s(n);
  for (std::size_t j = 0; j < n; ++j) s[j] = static_cast<double>(x.exact.s[j]);
  const std::array<double, theta_count> tops = maxima(s, begin);
  for (std::size_t t = 0; t < theta_count; ++t) {
    const real other = static_cast<real>(tops[t]) * std::numbers::log2e_v<real>;
    const real own = static_cast<real>(x.exact.s_max) * std::numbers::log2e_v<real>;
    const bool whole = promised.shift == p_shift::integer;
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
  const real spread = *std::max_element(x.t.begin(), x.t.end(), [](real p, real q) { return -p < -q; });

  // Rounding of P, key by key.
  std::vector<std::array<real, theta_count>> deltas(n);
  std::map<double, std::vector<std::size_t>> groups;
  for (std::size_t j = 0; j < n; ++j) {
    const real p = std::exp(x.t[j]);
    bool exact = true;
    real square = 0, biggest = 0;
    for (std::size_t t = 0; t < theta_count; ++t) {
      const real lifted = x.up[t] * p > 1 + 0x1p-40L ? x.up[0] * p * scale : x.up[t] * p * scale;
      const real rounded = round_to(promised.p_type, static_cast<double>(lifted));
      const real d = lifted > 0 ? rounded / lifted - 1 : 0;
      deltas[j][t] = d;
      square += d * d / theta_count;
      biggest = std::max(biggest, std::fabs(d));
      exact &= std::fabs(d) <= 0x1p-40L * (1 + std::fabs(static_cast<real>(s[j])));
      x.delta[t].add(x.w[j] * d, x.w[j] * (1 + std::fabs(d)));
    }
    const real drop = 1.2e-7L * x.t[j], score = c_acc * std::fabs(u.score_scale) * x.q_norm * x.key_norm[j];
    const real tanh_noise = u.softcap > 0 ? promised.e_tanh * u.softcap : 0;
    const real e2 = score * score + 0.1L * drop * drop + tanh_noise * tanh_noise;
    x.dp2.push_back(exact ? 0 : std::max<real>(0.18L * up_type * up_type, square));
    x.d2.push_back(x.dp2[j] + e2 + static_cast<real>(promised.e_exp) * promised.e_exp / 3);
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
      x.b[t].add(
          x.w[j] * deltas[j][t] * (x.t[j] - t_mean),
          x.w[j] * (1 + std::fabs(deltas[j][t])) * (std::fabs(x.t[j]) + std::fabs(t_mean) + spread * 0));

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

/// Holds every companion of a unit against the formulas; returns the largest part of the allowance used.
double hold(const random_case& c, const contract& promised, const attention_options& options) {
  const attention_unit& u = c.unit;
  const attention_truth truth = attend({&u, 1}, {&promised, 1}, options)[0];
  double worst = 0;
  for (std::int64_t row = 0; row < u.rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (u.begin[i] >= u.end[i]) continue;
    const naive_row x = companions_of(u, *c.data, row, promised);
    const real relative = 2 * static_cast<real>(x.exact.relative) + 1e-15L;
    const auto check = [&](const char* name, double computed, real value, real size) {
      const double used = static_cast<double>(std::fabs(computed - value) / (relative * size + 1e-300L));
      if (!(used <= 1))
        BOOST_ERROR(name << " of row " << row << ": " << computed << ", expected "
                         << static_cast<double>(value) << " within " << static_cast<double>(relative * size));
      worst = std::max(worst, used);
    };
    const auto one = [&](const char* name, double computed, const sized& expected) {
      check(name, computed, expected.value, expected.size);
    };
    const contract_companions::row& q = truth.contracts[0].rows[i];
    const real vs = x.Vs.value, vs_relative = vs > 0 ? x.Vs.size / vs : 1;
    BOOST_TEST(truth.row_facts[i].visible == u.end[i] - u.begin[i]);
    check("s_max", truth.row_facts[i].s_max, static_cast<real>(x.exact.s_max),
          1 + std::fabs(static_cast<real>(x.exact.s_max)));
    one("V0", q.V0, x.V0);
    one("Vs", q.Vs, x.Vs);
    if (vs > 1e-20L) check("Vb", q.Vb, x.Vb.value / (vs * vs), x.Vb.size / (vs * vs) * (1 + 2 * vs_relative));
    const real n4 = x.n2.value * x.n2.value / x.n4.value;
    check("n4", q.n4, n4, n4 * (2 * x.n2.size / x.n2.value + x.n4.size / x.n4.value));
    check("eps_bar", q.eps_bar, std::sqrt(x.eps2.value / x.w2.value),
          std::sqrt(x.eps2.value / x.w2.value) + 1e-12L);
    one("eps_l",
        q.eps_l /
            ((promised.acc_qk == accumulation::f13 ? 6e-5 : 8e-8) * std::fabs(u.score_scale) * x.q_norm +
             1e-300),
        x.q_norm > 0 ? x.wk : sized{});
    one("T1", q.T1, x.T1);
    for (std::size_t t = 0; t < theta_count; ++t) {
      one("delta", q.delta[t], x.delta[t]);
      if (vs > 1e-20L) check("b", q.b[t], x.b[t].value / vs, x.b[t].size / vs * (1 + vs_relative));
    }
    for (std::size_t column = 0; column < static_cast<std::size_t>(u.dv); ++column) {
      const std::size_t at = i * static_cast<std::size_t>(u.dv) + column;
      one("S1", truth.S1[at], x.S1[column]);
      one("SB", truth.SB[at], x.SB[column]);
      one("C", truth.C[at], x.C[column]);
      one("A2", truth.contracts[0].A2[at], x.A2[column]);
      one("flushed", truth.contracts[0].flushed[at], x.flushed[column]);
      real top = 0;
      for (std::int64_t j = u.begin[i]; j < u.end[i]; ++j)
        top = std::max(top, std::fabs(static_cast<real>(u.value_scale) *
                                      c.data->v[static_cast<std::size_t>(j * u.dv) + column]));
      BOOST_TEST(truth.max_abs_v[at] >= static_cast<double>(top));
    }
  }
  return worst;
}

contract with(dtype p_type, double p_scale = 1, p_shift shift = p_shift::score) {
  contract c;
  c.p_type = p_type, c.p_scale = p_scale, c.shift = shift;
  if (p_type == dtype::e4m3) c.acc_qk = c.acc_pv = accumulation::f13;
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attention_companions)

BOOST_AUTO_TEST_CASE(every_companion_follows_its_formula) {
  const contract contracts[] = {with(dtype::bf16),
                                with(dtype::f16),
                                with(dtype::e4m3, 256),
                                with(dtype::f32),
                                with(dtype::bf16, 1, p_shift::integer),
                                with(dtype::e4m3, 256, p_shift::integer)};
  const shape shapes[] = {{3, 20, 8, 5},      {9, 150, 16, 9},       {2, 2300, 8, 6},
                          {5, 90, 12, 4, 12}, {4, 130, 8, 3, 0.001}, {1, 1, 4, 4}};
  double worst = 0;
  std::uint64_t seed = 100;
  for (const shape& s : shapes)
    for (const contract& promised : contracts)
      for (const int level : {3, 0}) {
        random_case c = make_case(s, ++seed);
        if (seed % 2) {
          cut_ranges(c.unit, seed);
          c.unit.value_scale = -1.5;
          c.unit.sink.assign(static_cast<std::size_t>(s.rows), 2.0);
        }
        worst = std::max(worst, hold(c, promised, {1, true, level}));
      }
  BOOST_TEST(worst > 1e-3, "the allowance is far too wide: " << worst);
  BOOST_TEST_MESSAGE("largest part of the allowance used: " << worst);
}

BOOST_AUTO_TEST_CASE(equal_scores_are_grouped) {
  // q and k from {-1, 0, 1}, scale 1/4: scores are exact, and only a few different ones occur.
  for (const contract& promised :
       {with(dtype::bf16), with(dtype::e4m3, 256), with(dtype::bf16, 1, p_shift::any)})
    for (const std::int64_t keys : {40, 700}) {
      random_case c = make_case({9, keys, 16, 6, 1, true}, static_cast<std::uint64_t>(keys));
      if (promised.shift == p_shift::any) continue;
      hold(c, promised, {1, true, 0});
    }
}

BOOST_AUTO_TEST_CASE(copies_of_one_key_add_their_noise_before_it_is_squared) {
  // Two copies of a key that holds v = 1, one key with v = 0, all of P inexact: group variance is four times
  // one.
  random_case c = make_case({1, 3, 1, 1}, 1);
  c.data->q = {1}, c.data->k = {-0.3, -0.3, 0}, c.data->v = {1, 1, 0};
  c.unit.score_scale = 1;
  const contract promised = with(dtype::bf16);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
  const double e = std::exp(-0.3), l = 1 + 2 * e, w = e / l, r = 2 * w;
  const contract_companions::row& q = truth.contracts[0].rows[0];

  const double dp2 = q.V0 / (4 * w * w);  // the key at the maximum is exact: P = 1
  BOOST_TEST(dp2 >= 0.18 * 0x1p-16 * (1 - 1e-12));
  const double exact_key = 9e-14 / 3;  // e_exp^2 / 3 alone: q is one, k is zero
  const double eps2 = 64e-16 * 0.09 + 0.1 * 1.44e-14 * 0.09;
  const double expected =
      (dp2 + eps2 + exact_key) * 4 * w * w * (1 - r) * (1 - r) + exact_key * r * r / l / l;
  BOOST_TEST(std::fabs(truth.contracts[0].A2[0] - expected) <= 1e-9 * expected);
}

BOOST_AUTO_TEST_CASE(powers_of_two_are_exact_in_p) {
  // Scores are whole multiples of ln 2 (rounded to double): every P is a power of two but for the last bits
  // of exp.
  random_case c = make_case({1, 60, 1, 3}, 3);
  c.data->q = {1};
  for (std::size_t j = 0; j < 60; ++j) c.data->k[j] = -std::numbers::ln2 * static_cast<double>(j % 7);
  c.unit.score_scale = 1;
  const contract promised = with(dtype::bf16);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

  BOOST_TEST(truth.contracts[0].rows[0].V0 == 0);
  BOOST_TEST(truth.contracts[0].rows[0].Vb == 0);
}

BOOST_AUTO_TEST_CASE(one_hot_rows_leave_no_noise) {
  random_case c = make_case({8, 1, 4, 6}, 4);
  const contract promised = with(dtype::e4m3, 256);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

  // A2 is a difference of sums, so zero up to their last places: far below the floor of 1e-9 S1 that the
  // judge keeps.
  for (std::size_t i = 0; i < truth.S1.size(); ++i)
    BOOST_TEST(std::sqrt(truth.contracts[0].A2[i]) <= 1e-9 * truth.S1[i]);
  for (const contract_companions::row& q : truth.contracts[0].rows) BOOST_TEST((q.V0 == 0 && q.Vs == 0));
}

BOOST_AUTO_TEST_CASE(keys_below_half_a_step_of_e4m3_are_flushed_together) {
  // P of the small keys is e^-13.1 = 2.0e-6 < 2^-18: all 200 vanish, and with them 4e-4 of the weight.
  random_case c = make_case({1, 201, 1, 1}, 5);
  c.data->q = {1};
  for (std::size_t j = 0; j < 201; ++j) c.data->k[j] = j ? -13.1 : 0.0, c.data->v[j] = j ? 3.0 : 1.0;
  c.unit.score_scale = 1;
  const contract promised = with(dtype::e4m3, 256);
  const attention_truth truth = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
  const double w = 200 * std::exp(-13.1) / (1 + 200 * std::exp(-13.1));

  BOOST_TEST(std::fabs(truth.contracts[0].flushed[0] - w * (3 - truth.out[0])) <= 1e-12);
  BOOST_TEST(std::fabs(truth.contracts[0].rows[0].delta[0] + w) <= 1e-12);
}

BOOST_AUTO_TEST_CASE(several_contracts_in_one_pass_get_what_each_gets_alone) {
  random_case c = make_case({20, 500, 16, 8}, 6);
  const contract contracts[] = {with(dtype::bf16), with(dtype::e4m3, 256), with(dtype::f32)};
  const attention_truth together = attend({&c.unit, 1}, contracts, {1, true, 0})[0];
  for (std::size_t i = 0; i < 3; ++i) {
    const attention_truth alone = attend({&c.unit, 1}, {&contracts[i], 1}, {1, true, 0})[0];
    BOOST_TEST((alone.contracts[0].A2 == together.contracts[i].A2));
    BOOST_TEST(std::memcmp(alone.contracts[0].rows.data(), together.contracts[i].rows.data(),
                           sizeof(contract_companions::row) * 20) == 0);
  }
}

BOOST_AUTO_TEST_CASE(repeated_rows_and_parallel_values_are_counted) {
  random_case c = make_case({10, 300, 16, 32}, 7);
  const contract promised;
  for (double& v : c.data->v) v += 5;  // a common offset is not a direction
  const attention_truth plain = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];
  for (const std::size_t row : {4u, 9u})
    std::copy_n(c.data->q.begin(), 16, c.data->q.begin() + static_cast<std::ptrdiff_t>(row * 16));
  for (std::size_t j = 0; j < 300; ++j)
    for (std::size_t column = 1; column < 32; ++column) c.data->v[j * 32 + column] = c.data->v[j * 32];
  const attention_truth parallel = attend({&c.unit, 1}, {&promised, 1}, {1, true, 0})[0];

  BOOST_TEST(plain.duplicate_rows == 1);
  BOOST_TEST(parallel.duplicate_rows == 3);
  BOOST_TEST((plain.effective_columns > 16 && plain.effective_columns <= 32));  // independent: near 32
  BOOST_TEST(std::fabs(parallel.effective_columns - 1) < 1e-9);
}

BOOST_AUTO_TEST_SUITE_END()
