#include "properties/generate/regimes.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "properties/generate/needles.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

namespace {

using stream = random_stream;

// Everything a recipe needs: the unit, its values, and one stream a purpose.
struct sketch {
  const unit_shape& u;
  std::uint64_t seed;
  unit_values values;

  stream draw(const char* purpose) const {
    return stream(seed,
                  std::string(purpose) + ' ' + std::to_string(u.sequence) + ' ' + std::to_string(u.kv_head));
  }
  std::int64_t rows() const { return u.sq * u.group; }
};

void normals(stream s, std::vector<double>& x, double factor) {
  for (double& e : x) e = s.normal() * factor;
}

void all_normal(sketch& s, double q, double k, double v) {
  normals(s.draw("q"), s.values.q, q);
  normals(s.draw("k"), s.values.k, k);
  normals(s.draw("v"), s.values.v, v);
}

// Plus or minus one a channel, the same for every unit, so that shared pages stay meaningful.
std::vector<double> direction(std::uint64_t seed, std::int64_t d) {
  stream s(seed, "direction");
  std::vector<double> u(static_cast<std::size_t>(d));
  for (double& e : u) e = s.bits32() & 1 ? 1 : -1;
  return u;
}

void add(std::vector<double>& x, std::int64_t row, const std::vector<double>& u, double factor) {
  double* at = x.data() + row * static_cast<std::int64_t>(u.size());
  for (std::size_t c = 0; c < u.size(); ++c) at[c] += factor * u[c];
}

void scale_row(std::vector<double>& x, std::int64_t row, std::int64_t width, double factor) {
  for (std::int64_t c = 0; c < width; ++c) x[static_cast<std::size_t>(row * width + c)] *= factor;
}

void flat(sketch& s) {
  all_normal(s, 0.1, 0.1, 0.1);
  for (auto* x : {&s.values.q, &s.values.k, &s.values.v})
    for (double& e : *x) e = std::clamp(e, -1.0, 1.0);
}

void sink(sketch& s) {
  all_normal(s, 1, 1, 1);
  if (s.u.sk == 0) return;
  stream how = s.draw("how");
  const auto along = direction(s.seed, s.u.d);
  const double lift = 5 + 4 * how.uniform();  // score of key 0 above the others, in nats, before the noise
  const double step = std::sqrt(lift / (static_cast<double>(s.u.d) * std::fabs(s.u.scale)));
  for (std::int64_t r = 0; r < s.rows(); ++r) add(s.values.q, r, along, step);
  scale_row(s.values.k, 0, s.u.d, 0);
  add(s.values.k, 0, along, s.u.scale < 0 ? -step : step);
  scale_row(s.values.v, 0, s.u.dv, 0x1p-6);
  const bool common_mean = how.chance(0.5);
  const double mean = common_mean ? 0.5 + 1.5 * how.uniform() : 0;
  std::vector<double> column(static_cast<std::size_t>(s.u.dv), 1);
  for (double& c : column)
    if (how.chance(0.02)) c = 8;
  stream outlier = s.draw("outlier");
  for (std::int64_t j = 1; j < s.u.sk; ++j)
    for (std::int64_t c = 0; c < s.u.dv; ++c) {
      double& e = s.values.v[static_cast<std::size_t>(j * s.u.dv + c)];
      e = (e + mean) * column[static_cast<std::size_t>(c)] * (outlier.chance(0.01) ? 12 : 1);
    }
}

void positive(sketch& s) {
  all_normal(s, 1, 1, 0.3);
  for (double& e : s.values.v) e = std::fabs(e) + 1;
}

void cancel(sketch& s) {
  all_normal(s, 1, 1, 1);
  stream how = s.draw("how");
  const bool adjacent = how.chance(0.5);
  // Some keys stay alone, or the truth would be zero and every output as right as any other.
  const double alone = s.u.type == dtype::e4m3 ? 0.4 : how.chance(0.5) ? 0.05 : 0.2;
  const std::int64_t half = (s.u.sk - 1 - static_cast<std::int64_t>(alone * static_cast<double>(s.u.sk))) / 2;
  for (std::int64_t p = 0; p < half; ++p) {
    const std::int64_t from = adjacent ? 2 * p : p, to = adjacent ? from + 1 : p + half;
    for (std::int64_t c = 0; c < s.u.d; ++c)
      s.values.k[static_cast<std::size_t>(to * s.u.d + c)] =
          s.values.k[static_cast<std::size_t>(from * s.u.d + c)];
    for (std::int64_t c = 0; c < s.u.dv; ++c)
      s.values.v[static_cast<std::size_t>(to * s.u.dv + c)] =
          -s.values.v[static_cast<std::size_t>(from * s.u.dv + c)];
  }
}

void tiny(sketch& s) {
  constexpr double below[] = {0x1p-5, 0x1p-7, 0x1p-10};  // q and k alike: scores of 1e-3 to 1e-6
  const double down = below[s.draw("how").integer(0, 2)];
  const double v = s.u.type == dtype::e4m3 ? 0x1p-4 : s.u.type == dtype::f16 ? 0x1p-10 : 0x1p-20;
  const double least = s.u.type == dtype::e4m3 ? 0x1p-5 : 0;
  all_normal(s, std::max(down, least), std::max(down, least), v);
}

// Half of the runs move every score to about -65536 by channels in which all q and all k agree: the last
// ones, because the noise model's c_acc counts a few additions at the full magnitude, not a whole chain of
// them.
void huge(sketch& s) {
  all_normal(s, 12, 12, s.u.type == dtype::e4m3 ? 0x1p5 : 0x1p10);
  if (!s.draw("how").chance(0.5)) return;
  const double ceiling = s.u.type == dtype::e4m3 ? 256 : 4096;
  const double wanted = 65536 / std::fabs(s.u.scale);
  std::int64_t channels = 1;
  while (channels < s.u.d / 2 && wanted / static_cast<double>(channels) > ceiling * ceiling) channels *= 2;
  const double a = std::min(std::sqrt(wanted / static_cast<double>(channels)), ceiling);
  for (std::int64_t c = s.u.d - channels; c < s.u.d; ++c) {
    for (std::int64_t r = 0; r < s.rows(); ++r) s.values.q[static_cast<std::size_t>(r * s.u.d + c)] = a;
    for (std::int64_t j = 0; j < s.u.sk; ++j)
      s.values.k[static_cast<std::size_t>(j * s.u.d + c)] = s.u.scale < 0 ? a : -a;
  }
}

// Scores are -0..-6 times the scale: one of four channels holds the exponent, the others are decoys that meet
// zeros on the other side.
void powers_of_two(sketch& s) {
  stream q = s.draw("q"), k = s.draw("k"), v = s.draw("v");
  const std::int64_t lanes = 4;
  for (std::int64_t r = 0; r < s.rows(); ++r) {
    for (std::int64_t c = lanes; c < s.u.d; c += 2)
      s.values.q[static_cast<std::size_t>(r * s.u.d + c)] = static_cast<double>(q.integer(-3, 3));
    s.values.q[static_cast<std::size_t>(r * s.u.d + q.integer(0, lanes - 1))] = 1;
  }
  for (std::int64_t j = 0; j < s.u.sk; ++j) {
    for (std::int64_t c = lanes + 1; c < s.u.d; c += 2)
      s.values.k[static_cast<std::size_t>(j * s.u.d + c)] = static_cast<double>(k.integer(-3, 3));
    for (std::int64_t c = 0; c < lanes; ++c)
      s.values.k[static_cast<std::size_t>(j * s.u.d + c)] = static_cast<double>(-k.integer(0, 6));
  }
  for (double& e : s.values.v) e = static_cast<double>(v.integer(-8, 8));
}

void ramp(sketch& s) {
  all_normal(s, 0.5, 0.5, 1);
  stream how = s.draw("how");
  const double height = 10 + 20 * how.uniform();
  const bool rises = how.chance(0.5);
  const auto along = direction(s.seed, s.u.d);
  const double step = std::sqrt(height / (static_cast<double>(s.u.d) * std::fabs(s.u.scale)));
  for (std::int64_t r = 0; r < s.rows(); ++r) add(s.values.q, r, along, s.u.scale < 0 ? -step : step);
  const double last = static_cast<double>(std::max<std::int64_t>(s.u.sk - 1, 1));
  for (std::int64_t j = 0; j < s.u.sk; ++j) {
    const double t = static_cast<double>(rises ? j : s.u.sk - 1 - j) / last;
    add(s.values.k, j, along, step * t);
  }
}

void stairs(sketch& s) {
  all_normal(s, 0.25, 0.25, 1);
  stream how = s.draw("how");
  constexpr std::int64_t tile = 64;
  const double foot = 6, rise = 0.69314718055994531 * (0.8 + 1.2 * how.uniform());  // nats
  const std::int64_t tiles = (s.u.sk + tile - 1) / tile;
  const double height = foot + rise * static_cast<double>(tiles);
  const auto along = direction(s.seed, s.u.d);
  const double step = std::sqrt(height / (static_cast<double>(s.u.d) * std::fabs(s.u.scale)));
  for (std::int64_t r = 0; r < s.rows(); ++r) add(s.values.q, r, along, s.u.scale < 0 ? -step : step);
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t last = std::min(tile, s.u.sk - t * tile) - 1;
    const double score = foot + rise * static_cast<double>(t + 1);
    add(s.values.k, t * tile + how.integer(0, last), along, step * score / height);
  }
}

