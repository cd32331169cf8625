#include "tests/harness/small_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "reference/core/formats.hpp"

namespace plumbline::testing {
namespace {

using real = long double;

struct scored_row {
  std::int64_t first = 0;
  std::vector<real> s, p, w;  // of the visible keys
  real s_max = 0, l = 0, s_mean = 0;
  std::vector<double> norm_k;
  double norm_q = 0;
};

double norm(const double* x, std::int64_t n) { return std::sqrt(std::inner_product(x, x + n, x, 0.0)); }

scored_row score(const small_attention& a, std::int64_t row) {
  scored_row out;
  out.first = a.first(row);
  const double* q = a.q.data() + row * a.dk;
  out.norm_q = norm(q, a.dk);
  for (std::int64_t j = out.first; j < a.last(row); ++j) {
    const double* k = a.k.data() + j * a.dk;
    real dot = 0;
    for (std::int64_t d = 0; d < a.dk; ++d) dot += static_cast<real>(q[d]) * k[d];
    real s = dot * a.scale;
    if (a.softcap > 0) s = a.softcap * std::tanh(s / a.softcap);
    out.s.push_back(s);
    out.norm_k.push_back(norm(k, a.dk));
  }
  if (out.s.empty()) return out;
  out.s_max = *std::max_element(out.s.begin(), out.s.end());
  for (real s : out.s) out.p.push_back(std::exp(s - out.s_max));
  out.l = std::accumulate(out.p.begin(), out.p.end(), real{0});
  for (std::size_t j = 0; j < out.p.size(); ++j) {
    out.w.push_back(out.p[j] / out.l);
    out.s_mean += out.w[j] * out.s[j];
  }
  return out;
}

/// Maxima that a running maximum may have had when a key's P was formed.
std::vector<real> possible_maxima(const scored_row& r) {
  const std::size_t n = r.s.size();
  const auto top = [&](std::size_t from, std::size_t to) {
    return *std::max_element(r.s.begin() + static_cast<std::ptrdiff_t>(from),
                             r.s.begin() + static_cast<std::ptrdiff_t>(to));
  };
  std::vector<real> out{r.s_max};
  for (std::size_t count : {16, 128, 1024}) out.push_back(top(0, std::min(n, count)));
  for (std::size_t count : {64, 256}) out.push_back(top(n - std::min(n, count), n));
  const auto blocks = [&](std::size_t size) {
    std::vector<real> maxima;
    const std::size_t lead = static_cast<std::size_t>(r.first) % size;
    for (std::size_t j = 0; j < n;) {
      const std::size_t to = std::min(n, j + (j == 0 ? size - lead : size));
      maxima.push_back(top(j, to));
      j = to;
    }
    std::sort(maxima.begin(), maxima.end());
    return maxima;
  };
  const std::vector<real> small = blocks(16), large = blocks(64);
  out.push_back(small.front());
  out.push_back(small[small.size() / 2]);
  out.push_back(large.front());
  return out;
}

contract_companions companions(const small_attention& a, const std::vector<scored_row>& rows,
                               const attention_truth& t, const contract& c) {
  contract_companions out;
  out.rows.resize(static_cast<std::size_t>(a.rows));
  out.A2.assign(static_cast<std::size_t>(a.rows * a.dv), 0);
  out.flushed = out.A2;
  const real u = unit_roundoff(c.attention().p_type), log2e = 1.442695040888963407359924681001892137L;
  const format f = format_of(c.attention().p_type);
  const real smallest_half_step = std::ldexp(real{0.5}, 1 - f.bias - f.fraction_bits);
  const real at_the_maximum = std::ldexp(real{1}, -40);
  const double tanh_error = a.softcap > 0 ? c.attention().e_tanh * a.softcap : 0;
  const double c_acc = score_noise(c.attention().acc_qk, static_cast<double>(a.dk));
  for (std::int64_t i = 0; i < a.rows; ++i) {
    const scored_row& r = rows[static_cast<std::size_t>(i)];
    const std::size_t n = r.s.size();
    if (n == 0) continue;
    contract_companions::row& row = out.rows[static_cast<std::size_t>(i)];
    const real fs = t.row_facts[static_cast<std::size_t>(i)].sink_factor;
    std::vector<real> lifts;
    for (real m : possible_maxima(r))
      lifts.push_back(std::exp2(c.attention().shift == p_shift::integer
                                    ? r.s_max * log2e - std::ceil(m * log2e)
                                    : (r.s_max - m) * log2e));
    const real half_step = smallest_half_step / (c.attention().p_scale * lifts[0]);
    std::vector<real> dP2(n), d2(n), eps2(n);
    real Vs = 0, eps_sum = 0, w2_sum = 0, eps_l = 0, T1 = 0;
    std::vector<real> b(theta_count, 0), delta(theta_count, 0);
    for (std::size_t j = 0; j < n; ++j) {
      const real centred = r.s[j] - r.s_mean;
      Vs += r.w[j] * centred * centred;
      bool exact = true;
      real mean2 = 0;
      for (std::size_t t9 = 0; t9 < theta_count; ++t9) {
        // A key that is itself the maximum stands at 1, whatever the last bit says.
        const real lift = lifts[t9] * r.p[j] > 1 + at_the_maximum ? lifts[0] : lifts[t9];
        const real p = r.p[j] * lift * c.attention().p_scale;
        const real rounded = round_to(c.attention().p_type, static_cast<double>(p), overflow::saturate);
        const real d = p > 0 ? rounded / p - 1 : 0;
        exact = exact && std::fabs(d) <= std::ldexp(real{1}, -40) * (1 + std::fabs(r.s[j]));
        mean2 += d * d / theta_count;
        delta[t9] += r.w[j] * d;
        b[t9] += r.w[j] * d * centred;
      }
      dP2[j] = exact ? 0 : std::max(real{0.18} * u * u, mean2);
      const real norms = c_acc * a.scale * r.norm_q * r.norm_k[j], far = 1.2e-7L * (r.s_max - r.s[j]);
      eps2[j] = norms * norms + real{0.1} * far * far + tanh_error * tanh_error;
      d2[j] = dP2[j] + eps2[j] + static_cast<real>(c.attention().e_exp) * c.attention().e_exp / 3;
      eps_sum += r.w[j] * r.w[j] * eps2[j];
      w2_sum += r.w[j] * r.w[j];
      eps_l += r.w[j] * norms;
      T1 += std::max(real{0}, std::min(r.p[j], half_step) - u * r.p[j]) / r.l;
    }
    std::map<real, std::vector<std::size_t>> groups;
    for (std::size_t j = 0; j < n; ++j) groups[r.s[j]].push_back(j);
    real V0 = 0, Vb = 0, n4_top = 0, n4_bottom = 0;
    for (const auto& [s, members] : groups) {
      real w = 0;
      for (std::size_t j : members) w += r.w[j];
      const std::size_t j = members.front();
      V0 += w * w * dP2[j];
      Vb += w * w * dP2[j] * (s - r.s_mean) * (s - r.s_mean);
      n4_top += w * w * d2[j];
      n4_bottom += w * w * d2[j] * w * w * d2[j];
    }
    row.V0 = static_cast<double>(V0);
    row.Vs = static_cast<double>(Vs);
    row.Vb = Vs > 0 ? static_cast<double>(Vb / Vs / Vs) : 0;
    row.n4 = n4_bottom > 0 ? static_cast<double>(n4_top * n4_top / n4_bottom) : 1;
    for (std::size_t t9 = 0; t9 < theta_count; ++t9) {
      row.delta[t9] = static_cast<double>(delta[t9]);
      row.b[t9] = Vs > 0 ? static_cast<double>(b[t9] / Vs) : 0;
    }
    row.eps_bar = static_cast<double>(std::sqrt(eps_sum / w2_sum));
    row.eps_l = static_cast<double>(eps_l);
    row.T1 = static_cast<double>(T1);
    for (std::int64_t col = 0; col < a.dv; ++col) {
      const auto at = static_cast<std::size_t>(i * a.dv + col);
      const real mean = t.out[at] / fs;
      real alone = 0, grouped = 0, lost = 0;
      for (const auto& [s, members] : groups) {
        real sum = 0;
        for (std::size_t j : members) {
          const real v = a.v[static_cast<std::size_t>((r.first + static_cast<std::int64_t>(j)) * a.dv + col)];
          const real term = r.w[j] * (v - mean);
          alone += term * term * d2[j];
          sum += term;
          if (r.p[j] <= half_step) lost += term;
        }
        grouped += sum * sum * d2[members.front()];
      }
      out.A2[at] = static_cast<double>(fs * fs * std::max(alone, grouped));
      out.flushed[at] = static_cast<double>(fs * std::fabs(lost));
    }
  }
  return out;
}

double effective_columns(const small_attention& a) {
  const std::int64_t count = std::min<std::int64_t>(48, a.keys);
  std::vector<std::vector<double>> x;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t j = i * a.keys / count;
    x.emplace_back(a.v.begin() + j * a.dv, a.v.begin() + (j + 1) * a.dv);
  }
  for (std::size_t c = 0; c < static_cast<std::size_t>(a.dv); ++c) {
    double mean = 0;
    for (const auto& one : x) mean += one[c] / static_cast<double>(count);
    for (auto& one : x) one[c] -= mean;
  }
  double sum = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      const double ni = norm(x[i].data(), a.dv), nj = norm(x[j].data(), a.dv);
      if (!(ni > 0) || !(nj > 0)) continue;
      const double cosine = std::inner_product(x[i].begin(), x[i].end(), x[j].begin(), 0.0) / ni / nj;
      sum += cosine * cosine;
      ++pairs;
    }
  const double dv = static_cast<double>(a.dv);
  return std::clamp(pairs < 10 || !(sum > 0) ? dv / 4 : pairs / sum, 1.0, dv);
}

