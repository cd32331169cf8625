#include "reference/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "reference/attention_companions.hpp"
#include "reference/attention_rows.hpp"
#include "reference/attention_schedule.hpp"
#include "reference/attention_truth.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {
namespace {

using namespace attention_tile;

constexpr std::int64_t truth_rows = 128;     // rows of a tile: one load of K and V serves them all
constexpr std::int64_t companion_rows = 64;  // fewer where their scores would not fit
constexpr std::int64_t most_scores = std::int64_t{1} << 22;
constexpr std::int64_t truth_chunk = 1024, companion_chunk = 2048;  // keys

const functions& functions_for(int level) {
#if defined(__x86_64__)
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
#else
  const bool v4 = false;
#endif
  if (level == 0) return v4 ? for_v4() : for_v3();
  if (level == 4 && v4) return for_v4();
  if (level == 3) return for_v3();
  throw bad_argument("x86_64_level",
                     "expected 0, 3, or 4 on a CPU with AVX-512, not " + std::to_string(level));
}

void check_unit(const attention_unit& u) {
  const auto rows = static_cast<std::size_t>(u.rows);
  if (u.rows < 0 || u.keys < 0 || u.dk < 1 || u.dv < 1)
    throw bad_argument("attention_unit", "expected rows, keys >= 0 and dk, dv >= 1");
  if (u.begin.size() != rows || u.end.size() != rows)
    throw bad_argument("begin, end", "expected one key range a row");
  if (!u.sink.empty() && u.sink.size() != rows) throw bad_argument("sink", "expected none, or one a row");
  for (std::size_t i = 0; i < rows; ++i)
    if (u.begin[i] < u.end[i] && (u.begin[i] < 0 || u.end[i] > u.keys))
      throw bad_argument("begin, end", "expected key ranges within [0, " + std::to_string(u.keys) + ")");
}

attention_truth empty_truth(const attention_unit& u) {
  attention_truth truth;
  truth.rows = u.rows, truth.keys = u.keys, truth.dk = u.dk, truth.dv = u.dv;
  truth.score_scale = u.score_scale, truth.softcap = u.softcap;
  truth.out.assign(static_cast<std::size_t>(u.rows * u.dv), 0.0);
  truth.lse.assign(static_cast<std::size_t>(u.rows), -std::numeric_limits<double>::infinity());
  return truth;
}

/// Enough threads that each has work for longer than it takes to start it.
int useful_threads(int asked, double work) {
  const int all = asked > 0 ? asked : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  constexpr double work_a_thread = 2e6;  // multiply-adds: some hundred microseconds
  return static_cast<int>(std::min<double>(all, 1 + work / work_a_thread));
}

workspace make_workspace(std::span<const attention_unit> units, std::int64_t rows, std::size_t pages,
                         buffer_pool& pool) {
  std::int64_t dk = 1, dv = 1;
  for (const attention_unit& u : units) dk = std::max(dk, u.dk), dv = std::max(dv, u.dv);
  const auto array = [&pool](std::int64_t size) {
    buffer b(pool, static_cast<std::size_t>(size));
    std::fill_n(b.data(), size, 0.0);
    return b;
  };
  workspace space{array(rows * dk),      array(std::max<std::int64_t>(rows, page_keys) * dk),
                  array(page_keys * dv), array(page_keys * dv),
                  array(page_keys * dv), {}};
  for (std::size_t i = 0; i < pages; ++i) space.page.push_back(array(2 * page_size));
  return space;
}

}  // namespace

std::vector<attention_truth> attend(std::span<const attention_unit> units,
                                    std::span<const contract> contracts, const attention_options& options) {
  const functions& tile_functions = functions_for(options.x86_64_level);
  for (const attention_unit& u : units) check_unit(u);
  for (const contract& c : contracts) check_emulated(c);

  buffer_pool pool;
  std::vector<workspace> spaces;
  std::vector<attention_truth> truths;
  std::vector<staged_job> jobs;
  truths.reserve(units.size());
  double work = 0;
  for (const attention_unit& u : units) {
    truths.push_back(empty_truth(u));
    attention_truth& truth = truths.back();
    if (options.companions) prepare_companions(u, truth, contracts);
    std::int64_t step = truth_rows;
    if (options.companions)
      step =
          std::clamp<std::int64_t>(most_scores / std::max<std::int64_t>(u.keys, 1) / panel_rows * panel_rows,
                                   panel_rows, companion_rows);
    for (std::int64_t row = 0; row < u.rows; row += step) {
      row_tile tile(u, truth, row, std::min(step, u.rows - row),
                    options.companions ? companion_chunk : truth_chunk);
      if (tile.slots == 0) continue;
      work += static_cast<double>(tile.rows) * static_cast<double>(tile.slots) *
              static_cast<double>(options.companions ? u.dk + 5 * u.dv : u.dk + u.dv);
      jobs.push_back(options.companions
                         ? companion_job(tile_functions, std::move(tile), contracts, spaces, pool)
                         : truth_job(tile_functions, std::move(tile), spaces, pool));
    }
  }
  const int threads = useful_threads(options.threads, work);
  for (int t = 0; t < threads; ++t)
    spaces.push_back(make_workspace(units, options.companions ? companion_rows : truth_rows,
                                    options.companions ? companion_pages(contracts.size()) : 1, pool));
  run_in_stages(jobs, threads);
  if (options.companions)
    for (std::size_t i = 0; i < units.size(); ++i) finish_companions(units[i], truths[i]);
  return truths;
}

}  // namespace plumbline
