#include "ci/plumbline/recorded_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/case_owner.hpp"
#include "ci/plumbline/pump.hpp"
#include "reference/core/counted.hpp"

namespace plumbline::program {

namespace {

struct planned {
  work asked;
  std::size_t row = 0;  // of an examination
};

// Examinations by every row that the case belongs to, then its judgement; groups that nobody claims are left
// out.
std::vector<planned> plan_of(const instrument& all, const verify_request& asked, recorded_run& run) {
  std::vector<planned> plan;
  std::size_t judgements = 0, number = 0;
  std::map<std::pair<std::string, std::string>, std::int64_t> unknown;  // cases by file and group
  const std::vector<std::string> files = case_files_in(recorded_folder());
  for (const std::string& file : files)
    for (const std::string& path : cases_of(file)) {
      if (static_cast<std::int64_t>(number++) % asked.shards != asked.shard - 1) continue;
      const std::string inside = split_case_path(path).second;
      const std::string named = std::filesystem::path(file).filename().string() + "#" + inside;
      const std::string group = group_of_path(named);
      std::vector<const operation*> its = claimants(all, group);
      if (its.empty()) ++unknown[{file, group}];
      bool known = false, unclear = false;
      if (contested(its)) try {
          its = owners(all, group, load_recorded(named).options);
        } catch (const std::exception&) {
          unclear = true;  // the worker that judges it meets this again and says why
        }
      for (std::size_t i = 0; i < run.rows.size(); ++i) {
        const recorded_row& r = run.rows[i];
        if (std::find(its.begin(), its.end(), r.op) == its.end()) continue;
        known = true;
        if (unclear) continue;
        planned p;
        p.row = i, p.asked.what = task::examine;
        case_spec spec;
        spec.op = r.op->op(), spec.function = r.op->function(), spec.variant = r.variant;
        spec.recorded = named, spec.executor = asked.on;
        p.asked.case_text = spec.str(), p.asked.recorded = named;
        p.asked.all_laws = asked.all_laws;
        plan.push_back(p);
      }
      if (!known) continue;
      planned p;
      p.asked.what = task::judge, p.asked.recorded = named, p.row = judgements++;
      plan.push_back(p);
    }
  run.expected.resize(judgements);
  for (const auto& [place, n] : unknown)
    run.left_out.push_back({fmt::format("{} of {}", counted(n, "recorded case"),
                                        std::filesystem::path(place.first).filename().string()),
                            unknown_group(place.first, place.second)});
  return plan;
}

}  // namespace

void require_recorded_cases() {
  if (case_files_in(recorded_folder()).empty())
    throw cannot_run(
        "no recorded cases in " + recorded_folder() +
        ": set PLUMBLINE_RECORDED to the folder fixtures/recorded of a clone, or run without them "
        "by --recorded no");
}

bool run_recorded(const instrument& all, worker_pool& pool, const verify_request& asked,
                  const std::vector<row>& rows, recorded_run& run,
                  const std::function<void(const failure&)>& failed,
                  const std::function<void(std::size_t done, std::size_t all)>& tick) {
  for (const row& r : rows)
    if (std::none_of(run.rows.begin(), run.rows.end(),
                     [&](const recorded_row& o) { return o.op == r.op && o.variant == r.variant; }))
      run.rows.push_back({r.op, r.variant, {}});

  const std::vector<planned> plan = plan_of(all, asked, run);
  std::size_t given = 0, done = 0;
  return pump(
      pool,
      [&]() -> std::optional<work> {
        if (given == plan.size()) return std::nullopt;
        work w = plan[given].asked;
        w.index = given++;
        return w;
      },
      [&](const finished& f) {
        const planned& p = plan[f.asked.index];
        ++done;
        if (p.asked.what == task::examine) {
          recorded_row& r = run.rows[p.row];
          case_result result = result_of(f);
          if (f.got.usage) {  // a record that this function cannot run: named, like any skip
            result = case_result();
            result.result = outcome::skipped, result.skip_reason = f.got.error;
          }
          r.counts.add(f.asked.index, result);
          if (result.result == outcome::pass || result.result == outcome::skipped) return;
          failure bad = failure_from(name_of(*r.op) + "/" + r.variant + " recorded", f.asked.index, result);
          bad.recorded = p.asked.recorded;
          run.failures.push_back(bad);
          failed(bad);
          return;
        }
        external_judgement& e = run.expected[p.row];
        e = f.got.judged;
        if (!f.lost.empty() || !f.got.error.empty()) {
          e.group = split_case_path(p.asked.recorded).second, e.kind = "expected", e.result = outcome::fail;
          e.message = f.lost.empty() ? f.got.error : f.lost;
        }
        if (e.kind == "unsupported" || e.result != outcome::fail) return;
        failure bad;
        bad.row = "reference against " + p.asked.recorded, bad.case_text = p.asked.recorded;
        bad.recorded = p.asked.recorded;
        bad.law = "reference_agrees", bad.message = e.message, bad.index = f.asked.index;
        run.failures.push_back(bad);
        failed(bad);
      },
      [&] { tick(done, plan.size()); });
}

}  // namespace plumbline::program