std::int64_t duplicates(const small_attention& a) {
  std::map<std::vector<double>, std::int64_t> seen;
  std::int64_t largest = 1;
  for (std::int64_t i = 0; i < a.rows; ++i)
    largest =
        std::max(largest, ++seen[std::vector<double>(a.q.begin() + i * a.dk, a.q.begin() + (i + 1) * a.dk)]);
  return largest;
}

}  // namespace

attention_truth truth_by_definition(const small_attention& a, std::span<const contract> contracts) {
  attention_truth t;
  t.rows = a.rows;
  t.keys = a.keys;
  t.dk = a.dk;
  t.dv = a.dv;
  t.score_scale = a.scale;
  t.softcap = a.softcap;
  const auto elements = static_cast<std::size_t>(a.rows * a.dv);
  for (auto* field : {&t.out, &t.S1, &t.SB, &t.C, &t.max_abs_v}) field->assign(elements, 0);
  t.lse.assign(static_cast<std::size_t>(a.rows), -std::numeric_limits<double>::infinity());
  t.row_facts.resize(static_cast<std::size_t>(a.rows));
  std::vector<scored_row> rows;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    rows.push_back(score(a, i));
    const scored_row& r = rows.back();
    if (r.s.empty()) continue;
    const auto row = static_cast<std::size_t>(i);
    t.lse[row] = static_cast<double>(r.s_max + std::log(r.l));
    t.row_facts[row].s_max = static_cast<double>(r.s_max);
    t.row_facts[row].visible = static_cast<std::int64_t>(r.s.size());
    const real fs = a.sink.empty() ? 1 : 1 / (1 + std::exp(a.sink[row] - r.s_max - std::log(r.l)));
    t.row_facts[row].sink_factor = static_cast<double>(fs);
    for (std::int64_t c = 0; c < a.dv; ++c) {
      real out = 0, S1 = 0, C = 0, SB = 0, page = 0, largest = 0;
      for (std::size_t j = 0; j < r.s.size(); ++j) {
        const std::int64_t key = r.first + static_cast<std::int64_t>(j);
        const real v = a.v[static_cast<std::size_t>(key * a.dv + c)];
        if (key % companion_page == 0) SB += std::fabs(std::exchange(page, 0));
        page += r.w[j] * v;
        out += r.w[j] * v;
        S1 += r.w[j] * std::fabs(v);
        C += r.w[j] * (r.s[j] - r.s_mean) * v;
        largest = std::max(largest, std::fabs(v));
      }
      SB += std::fabs(page);
      const auto at = static_cast<std::size_t>(i * a.dv + c);
      t.out[at] = static_cast<double>(fs * out);
      t.S1[at] = static_cast<double>(fs * S1);
      t.SB[at] = static_cast<double>(fs * SB);
      t.C[at] = static_cast<double>(fs * C);
      t.max_abs_v[at] = static_cast<double>(fs * largest);
    }
  }
  t.effective_columns = effective_columns(a);
  t.duplicate_rows = duplicates(a);
  for (const contract& c : contracts) t.contracts.push_back(companions(a, rows, t, c));
  return t;
}

attention_unit unit_of(const small_attention& a) {
  attention_unit u;
  u.rows = a.rows;
  u.keys = a.keys;
  u.dk = a.dk;
  u.dv = a.dv;
  u.score_scale = a.scale;
  u.softcap = a.softcap;
  u.sink = a.sink;
  const auto loader = [](const std::vector<double>& from, std::int64_t width) {
    return [&from, width](std::int64_t first, std::int64_t count, double* out) {
      std::copy_n(from.begin() + first * width, count * width, out);
    };
  };
  u.load_q = loader(a.q, a.dk);
  u.load_k = loader(a.k, a.dk);
  u.load_v = loader(a.v, a.dv);
  for (std::int64_t i = 0; i < a.rows; ++i) {
    u.begin.push_back(a.first(i));
    u.end.push_back(a.last(i));
  }
  return u;
}

}  // namespace plumbline::testing
