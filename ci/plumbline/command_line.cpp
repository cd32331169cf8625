// The command line.  CLI11 takes longer to compile than all else: few files include it.
//
// CLI11 splits words and prints help; every value is read here, so that each refusal is one line of the same
// form: the argument, what was expected, what was there.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "ci/plumbline/bisect_verb.hpp"
#include "ci/plumbline/fixtures_verb.hpp"
#include "ci/plumbline/help_texts.hpp"
#include "ci/plumbline/option_text.hpp"
#include "ci/plumbline/refused_words.hpp"
#include "ci/plumbline/requests.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/text_table.hpp"

namespace plumbline::program {

namespace {

constexpr double most_minutes = 365 * 24 * 60.0, most_seconds = 365 * 24 * 3600.0;  // a year

constexpr std::size_t help_width = 80, help_column = 28;

// CLI11 breaks no lines; this breaks what it says of options and verbs.
class narrow_help : public CLI::Formatter {
 public:
  narrow_help() { column_width(help_column); }
  std::string make_option_desc(const CLI::Option* o) const override { return beside(o->get_description()); }
  std::string make_subcommand(const CLI::App* sub) const override {
    std::stringstream out;
    CLI::detail::format_help(out, sub->get_name(), beside(sub->get_description()), column_width_);
    return out.str();
  }

