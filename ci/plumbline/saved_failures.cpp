#include "ci/plumbline/saved_failures.hpp"

#include <algorithm>
#include <filesystem>

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

}  // namespace

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
    if (r.result.result != outcome::pass) continue;
    const fs::path to = fs::path(out) / "fixed" / fs::path(r.file).filename();
    fs::create_directories(to.parent_path());
    fs::rename(r.file, to);
    r.file = to.string();
  }
  return whole;
}

bool save_failure(worker_pool& pool, const std::string& out, failure& f) {
  work w;
  w.what = task::save;
  w.case_text = f.smallest.empty() ? f.case_text : f.smallest;
  w.file = (fs::path(out) / "failures" / file_name(f)).string();
  w.attributes = {{"row", f.row},
                  {"law", f.law},
                  {"case", w.case_text},
                  {"message", f.message},
                  {"found_as", f.case_text}};
  for (const bool outputs : {true, false}) {
    w.outputs = outputs;
    bool given = false, saved = false;
    const bool whole = pump(
        pool,
        [&]() -> std::optional<work> {
          if (given) return std::nullopt;
          given = true;
          return w;
        },
        [&](const finished& done) { saved = done.lost.empty() && done.got.error.empty(); }, [] {});
    if (!whole) return false;
    if (saved) {
      f.file = w.file;
      return true;
    }
  }
  return true;
}

}  // namespace plumbline::program
