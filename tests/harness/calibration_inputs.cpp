#include "tests/harness/calibration_inputs.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace plumbline::testing {
namespace {

std::int64_t draw_keys(random_stream& random, std::int64_t most) {
  static constexpr std::array<std::int64_t, 5> edges{16, 64, 128, 176, 256};
  switch (random.integer(0, 9)) {
    case 0:
      return random.integer(1, 3);
    case 1:
    case 2:
    case 3: {
      const std::int64_t edge = edges[static_cast<std::size_t>(random.integer(0, 4))];
      return std::clamp<std::int64_t>(edge * random.integer(1, 4) + random.integer(-1, 1), 1, most);
    }
    default:
      return random.integer(1, most);
  }
}

void fill_normal(std::vector<double>& x, random_stream& random, double size) {
  for (double& one : x) one = size * random.normal();
}

double* row_of(std::vector<double>& x, std::int64_t row, std::int64_t width) {
  return x.data() + row * width;
}

void draw_sink(small_attention& a, random_stream& random) {
  fill_normal(a.q, random, 1);
  fill_normal(a.k, random, 1);
  const bool common_mean = random.chance(0.5);
  const double size = random.uniform() * 1.5 + 0.5;
  std::vector<double> mean(static_cast<std::size_t>(a.dv));
  for (double& m : mean) m = common_mean ? size * (random.chance(0.5) ? 1 : -1) : 0;
  std::vector<double> loud(static_cast<std::size_t>(a.dv), 1);
  for (double& one : loud) one = random.chance(0.02) ? 8 : 1;
  for (std::int64_t j = 0; j < a.keys; ++j)
    for (std::int64_t c = 0; c < a.dv; ++c)
      row_of(a.v, j, a.dv)[c] = loud[static_cast<std::size_t>(c)] *
                                (mean[static_cast<std::size_t>(c)] + random.normal()) *
                                (random.chance(0.01) ? 12 : 1) * (j == 0 ? 1e-2 : 1);
  const double lift = 5 + 10 * random.uniform();
  for (std::int64_t d = 0; d < a.dk; ++d) {
    const double sign = random.chance(0.5) ? 1 : -1;
    for (std::int64_t i = 0; i < a.rows; ++i) row_of(a.q, i, a.dk)[d] += 0.5 * sign;
    a.k[static_cast<std::size_t>(d)] = sign * lift / (0.5 * static_cast<double>(a.dk) * a.scale);
  }
}

void draw_cancel(small_attention& a, random_stream& random) {
  fill_normal(a.q, random, 1);
  fill_normal(a.k, random, 1);
  fill_normal(a.v, random, 1);
  const std::int64_t half = a.keys / 2;
  const bool adjacent = random.chance(0.5);
  for (std::int64_t j = 0; j < half; ++j) {
    const std::int64_t from = adjacent ? 2 * j : j, to = adjacent ? 2 * j + 1 : j + half;
    std::copy_n(row_of(a.k, from, a.dk), a.dk, row_of(a.k, to, a.dk));
    for (std::int64_t c = 0; c < a.dv; ++c) row_of(a.v, to, a.dv)[c] = -row_of(a.v, from, a.dv)[c];
  }
}

void draw_huge(small_attention& a, random_stream& random, dtype in) {
  fill_normal(a.q, random, in == dtype::e4m3 ? 6 : 12);
  fill_normal(a.k, random, in == dtype::e4m3 ? 6 : 12);
  fill_normal(a.v, random, in == dtype::e4m3 ? 64 : 1024);
  if (in == dtype::e4m3 || random.chance(0.5)) return;
  a.scale = 0.125;
  for (std::int64_t i = 0; i < a.rows; ++i) row_of(a.q, i, a.dk)[0] = 1024;
  for (std::int64_t j = 0; j < a.keys; ++j) row_of(a.k, j, a.dk)[0] = -512;
}

void draw_powers_of_two(small_attention& a, random_stream& random) {
  a.scale = 0.693147180559945309417232121458;
  for (double& one : a.q) one = random.chance(0.1) ? static_cast<double>(random.integer(-1, 1)) : 0;
  for (double& one : a.k) one = static_cast<double>(random.integer(-2, 2));
  for (double& one : a.v) one = static_cast<double>(random.integer(-8, 8));
}

/// `copies` equal largest scores a row, more than 45 nats above all others.
void draw_needles(small_attention& a, random_stream& random, std::int64_t copies) {
  for (double& one : a.k) one = random.chance(0.5) ? 1 : -1;
  for (double& one : a.v) one = copies > 1 ? static_cast<double>(random.integer(-8, 8)) : random.normal();
  for (std::int64_t i = 0; i < a.rows; ++i) {
    const std::int64_t n = a.last(i);
    const std::array<std::int64_t, 10> places{0, n - 1, n - 2, 63, 64, 65, 127, 128, n / 2, n / 3};
    const std::int64_t at =
        std::clamp<std::int64_t>(places[static_cast<std::size_t>(random.integer(0, 9))], 0, n - 1);
    for (std::int64_t d = 0; d < a.dk; ++d) row_of(a.q, i, a.dk)[d] = 16 * row_of(a.k, at, a.dk)[d];
    for (std::int64_t copy = 1; copy < copies; ++copy)
      std::copy_n(row_of(a.k, at, a.dk), a.dk, row_of(a.k, random.integer(0, n - 1), a.dk));
  }
  a.scale = 1 / std::sqrt(static_cast<double>(a.dk));
}

void draw_ramp(small_attention& a, random_stream& random) {
  fill_normal(a.q, random, 0.3);
  fill_normal(a.k, random, 0.3);
  fill_normal(a.v, random, 1);
  const double rise = (10 + 20 * random.uniform()) * (random.chance(0.5) ? 1 : -1);
  for (std::int64_t d = 0; d < a.dk; ++d) {
    const double sign = random.chance(0.5) ? 1 : -1;
    for (std::int64_t i = 0; i < a.rows; ++i) row_of(a.q, i, a.dk)[d] += 0.5 * sign;
    for (std::int64_t j = 0; j < a.keys; ++j)
      row_of(a.k, j, a.dk)[d] += sign * rise * static_cast<double>(j) / static_cast<double>(a.keys) /
                                 (0.5 * static_cast<double>(a.dk) * a.scale);
  }
}

void draw_fuzz(small_attention& a, random_stream& random) {
  fill_normal(a.q, random, std::exp2(static_cast<double>(random.integer(-3, 2))));
  fill_normal(a.k, random, 1);
  fill_normal(a.v, random, std::exp2(static_cast<double>(random.integer(-4, 4))));
  switch (random.integer(0, 5)) {
    case 0:
      for (std::int64_t j = 1; j < a.keys; ++j)
        if (random.chance(0.5)) std::copy_n(row_of(a.k, j - 1, a.dk), a.dk, row_of(a.k, j, a.dk));
      break;
    case 1:
      for (std::int64_t i = 1; i < a.rows; ++i) std::copy_n(a.q.data(), a.dk, row_of(a.q, i, a.dk));
      break;
    case 2:
      for (std::int64_t j = 0; j < a.keys; ++j)
        for (std::int64_t c = 0; c < a.dv; c += 3) row_of(a.v, j, a.dv)[c] = c % 2 ? 0 : 1.5;
      break;
    case 3:
      for (std::int64_t j = 0; j < a.keys; ++j)
        for (std::int64_t c = 0; c < a.dv; ++c)
          row_of(a.v, j, a.dv)[c] = a.v[static_cast<std::size_t>(j * a.dv)];
      break;
    case 4:
      for (double& one : a.v) one = one > 0 ? 1 : -1;
      break;
    default:
      for (std::int64_t j = 0; j < a.keys; ++j)
        for (std::int64_t c = 1; c < a.dv; ++c)
          row_of(a.v, j, a.dv)[c] = c % 4 ? a.v[static_cast<std::size_t>(j * a.dv)] : row_of(a.v, j, a.dv)[c];
  }
}

}  // namespace