 private:
  static std::string beside(const std::string& text) {
    std::string all;
    for (const std::string& line : wrapped(text, help_width - help_column))
      all += (all.empty() ? "" : "\n") + line;
    return all;
  }
};

struct texts {
  std::string claim_cases, cases, minutes, seed, shard, recorded, jobs, timeout, shrink_seconds, shrink_steps,
      failures;
};

void add_work_options(CLI::App& verb, texts& t) {
  verb.add_option("--jobs", t.jobs,
                  "Worker processes; one a core unless given. What is judged does not depend on it")
      ->type_name("N");
  verb.add_option("--case-timeout", t.timeout, "Seconds after which a case counts as hanging (120)")
      ->type_name("S");
}

void add_out_option(CLI::App& verb, work_options& w, const char* what) {
  verb.add_option("--out", w.out, what)->type_name("DIR")->capture_default_str();
}

void read_work_options(const texts& t, work_options& w) {
  if (!t.jobs.empty()) w.jobs = whole_number<int>("--jobs", t.jobs, 1, 1024);
  if (!t.timeout.empty()) w.case_timeout = positive("--case-timeout", t.timeout, most_seconds);
  if (!t.shrink_seconds.empty())
    w.shrink_seconds = positive("--shrink-seconds", t.shrink_seconds, most_seconds);
  if (!t.shrink_steps.empty())
    w.shrink_steps = whole_number<int>("--shrink-steps", t.shrink_steps, 0, 1000000);
}

void require_place(const std::string& on) {
  if (on != "host" && on != "checked" && on != "gpu")
    throw bad_argument("--on", "expected host, checked or gpu, got '" + on + "'");
}

recorded_use read_recorded(const std::string& text) {
  if (text.empty() || text == "yes") return recorded_use::yes;
  if (text == "no") return recorded_use::no;
  if (text == "only") return recorded_use::only;
  throw bad_argument("--recorded", "expected yes, no or only, got '" + text + "'");
}

void read_verify(const texts& t, const CLI::App& verb, verify_request& r) {
  require_place(r.on);
  if (verb.count("--cases") && verb.count("--minutes"))
    throw bad_argument("--minutes", "expected one of --cases and --minutes, got both");
  if (!t.cases.empty()) r.cases = whole_number<std::int64_t>("--cases", t.cases, 1, 1000000000);
  if (!t.minutes.empty()) r.minutes = positive("--minutes", t.minutes, most_minutes);
  if (!t.seed.empty()) r.seed = whole_number<std::uint64_t>("--seed", t.seed, 0, ~std::uint64_t{0});
  if (!t.shard.empty()) std::tie(r.shard, r.shards) = shard("--shard", t.shard);
  if (!t.failures.empty())
    r.max_failures = whole_number<std::int64_t>("--max-failures", t.failures, 1, 1000000000);
  r.recorded = read_recorded(t.recorded);
  read_work_options(t, r.work);
}

CLI::App& describe_list(CLI::App& app, list_request& r) {
  CLI::App& verb =
      *app.add_subcommand("list", "Operators, variants, dtypes, contracts, claims, laws, regimes");
  verb.add_flag("--budgets", r.budgets,
                "The tolerance budget of every contract: formula, constants, typical value");
  verb.add_flag("--json", r.json, "As JSON on standard output");
  verb.add_flag("-v,--verbose", r.verbose, "One sentence for each law, regime and coverage class");
  verb.add_option("--on", r.on, "Whose rows: host, checked or gpu")
      ->type_name("WHERE")
      ->capture_default_str();
  verb.footer(list_help);
  return verb;
}

CLI::App& describe_verify(CLI::App& app, verify_request& r, texts& t) {
  CLI::App& verb =
      *app.add_subcommand("verify", "Judge kernels on saved failures, recorded and generated cases");
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
  verb.add_option("--shrink-seconds", t.shrink_seconds, "Time to look for a smaller failing case (20)")
      ->type_name("S");
  verb.add_option("--shrink-steps", t.shrink_steps, "Smaller cases to try at most (200)")->type_name("N");
  add_work_options(verb, t);
  add_out_option(verb, r.work, "Folder of what the run leaves: failures/, fixed/; made when absent");
  verb.footer(verify_help);
  return verb;
}

CLI::App& describe_replay(CLI::App& app, replay_request& r, texts& t) {
  CLI::App& verb = *app.add_subcommand("replay", "Run cases again, with every law");
  verb.add_option("cases", r.cases, "Lines of text or files of cases")->type_name("CASE")->required();
  verb.add_option("--on", r.on, "Run on host, checked or gpu instead of where the case says")
      ->type_name("WHERE");
  verb.add_option("--outputs", r.outputs, "Write what the kernels computed, as a file of cases")
      ->type_name("FILE");
  verb.add_flag("--taps", r.taps,
                "With --outputs: also scores, row maxima, row sums and partials, where a kernel shows them");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  add_work_options(verb, t);
  r.work.out.clear();
  add_out_option(verb, r.work,
                 "Folder in which --outputs is put together; that of temporary files unless given");
  verb.footer(replay_help);
  return verb;
}

CLI::App& describe_explain(CLI::App& app, explain_request& r, texts& t) {
  CLI::App& verb = *app.add_subcommand("explain", "Name the first stage at which a case goes wrong");
  verb.add_option("cases", r.cases, "Lines of text or files of cases")->type_name("CASE")->required();
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  add_work_options(verb, t);
  verb.footer(explain_help);
  return verb;
}

CLI::App& describe_judge(CLI::App& app, judge_request& r, texts& t) {
  CLI::App& verb = *app.add_subcommand("judge", "Judge cases that another program wrote to an HDF5 file");
  verb.add_option("file", r.file,
                  "File of cases, all of them or one (FILE#/group/case): /function/case groups; outputs "
                  "(out, lse, ...) are judged like a kernel's, expected_* is held against our reference")
      ->type_name("FILE")
      ->required();
  verb.add_option("--contract", r.contract, "Judge all outputs by this contract (plumbline list names them)")
      ->type_name("C");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  verb.add_option("--report", r.report, "Write the result as one self-contained HTML page")
      ->type_name("FILE");
  add_work_options(verb, t);
  verb.footer(judge_help);
  return verb;
}

CLI::App& describe_claims(CLI::App& app, claims_request& r, texts& t) {
  CLI::App& verb = *app.add_subcommand("claims", "Judge what was proposed and said upstream");
  verb.add_option("ids", r.ids, "Claims by id, such as S1, or S7 for all its parts; all unless given")
      ->type_name("ID");
  verb.add_option("--cases", t.claim_cases, "Judged cases of each subject (24)")->type_name("N");
  verb.add_option("--seed", t.seed, "The same seed draws the same cases on any machine (1)")->type_name("S");
  verb.add_flag("--no-figures", r.no_figures,
                "Measure nothing: print only what is the same on every machine");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  verb.add_option("--shrink-seconds", t.shrink_seconds, "Time to look for a smaller counterexample (60)")
      ->type_name("S");
  verb.add_option("--shrink-steps", t.shrink_steps, "Smaller cases to try at most (200)")->type_name("N");
  add_work_options(verb, t);
  verb.footer(claims_help);
  return verb;
}

claims_request read_claims(const texts& t, claims_request r) {
  if (!t.claim_cases.empty()) r.cases = whole_number<std::int64_t>("--cases", t.claim_cases, 1, 1000000);
  if (!t.seed.empty()) r.seed = whole_number<std::uint64_t>("--seed", t.seed, 0, ~std::uint64_t{0});
  r.work.shrink_seconds = 60;
  read_work_options(t, r.work);
  return r;
}

CLI::App& describe_probe(CLI::App& app, probe_request& r) {
  CLI::App& verb = *app.add_subcommand("probe", "Ask a tensor core what no recorded vector answers");
  verb.add_option("names", r.names, "Probes; all unless given")->type_name("NAME");
  verb.add_option("--on", r.on, "Whom to ask: gpu, or host (the model itself)")
      ->type_name("WHERE")
      ->capture_default_str();
  verb.add_option("--out", r.out, "Write vectors, results and predictions as a file of cases")
      ->type_name("FILE");
  verb.add_flag("--list", r.list, "Names and questions");
  verb.footer(probe_help);
  return verb;
}

}  // namespace

request parse_command_line(int argc, const char* const* argv) {
  CLI::App app(about_program, "plumbline");
  app.footer(exit_codes);
  app.require_subcommand(1);
  app.set_version_flag("--version", "plumbline 1, commit " + built_commit());
  texts t;
  const auto formatter = std::make_shared<narrow_help>();
  app.formatter(formatter);

  list_request list;
  verify_request verify;
  replay_request replay;
  explain_request explain;
  judge_request judge;
  probe_request probe;
  claims_request claims;
  CLI::App& list_verb = describe_list(app, list);
  CLI::App& verify_verb = describe_verify(app, verify, t);
  CLI::App& replay_verb = describe_replay(app, replay, t);
  CLI::App& explain_verb = describe_explain(app, explain, t);
  CLI::App& judge_verb = describe_judge(app, judge, t);
  fixtures_request fixtures;
  fixtures_texts fixtures_numbers;
  const std::vector<CLI::App*> fixtures_verbs = describe_fixtures(app, fixtures, fixtures_numbers);
  bisect_request bisect;
  bisect_step_request bisect_step;
  bisect_texts bisect_numbers;
  CLI::App& bisect_verb = describe_bisect(app, bisect, bisect_numbers);
  CLI::App& bisect_step_verb = describe_bisect_step(app, bisect_step);
  CLI::App& claims_verb = describe_claims(app, claims, t);
  CLI::App& probe_verb = describe_probe(app, probe);
  CLI::App& worker_verb = *app.add_subcommand("worker", "")->group("");
  refuse_unknown_verb(app, argc, argv);
  for (CLI::App* verb : app.get_subcommands([](CLI::App* one) { return !one->get_group().empty(); }))
    verb->allow_extras()->formatter(formatter);
  for (CLI::App* verb : fixtures_verbs)
    verb->allow_extras(verb != fixtures_verbs.front())->formatter(formatter);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion& e) {
    app.exit(e);
    return nothing_to_do{};
  } catch (const CLI::CallForHelp& e) {
    app.exit(e);
    return nothing_to_do{};
  } catch (const CLI::ParseError& e) {
    refuse(app, e);
  }
  for (const CLI::App* verb : app.get_subcommands()) {
    if (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
    refuse_odd_values(*verb), refuse_unknown_options(*verb);
  }

  if (worker_verb.parsed()) return worker_request{};
  if (bisect_step_verb.parsed()) return bisect_step;
  if (bisect_verb.parsed()) return read_bisect(bisect_numbers, std::move(bisect));
  if (list_verb.parsed()) {
    require_place(list.on);
    return list;
  }
  if (replay_verb.parsed()) {
    if (!replay.on.empty()) require_place(replay.on);
    if (replay.taps && replay.outputs.empty())
      throw bad_argument("--taps", "expected with --outputs FILE, which they are written to");
    read_work_options(t, replay.work);
    return replay;
  }
  if (explain_verb.parsed()) {
    read_work_options(t, explain.work);
    return explain;
  }
  if (judge_verb.parsed()) {
    read_work_options(t, judge.work);
    return judge;
  }
  if (fixtures_verbs.front()->parsed())
    return read_fixtures(*fixtures_verbs.front(), fixtures_numbers, std::move(fixtures));
  if (claims_verb.parsed()) return read_claims(t, std::move(claims));
  if (probe_verb.parsed()) {
    if (probe.on != "gpu" && probe.on != "host")
      throw bad_argument("--on", "expected gpu or host, got '" + probe.on + "'");
    return probe;
  }
  if (verify_verb.parsed()) {
    read_verify(t, verify_verb, verify);
    return verify;
  }
  throw std::logic_error("the command line has a verb that nobody reads");
}

}  // namespace plumbline::program
