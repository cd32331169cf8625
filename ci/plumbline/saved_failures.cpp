#include "ci/plumbline/saved_failures.hpp"

#include <algorithm>
#include <filesystem>

#include "ci/plumbline/abandoned.hpp"
#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/pump.hpp"
#include "reference/core/sha256.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

std::string attribute(const recorded_case& c, const std::string& key) {
  const auto found = c.options.find(key);
  return found == c.options.end() ? "" : found->second;
}

// "flash_decode.attend/split bf16" -> "flash_decode.attend.split.bf16"
std::string file_name(const failure& f) {
  std::string name = f.row + "." + f.law;
  std::replace(name.begin(), name.end(), '/', '.');
  std::replace(name.begin(), name.end(), ' ', '.');
  const std::string text = f.smallest.empty() ? f.case_text : f.smallest;
  return name + "-" + sha256().update(text).hex().substr(0, 8) + ".h5";
}

// The smallest case that showed a fault often shows nothing else: its truth is zero once the fault is gone,
// and the judge has nothing to hold the kernel to.  That no law fails is what it was kept for.
bool no_longer_fails(const case_result& r) {
  if (r.result == outcome::pass) return true;
  return r.result == outcome::mistrusted &&
         std::all_of(r.laws.begin(), r.laws.end(), [](const law_result& one) {
           return one.law == "agrees_with_truth"
                      ? one.result != outcome::fail
                      : one.result == outcome::pass || one.result == outcome::skipped;
         });
}

}  // namespace

void sweep(const std::string& out) {
  remove_abandoned(out, "outputs-");
  for (const char* folder : {"failures", "fixed"}) remove_abandoned(fs::path(out) / folder, ".writing-");
}

bool replay_saved(worker_pool& pool, const std::string& out, const std::vector<row>& rows,
                  const std::string& executor, std::vector<replayed_failure>& replayed,
                  const std::function<void()>& tick) {
  for (const std::string& file : case_files_in(out + "/failures")) {
    replayed_failure r;
    r.file = file;
    try {
      const recorded_case c = load_recorded(cases_of(file).at(0));
      r.row = attribute(c, "row"), r.law = attribute(c, "law"), r.case_text = attribute(c, "case");
      if (case_spec::parse(r.case_text).executor != executor) continue;
    } catch (const std::exception& e) {
      r.result.result = outcome::mistrusted, r.result.failed_law = "saved_case_is_readable";
      r.result.message = std::string("a saved failure cannot be replayed: ") + e.what();
      r.result.case_text = file, r.row = "saved failures";
      replayed.push_back(std::move(r));
      continue;
    }
    if (std::any_of(rows.begin(), rows.end(), [&](const row& one) { return one.name() == r.row; }))
      replayed.push_back(std::move(r));
  }
  std::size_t given = 0;
  const bool whole = pump(
      pool,
      [&]() -> std::optional<work> {
        while (given < replayed.size() && !replayed[given].result.message.empty()) ++given;
        if (given == replayed.size()) return std::nullopt;
        work w;
        w.what = task::examine, w.index = given, w.case_text = replayed[given++].case_text, w.all_laws = true;
        return w;
      },
      [&](finished f) { replayed[f.asked.index].result = result_of(f); }, tick);
  for (replayed_failure& r : replayed) {
    if (!no_longer_fails(r.result)) continue;
    r.result.result = outcome::pass;
    const fs::path to = fs::path(out) / "fixed" / fs::path(r.file).filename();
    std::error_code none;
    fs::create_directories(to.parent_path(), none);
    fs::rename(r.file, to, none);
    if (none)
      r.not_moved = none.message();
    else
      r.file = to.string();
  }
  return whole;
}

void failure_saver::want(failure& f) {
  if (!replayable(f)) return;
  errand e;
  e.what = &f;
  work& w = e.asked;
  w.what = task::save, w.index = count_;
  w.case_text = f.smallest.empty() ? f.case_text : f.smallest;
  w.file = (fs::path(out_) / "failures" / file_name(f)).string();
  w.outputs = f.law != "completes" && f.law != not_examined;
  w.attributes = {{"row", f.row},
                  {"law", f.law},
                  {"case", w.case_text},
                  {"message", f.message},
                  {"found_as", f.case_text}};
  if (w.file != f.file) wanted_[count_++] = std::move(e);
}

std::optional<work> failure_saver::next() {
  if (wanted_.empty()) return std::nullopt;
  auto first = wanted_.extract(wanted_.begin());
  const work asked = first.mapped().asked;
  given_.insert(std::move(first));
  return asked;
}

bool failure_saver::take(const finished& f) {
  if (f.asked.what != task::save) return false;
  auto done = given_.extract(f.asked.index);
  if (done.empty()) return false;
  failure& what = *done.mapped().what;
  if (f.lost.empty() && f.got.error.empty()) {
    std::error_code none;
    if (!what.file.empty() && what.file != f.asked.file) fs::remove(what.file, none);
    what.file = f.asked.file, what.not_saved.clear();
  } else if (f.asked.outputs) {
    done.mapped().asked.outputs = false;
    wanted_.insert(std::move(done));
  } else {
    what.not_saved = f.lost.empty() ? f.got.error : f.lost;
  }
  return true;
}

void failure_saver::ask_again() {
  for (auto& [index, lost] : given_) wanted_.emplace(index, std::move(lost));
  given_.clear();
}

void failure_saver::run_last(worker_pool& pool, double seconds) {
  const auto save = [&] {
    ask_again();
    return pump_last(
        pool, [&] { return next(); }, [&](const finished& f) { take(f); }, seconds / 2);
  };
  if (save()) return;
  for (auto* all : {&wanted_, &given_})
    for (auto& [index, one] : *all) one.asked.outputs = false;
  if (save()) return;
  for (auto* all : {&wanted_, &given_}) {
    for (auto& [index, one] : *all) one.what->not_saved = "the run was ended before it was written";
    all->clear();
  }
}

bool failure_saver::run(worker_pool& pool) {
  return pump(
      pool, [&] { return next(); }, [&](const finished& f) { take(f); }, [] {});
}

}  // namespace plumbline::program