std::string_view name_of(regime r) {
  constexpr std::string_view names[] = {"flat", "normal", "peaked", "sink", "positive", "cancel", "tiny",
                                        "huge", "pow2",   "needle", "ramp", "twins",    "fuzz"};
  return names[static_cast<int>(r)];
}

small_attention draw_input(regime kind, dtype in, random_stream& random, const size_limits& limits) {
  small_attention a;
  a.rows = std::min<std::int64_t>(limits.rows, std::int64_t{1} << random.integer(0, 4));
  a.keys = draw_keys(random, limits.keys);
  a.dk = random.chance(0.7) ? 64 : 64 * random.integer(2, 4);
  a.dv = random.chance(0.7) ? 64 : 128;
  a.scale = 1 / std::sqrt(static_cast<double>(a.dk));
  a.q.resize(static_cast<std::size_t>(a.rows * a.dk));
  a.k.resize(static_cast<std::size_t>(a.keys * a.dk));
  a.v.resize(static_cast<std::size_t>(a.keys * a.dv));
  if (a.keys >= a.rows && random.chance(0.4))
    for (std::int64_t i = 0; i < a.rows; ++i) {
      a.begin.push_back(0);
      a.end.push_back(a.keys - (a.rows - 1 - i));
    }
  switch (kind) {
    case regime::sink:
      draw_sink(a, random);
      break;
    case regime::cancel:
      draw_cancel(a, random);
      break;
    case regime::huge:
      draw_huge(a, random, in);
      break;
    case regime::powers_of_two:
      draw_powers_of_two(a, random);
      break;
    case regime::needle:
      draw_needles(a, random, 1);
      break;
    case regime::twins:
      draw_needles(a, random, random.chance(0.5) ? 2 : 4);
      break;
    case regime::ramp:
      draw_ramp(a, random);
      break;
    case regime::fuzz:
      draw_fuzz(a, random);
      break;
    default: {
      const double tenth = kind == regime::flat ? 0.1 : 1;
      fill_normal(a.q, random, kind == regime::peaked ? 4 : tenth);
      fill_normal(a.k, random, tenth);
      fill_normal(a.v, random, tenth);
      if (kind == regime::positive)
        for (double& one : a.v) one = std::fabs(one) * 0.3 + 1;
      if (kind == regime::tiny) {
        a.scale *= std::pow(10.0, -3 - 3 * random.uniform());
        for (double& one : a.v)
          one *= in == dtype::bf16 || in == dtype::f32 ? 0x1p-20 : in == dtype::f16 ? 0x1p-10 : 0x1p-3;
      }
    }
  }
  for (auto* tensor : {&a.q, &a.k, &a.v})
    for (double& one : *tensor) one = round_to(in, one, overflow::saturate);
  const bool plain = kind != regime::powers_of_two && kind != regime::needle && kind != regime::twins;
  if (plain && random.chance(0.2))
    for (std::int64_t i = 0; i < a.rows; ++i) a.sink.push_back(round_to(dtype::bf16, 4 * random.normal()));
  if (plain && random.chance(0.1)) a.softcap = static_cast<double>(random.integer(15, 50));
  return a;
}

kernel_choices draw_choices(random_stream& random, const contract& promised) {
  kernel_choices out;
  out.tile = 16 * random.integer(1, 11);
  out.splits = random.chance(0.4) ? 1 : random.integer(2, 12);
  out.backward = random.chance(0.3);
  out.lanes = random.chance(0.5);
  out.exp_ulps = static_cast<int>(random.integer(0, 2));
  out.exp_degree_3 = promised.attention().e_exp > 1e-4;
  out.seed = random.bits64();
  return out;
}

}  // namespace plumbline::testing
