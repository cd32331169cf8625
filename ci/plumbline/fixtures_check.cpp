// fixtures check: whether recorded cases are still worth anything.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/fixture_cases.hpp"
#include "ci/plumbline/fixtures_verb.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "fixtures/store.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

struct place_of_a_case {
  std::size_t file, which;
};

std::string not_sealed(const checked_file& f) {
  return f.unreadable.empty() && !f.sealed
             ? "not sealed: nothing says that it is what was written (plumbline fixtures bless seals it)"
             : "";
}

bool says(const external_judgement& e, std::string_view what) {
  return e.result == outcome::pass && e.message.find(what) != std::string::npos;
}

// What the last line adds: how many outputs stand for kernels that are no longer those.
std::string of_changed_kernels(std::int64_t same, std::int64_t others) {
  std::string text;
  if (others > 0) text += fmt::format(", but outputs of {} {}", counted(others, "case"), of_other_bits);
  if (same > 0)
    text += fmt::format("; outputs of {} {} (regenerate and bless them)", counted(same, "case"),
                        of_other_sources);
  return text;
}

void print(progress& bar, const checked_file& f, std::size_t width) {
  text_table table({"case", "verdict", ">used", "what was found"});
  std::int64_t passed = 0, judged = 0;
  std::map<std::string, std::int64_t> not_asked;
  for (const external_judgement& e : f.judgements) {
    if (e.kind.empty()) continue;
    judged += e.kind != "unsupported", passed += e.result == outcome::pass;
    if (e.result == outcome::pass || e.kind == "unsupported") {
      if (!e.message.empty() && !says(e, of_other_sources)) ++not_asked[e.message];
      continue;
    }
    table.add({e.group, verdict_of(e), fmt::format("{:.3g}", e.used), e.message});
  }
  const auto say = [&](const std::string& text) { bar.print(folded(text, width)); };
  say(fmt::format("{}  {}, {}, sha256 {}\n", f.name, counted(f.cases.size(), "case"),
                  counted(f.bytes, "byte"), f.digest.substr(0, 16)));
  if (!f.unreadable.empty()) say("  FAIL  " + f.unreadable + "\n");
  if (const std::string why = not_sealed(f); !why.empty()) say("  FAIL  " + why + "\n");
  if (!table.empty()) bar.print(table.str(width));
  for (const auto& [why, n] : not_asked) say(fmt::format("  not asked of {}: {}\n", counted(n, "case"), why));
  if (judged > 0) say(fmt::format("  {} of {} pass\n", passed, judged));
}

std::string json_of(const std::vector<checked_file>& files, bool partial) {
  nlohmann::json j;
  j["plumbline"] = json_version, j["commit"] = built_commit(), j["partial"] = partial,
  j["files"] = nlohmann::json::array();
  for (const checked_file& f : files) {
    nlohmann::json one = {
        {"file", f.name},     {"sha256", f.digest},         {"bytes", f.bytes},
        {"sealed", f.sealed}, {"unreadable", f.unreadable}, {"cases", nlohmann::json::array()}};
    for (const external_judgement& e : f.judgements)
      if (!e.kind.empty())
        one["cases"].push_back(
            {{"group", e.group}, {"verdict", verdict_of(e)}, {"used", e.used}, {"message", e.message}});
    j["files"].push_back(std::move(one));
  }
  return j.dump(1) + "\n";
}

}  // namespace

std::vector<checked_file> files_to_check(const std::vector<std::string>& names) {
  std::vector<std::string> files = names;
  if (files.empty()) files = case_files_in(recorded_folder());
  if (files.empty()) throw cannot_run("no recorded cases in " + recorded_folder());
  std::vector<checked_file> all;
  for (const std::string& name : files) {
    if (const std::string why = why_unreadable(name); !why.empty())
      throw cannot_run("FILE: expected a file of cases, got '" + name + "': " + why);
    checked_file f;
    f.name = name.find('/') == std::string::npos ? "./" + name : name;
    std::error_code none;
    f.bytes = fs::file_size(name, none);
    try {
      f.digest = fixtures::file_hash(f.name), f.cases = cases_of(f.name),
      f.sealed = fixtures::is_sealed(f.name);
    } catch (const std::exception& e) {
      f.unreadable = e.what();
    }
    f.judgements.resize(f.cases.size());
    all.push_back(std::move(f));
  }
  return all;
}

std::int64_t problems_of(const checked_file& f) {
  std::int64_t problems = !f.unreadable.empty() + !not_sealed(f).empty();
  for (const external_judgement& e : f.judgements)
    problems += !e.kind.empty() && e.kind != "unsupported" && e.result != outcome::pass;
  return problems;
}

bool check_files(std::vector<checked_file>& files, const work_options& how, bool quiet) {
  std::vector<place_of_a_case> places;
  for (std::size_t f = 0; f < files.size(); ++f)
    for (std::size_t c = 0; c < files[f].cases.size(); ++c) places.push_back({f, c});
  worker_pool pool(how.jobs, how.case_timeout, places.size());
  progress bar;
  std::size_t given = 0, done = 0;
  return pump(
      pool,
      [&]() -> std::optional<work> {
        if (given == places.size()) return std::nullopt;
        work w;
        w.what = task::check, w.index = given;
        w.recorded = files[places[given].file].cases[places[given].which];
        ++given;
        return w;
      },
      [&](const finished& one) {
        const place_of_a_case at = places[one.asked.index];
        external_judgement& e = files[at.file].judgements[at.which];
        e = one.got.judged, ++done;
        if (one.lost.empty() && one.got.error.empty()) return;
        e.group = split_case_path(one.asked.recorded).second.substr(1), e.kind = "checked";
        e.result = outcome::fail;
        e.message = one.lost.empty() ? one.got.error
                                     : "the process that checked this case did not survive it: " + one.lost;
      },
      [&] {
        if (!quiet)
          bar.show("checked", static_cast<std::int64_t>(done), static_cast<std::int64_t>(places.size()), "");
      });
}

int check_fixtures(const instrument&, const fixtures_request& asked) {
  note_interrupts();
  std::vector<checked_file> files = files_to_check(asked.what);
  const result_file json("--json", asked.json);
  const stream text = json.takes_standard_output() ? stream::error : stream::output;
  const bool whole = check_files(files, asked.work, false);
  progress bar(text);
  std::int64_t problems = 0, judged = 0, cases = 0, same = 0, others = 0;
  std::uint64_t bytes = 0;
  for (const checked_file& f : files) {
    print(bar, f, terminal_width(text));
    problems += problems_of(f), cases += static_cast<std::int64_t>(f.cases.size()), bytes += f.bytes;
    for (const external_judgement& e : f.judgements) {
      judged += !e.kind.empty() && e.kind != "unsupported";
      same += says(e, of_other_sources), others += says(e, of_other_bits);
    }
  }
  if (!whole)
    bar.print(fmt::format("interrupted, partial result: {} of {}\n", judged, counted(cases, "case")));
  bar.print(fmt::format("{}, {}, {}: {}\n", counted(files.size(), "file"), counted(cases, "case"),
                        counted(bytes, "byte"),
                        problems > 0 ? counted(problems, "problem")
                        : whole      ? "all as recorded" + of_changed_kernels(same, others)
                                     : "no problem so far"));
  require_written({json.wanted() ? json.write(json_of(files, !whole)) : ""});
  if (!whole) return 128 + interrupted_by();
  if (judged == 0 && problems == 0) return could_not_run;
  return problems == 0 ? all_pass : found_something;
}

}  // namespace plumbline::program
