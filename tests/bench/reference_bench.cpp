// Speed of the reference attention against Eigen's own 2048^3 DGEMM on the same threads, in alternating
// rounds.
//
// Operations are counted as the truth's, 2 (dk + dv) for every visible (row, key), also where companions are
// computed; the best round of each counts.  Keys and values are bf16 in memory and decoded by the loaders.
// DGEMM runs one product a thread, side by side.  Not a test: times vary with what else the machine does.
//
//   reference_bench --threads 2 --rounds 5 --shape decode --json
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/random.hpp"
#include "tests/bench/eigen_dgemm.hpp"

namespace {

using namespace plumbline;

struct bench_shape {
  const char* name;
  const char* meaning;
  std::int64_t units, tokens, heads, keys, dk, dv;  // rows of a unit = tokens * heads
  bool causal;
};

constexpr bench_shape shapes[] = {
    {"decode", "b4 sq4 Hq16 Hk1 D128, 16384 keys", 4, 4, 16, 16384, 128, 128, true},
    {"prefill", "b1 Hq16 Hk4 S2048 D128 causal", 4, 2048, 4, 2048, 128, 128, true},
    {"mla", "128 rows, 4096 keys, 576/512", 1, 1, 128, 4096, 576, 512, false},
};

struct options {
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  int rounds = 5;
  std::string_view shape;
  bool json = false;
};

struct problem {
  std::vector<attention_unit> units;
  double operations = 0;
};

attention_unit::loader bf16_rows(std::int64_t rows, std::int64_t width, std::uint64_t seed,
                                 const char* purpose) {
  auto codes = std::make_shared<std::vector<std::uint16_t>>(static_cast<std::size_t>(rows * width));
  random_stream stream(seed, purpose);
  for (std::uint16_t& code : *codes) code = static_cast<std::uint16_t>(encode(dtype::bf16, stream.normal()));
  return [codes, width](std::int64_t first, std::int64_t count, double* out) {
    const std::uint16_t* from = codes->data() + first * width;
    for (std::int64_t i = 0; i < count * width; ++i)
      out[i] = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(from[i]) << 16));
  };
}

problem make_problem(const bench_shape& s) {
  problem p;
  for (std::int64_t n = 0; n < s.units; ++n) {
    attention_unit u;
    u.rows = s.tokens * s.heads, u.keys = s.keys, u.dk = s.dk, u.dv = s.dv;
    const auto seed = static_cast<std::uint64_t>(n);
    u.load_q = bf16_rows(u.rows, s.dk, seed, "q");
    u.load_k = bf16_rows(s.keys, s.dk, seed, "k");
    u.load_v = bf16_rows(s.keys, s.dv, seed, "v");
    u.score_scale = 1 / std::sqrt(static_cast<double>(s.dk));
    for (std::int64_t row = 0; row < u.rows; ++row) {
      u.begin.push_back(0);
      u.end.push_back(s.causal ? s.keys - s.tokens + 1 + row / s.heads : s.keys);
      p.operations += 2.0 * static_cast<double>((s.dk + s.dv) * u.end.back());
    }
    p.units.push_back(std::move(u));
  }
  return p;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// GFLOP/s of one DGEMM a thread.
double dgemm_rate(int threads) {
  constexpr int n = 2048;
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
  std::vector<double> seconds(static_cast<std::size_t>(threads));
  std::vector<std::thread> team;
  for (double& s : seconds)
    team.emplace_back([&s, v4] {
      s = 1e30;
      for (int i = 0; i < 3; ++i)
        s = std::min(s, v4 ? bench::dgemm_seconds_v4(n) : bench::dgemm_seconds_v3(n));
    });
  for (std::thread& t : team) t.join();
  double rate = 0;
  for (const double s : seconds) rate += 2.0 * n * n * n / s * 1e-9;
  return rate;
}

int usage(const char* problem) {
  std::fprintf(
      stderr,
      "reference_bench: %s\nusage: reference_bench [--threads N] [--rounds N] [--shape decode|prefill|mla] "
      "[--json]\nexample: reference_bench --threads 2 --shape decode\n",
      problem);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view key = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (key == "--json")
      o.json = true;
    else if (key == "--threads" && std::atoi(value) > 0)
      o.threads = std::atoi(value), ++i;
    else if (key == "--rounds" && std::atoi(value) > 0)
      o.rounds = std::atoi(value), ++i;
    else if (key == "--shape" && std::any_of(std::begin(shapes), std::end(shapes), [&](const bench_shape& s) {
               return s.name == std::string_view(value);
             }))
      o.shape = value, ++i;
    else
      return usage(("expected a known option with its value, not '" + std::string(key) + "'").c_str());
  }

  if (o.json)
    std::printf("{\"plumbline\": 1, \"threads\": %d, \"rounds\": %d, \"shapes\": [", o.threads, o.rounds);
  else
    std::printf("%-8s %-34s %10s %10s %7s %12s %7s\n", "shape", "", "DGEMM", "truth", "ratio", "companions",
                "ratio");
  const contract promised = plain_attention;
  bool first = true;
  for (const bench_shape& s : shapes) {
    if (!o.shape.empty() && o.shape != s.name) continue;
    const problem p = make_problem(s);
    double dgemm = 0, truth = 1e30, companions = 1e30;
    for (int round = 0; round < o.rounds; ++round) {
      dgemm = std::max(dgemm, dgemm_rate(o.threads));
      truth = std::min(truth, seconds_of([&] { attend(p.units, {}, {o.threads, false, 0}); }));
      companions = std::min(companions, seconds_of([&] {
                              attend(p.units, {&promised, 1}, {o.threads, true, 0});
                            }));
    }
    const double truth_rate = p.operations / truth * 1e-9, companions_rate = p.operations / companions * 1e-9;
    if (o.json)
      std::printf(
          "%s{\"name\": \"%s\", \"dgemm_gflops\": %.1f, \"truth_seconds\": %.4f, \"truth_gflops\": %.1f, "
          "\"truth_ratio\": %.3f, \"companions_seconds\": %.4f, \"companions_gflops\": %.1f, "
          "\"companions_ratio\": %.3f}",
          first ? "" : ", ", s.name, dgemm, truth, truth_rate, truth_rate / dgemm, companions,
          companions_rate, companions_rate / dgemm);
    else
      std::printf("%-8s %-34s %7.1f GF %7.1f GF %7.2f %9.1f GF %7.2f\n", s.name, s.meaning, dgemm, truth_rate,
                  truth_rate / dgemm, companions_rate, companions_rate / dgemm);
    std::fflush(stdout);
    first = false;
  }
  if (o.json) std::printf("]}\n");
}
