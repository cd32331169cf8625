// The command lines of verbs that draw cases: verify and claims.
#include <CLI/CLI.hpp>

#include "ci/plumbline/command_line_verb.hpp"
#include "ci/plumbline/help_texts.hpp"
#include "ci/plumbline/option_text.hpp"

namespace plumbline::program {

namespace {

constexpr double most_minutes = 365 * 24 * 60.0;  // a year

struct verify_texts {
  std::string cases, minutes, seed, shard, recorded, failures;
  work_texts work;
};

struct claims_texts {
  std::string cases, seed;
  work_texts work;
};

recorded_use read_recorded(const std::string& text) {
  if (text.empty() || text == "yes") return recorded_use::yes;
  if (text == "no") return recorded_use::no;
  if (text == "only") return recorded_use::only;
  throw bad_argument("--recorded", "expected yes, no or only, got '" + text + "'");
}

std::uint64_t read_seed(const std::string& text) {
  return whole_number<std::uint64_t>("--seed", text, 0, ~std::uint64_t{0});
}

verify_request read(const verify_texts& t, verify_request r) {
  require_place(r.on);
  if (!t.cases.empty() && !t.minutes.empty())
    throw bad_argument("--minutes", "expected one of --cases and --minutes, got both");
  if (!t.cases.empty()) r.cases = whole_number<std::int64_t>("--cases", t.cases, 1, 1000000000);
  if (!t.minutes.empty()) r.minutes = positive("--minutes", t.minutes, most_minutes);
  if (!t.seed.empty()) r.seed = read_seed(t.seed);
  if (!t.shard.empty()) std::tie(r.shard, r.shards) = shard("--shard", t.shard);
  if (!t.failures.empty())
    r.max_failures = whole_number<std::int64_t>("--max-failures", t.failures, 1, 1000000000);
  r.recorded = read_recorded(t.recorded);
  read_work_options(t.work, r.work);
  return r;
}

claims_request read(const claims_texts& t, claims_request r) {
  if (!t.cases.empty()) r.cases = whole_number<std::int64_t>("--cases", t.cases, 1, 1000000);
  if (!t.seed.empty()) r.seed = read_seed(t.seed);
  r.work.shrink_seconds = 60;
  read_work_options(t.work, r.work);
  return r;
}

}  // namespace

command_line_verb verify_verb(CLI::App& app) {
  CLI::App& verb =
      *app.add_subcommand("verify", "Judge kernels on saved failures, recorded and generated cases");
  const auto typed = std::make_shared<std::pair<verify_request, verify_texts>>();
  auto& [r, t] = *typed;
  verb.add_option("rows", r.rows, "OP, OP.FUNCTION, OP/VARIANT or OP.FUNCTION/VARIANT; all unless given")
      ->type_name("ROW");
  verb.add_option("--on", r.on, "Where kernels run: host, checked (with the memory and race checker) or gpu")
      ->type_name("WHERE")
      ->capture_default_str();
  verb.add_option("--cases", t.cases, "Judged cases per variant and dtype; skipped ones come on top (100)")
      ->type_name("N");
  verb.add_option("--minutes", t.minutes, "Generate cases for so long instead, rows in turn")->type_name("M");
  verb.add_option("--seed", t.seed, "The same seed draws the same cases on any machine (1)")->type_name("S");
  verb.add_option("--dtype", r.type, "Only rows that take this input dtype")->type_name("T");
  verb.add_option("--regime", r.regime, "Draw all inputs in this regime")->type_name("R");
  verb.add_option("--shard", t.shard, "The I-th of N parts of the cases, for N machines")->type_name("I/N");
  verb.add_option("--recorded", t.recorded, "Recorded cases: yes (run first), no, or only")->type_name("USE");
  verb.add_flag("--all-laws", r.all_laws, "Every law on every case, instead of those its seed selects");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  verb.add_option("--report", r.report, "Write the result as one self-contained HTML page")
      ->type_name("FILE");
  verb.add_option(
          "--baseline", r.baseline,
          "What an earlier run wrote as --json: a number that rose beyond what seeds explain is a failure")
      ->type_name("FILE");
  verb.add_option("--max-failures", t.failures, "Stop a row after so many failures (50)")->type_name("N");
  add_shrink_options(verb, t.work, "Time to look for a smaller failing case (20)");
  add_work_options(verb, t.work,
                   "Worker processes; one a core unless given. What is judged does not depend on it");
  verb.add_option("--out", r.work.out, "Folder of what the run leaves: failures/, fixed/; made when absent")
      ->type_name("DIR")
      ->capture_default_str();
  verb.footer(verify_help);
  return {&verb, [typed] { return read(typed->second, typed->first); }};
}

command_line_verb claims_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("claims", "Judge what was proposed and said upstream");
  const auto typed = std::make_shared<std::pair<claims_request, claims_texts>>();
  auto& [r, t] = *typed;
  verb.add_option("ids", r.ids, "Claims by id, such as S1, or S7 for all its parts; all unless given")
      ->type_name("ID");
  verb.add_option("--cases", t.cases, "Judged cases of each subject (24)")->type_name("N");
  verb.add_option("--seed", t.seed, "The same seed draws the same cases on any machine (1)")->type_name("S");
  verb.add_flag("--no-figures", r.no_figures,
                "Measure nothing: print only what is the same on every machine");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  add_shrink_options(verb, t.work, "Time to look for a smaller counterexample (60)");
  add_work_options(verb, t.work,
                   "Worker processes; one a core unless given. What is judged does not depend on it");
  verb.footer(claims_help);
  return {&verb, [typed] { return read(typed->second, typed->first); }};
}

}  // namespace plumbline::program
