#include "ci/plumbline/bisect_measure.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "ci/plumbline/bisect_build.hpp"
#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/child_process.hpp"
#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/pump.hpp"
#include "reference/core/sha256.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

constexpr int most_repeats = 7;  // of a number that was seen to change

std::string only_case_of(const std::string& file) { return cases_of(file).at(0); }

tensor_set outputs_in(const bisect_plan& p, const std::string& file, std::string& why_not) {
  tensor_set all;
  const recorded_case c = load_recorded(only_case_of(file));
  for (const std::string& name : p.outputs)
    if (const tensor* one = c.tensors.find(name))
      all.set(name, *one);
    else
      why_not = "computed no " + name;
  return all;
}

std::string digest_of(const tensor_set& outputs) {
  sha256 digest;
  for (const auto& one : outputs) digest.update(one.name).update(one.value);
  return digest.hex();
}

/// Elements whose bits differ; every one where shape or type do.
std::int64_t differing(const tensor_set& a, const tensor_set& b) {
  std::int64_t count = 0;
  for (const auto& one : a) {
    const tensor& other = b.at(one.name);
    if (one.value.type() != other.type() || !std::equal(one.value.shape().begin(), one.value.shape().end(),
                                                        other.shape().begin(), other.shape().end())) {
      count += std::max(one.value.size(), other.size());
      continue;
    }
    for (std::int64_t i = 0; i < one.value.size(); ++i) count += one.value.code(i) != other.code(i);
  }
  return count;
}

external_judgement judged(const std::string& file, const bisect_plan& p) {
  worker_pool pool(1, p.case_timeout);
  bool given = false;
  external_judgement found;
  const bool whole = pump(
      pool,
      [&]() -> std::optional<work> {
        if (given) return std::nullopt;
        given = true;
        work w;
        w.what = task::judge, w.recorded = only_case_of(file), w.contract = p.contract;
        return w;
      },
      [&](const finished& f) {
        found = f.got.judged;
        if (!f.lost.empty() || !f.got.error.empty())
          found.kind = "unreadable", found.message = f.lost.empty() ? f.got.error : f.lost;
      },
      [] {});
  if (!whole) found.kind = "unreadable", found.message = "interrupted";
  return found;
}

/// What the built program left of one run, or why it left nothing.
std::string run_once(const bisect_folder& at, const bisect_plan& p, const std::string& program,
                     const std::string& to, bool taps, const child_options& how, bool& ended) {
  std::error_code none;
  fs::remove(to, none);
  std::vector<std::string> command = {program, "replay", p.case_text, "--outputs", to};
  if (taps) command.push_back("--taps");
  if (p.case_timeout != 120)
    command.insert(command.end(), {"--case-timeout", std::to_string(p.case_timeout)});
  child_options inside = how;
  inside.folder = at.path();
  const child_end end = run_child(command, inside);
  ended = end.ended;
  if (taps && end.code == bad_usage)  // a program from before there were any
    return run_once(at, p, program, to, false, how, ended);
  if (fs::exists(to, none) && (end.code == 0 || end.code == 1)) return "";
  return "wrote no outputs (exit code " + std::to_string(end.code) + "): " + end.last_line();
}

class measuring {
 public:
  measuring(const bisect_folder& at, const bisect_plan& p, const std::string& commit, const bisect_note& note,
            const std::function<bool()>& give_up)
      : at_(at), p_(p), commit_(commit), note_(note), log_(at.file("logs/" + commit + ".log")) {
    how_.log = log_, how_.give_up = give_up;
    fs::create_directories(at.file("logs")), fs::create_directories(at.file("outputs"));
    std::error_code none;
    fs::remove(log_, none);
  }

  std::optional<measured_commit> run() {
    const auto begin = std::chrono::steady_clock::now();
    note_("building");
    const built_commit_program made = build_commit(p_, commit_, log_, how_.give_up);
    if (made.ended) return std::nullopt;
    m_.built = made.built, m_.reason = made.reason;
    if (m_.reason.empty() && !run_all(made.program)) return std::nullopt;
    m_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return m_;
  }

 private:
  // False: a signal ended it.
  bool run_all(const std::string& program) {
    std::vector<std::string> digests;
    for (int wanted = p_.repeats; m_.repeats < wanted && m_.reason.empty(); ++m_.repeats) {
      note_("running");
      const std::string to = m_.repeats == 0 ? at_.outputs_of(commit_) : at_.file("outputs/again.h5");
      bool ended = false;
      m_.reason = run_once(at_, p_, program, to, m_.repeats == 0, how_, ended);
      if (ended) return false;
      if (!m_.reason.empty()) break;
      const std::string digest = digest_of(outputs_in(p_, to, m_.reason));
      if (!m_.reason.empty()) break;
      if (!digests.empty() && digest != digests.front()) wanted = std::max(wanted, most_repeats);
      const bool seen = std::find(digests.begin(), digests.end(), digest) != digests.end();
      digests.push_back(digest);
      if (seen) continue;
      note_("judging");
      judged_outputs found = judge_outputs_of(at_, p_, to, m_.reason);
      if (interrupted_by()) return false;
      m_.runs.push_back(std::move(found.metrics));
      if (m_.runs.size() > 1) continue;
      for (const stage_verdict& one : found.stages) m_.stages[one.stage] = one.judged.budget_used();
      if (const stage_verdict* first = first_outside(found.stages)) m_.first_stage = first->stage;
    }
    if (!digests.empty()) m_.digest = digests.front();
    return true;
  }

  const bisect_folder& at_;
  const bisect_plan& p_;
  const std::string& commit_;
  const bisect_note& note_;
  const std::string log_;
  child_options how_;
  measured_commit m_;
};

}  // namespace

judged_outputs judge_outputs_of(const bisect_folder& at, const bisect_plan& p, const std::string& outputs,
                                std::string& why_not) {
  recorded_case c = load_recorded(only_case_of(at.file("input.h5")));
  const tensor_set computed = outputs_in(p, outputs, why_not);
  if (!why_not.empty()) return {};
  for (const auto& one : computed) c.tensors.set(one.name, one.value);
  c.taps = load_recorded(only_case_of(outputs)).taps;
  if (c.taps.size() > 0) c.options["contract"] = p.contract;
  const std::string file = at.file("judged.h5");
  save_case(file, c);
  const external_judgement found = judged(file, p);
  if (found.kind != "outputs") {
    why_not = "its outputs cannot be judged: " + found.message;
    return {};
  }
  judged_outputs all{found.metrics, found.stages};
  all.metrics["budget_used"] = found.used;
  const std::string good = at.outputs_of(p.good);
  if (std::string none; fs::exists(good))
    all.metrics["bits"] = static_cast<double>(differing(computed, outputs_in(p, good, none)));
  return all;
}

std::optional<measured_commit> measure(const bisect_folder& at, const bisect_plan& p,
                                       const std::string& commit, const bisect_note& note,
                                       const std::function<bool()>& give_up) {
  if (std::optional<measured_commit> known = at.measured(commit); known && known->repeats >= p.repeats)
    return known;
  if (const std::optional<measured_commit> known = at.measured(commit); known && !known->reason.empty())
    return known;
  const std::optional<measured_commit> m = measuring(at, p, commit, note, give_up).run();
  if (m) at.write(commit, *m);
  return m;
}

}  // namespace plumbline::program