void fuzz(sketch& s) {
  stream how = s.draw("how");
  const auto power = [&](int low, int high) {
    return std::ldexp(1.0, static_cast<int>(how.integer(low, high)));
  };
  const double q = power(-4, 2), k = power(-4, 2), v = power(-3, 3);
  all_normal(s, q, k, v);
  const auto copy_rows = [&](std::vector<double>& x, std::int64_t rows, std::int64_t width, double share) {
    for (std::int64_t r = 1; r < rows; ++r)
      if (how.chance(share)) {
        const std::int64_t from = how.integer(0, r - 1);
        std::copy_n(x.begin() + from * width, width, x.begin() + r * width);
      }
  };
  if (how.chance(0.3)) copy_rows(s.values.k, s.u.sk, s.u.d, 0.5);
  if (how.chance(0.3)) copy_rows(s.values.q, s.rows(), s.u.d, 0.5);
  if (how.chance(0.3)) {  // constant or zero columns of V
    for (std::int64_t c = 0; c < s.u.dv; ++c) {
      if (!how.chance(0.3)) continue;
      const double all = how.chance(0.5) ? 0 : how.normal();
      for (std::int64_t j = 0; j < s.u.sk; ++j) s.values.v[static_cast<std::size_t>(j * s.u.dv + c)] = all;
    }
  } else if (how.chance(0.3)) {  // rank 1
    for (std::int64_t j = 1; j < s.u.sk; ++j) {
      const double factor = how.normal();
      for (std::int64_t c = 0; c < s.u.dv; ++c)
        s.values.v[static_cast<std::size_t>(j * s.u.dv + c)] =
            factor * s.values.v[static_cast<std::size_t>(c)];
    }
  }
  if (how.chance(0.3)) {  // few levels
    const double level = power(-2, 0);
    std::vector<double> levels = s.values.v;
    for (double& e : levels) e = std::round(e / level) * level;
    // One key of small values would become all zero, which proves nothing.
    if (std::any_of(levels.begin(), levels.end(), [](double e) { return e != 0; })) s.values.v = levels;
  }
}

}  // namespace

std::optional<regime> regime_from(std::string_view name) {
  for (std::size_t i = 0; i < regime_names.size(); ++i)
    if (regime_names[i] == name) return static_cast<regime>(i);
  return std::nullopt;
}

unit_values draw_unit(regime which, const unit_shape& u, std::uint64_t seed) {
  sketch s{u, seed, {}};
  s.values.q.resize(static_cast<std::size_t>(u.sq * u.group * u.d));
  s.values.k.resize(static_cast<std::size_t>(u.sk * u.d));
  s.values.v.resize(static_cast<std::size_t>(u.sk * u.dv));
  switch (which) {
    case regime::flat:
      flat(s);
      break;
    case regime::normal:
      all_normal(s, 1, 1, 1);
      break;
    case regime::peaked:
      all_normal(s, 4, 1, 1);
      break;
    case regime::sink:
      sink(s);
      break;
    case regime::positive:
      positive(s);
      break;
    case regime::cancel:
      cancel(s);
      break;
    case regime::tiny:
      tiny(s);
      break;
    case regime::huge:
      huge(s);
      break;
    case regime::powers_of_two:
      powers_of_two(s);
      break;
    case regime::needle:
      draw_needles(u, seed, 1, s.values);
      break;
    case regime::ramp:
      ramp(s);
      break;
    case regime::stairs:
      stairs(s);
      break;
    case regime::twins:
      draw_needles(u, seed, 2, s.values);
      break;
    case regime::fuzz:
      fuzz(s);
      break;
  }
  return s.values;
}

}  // namespace plumbline::generate
