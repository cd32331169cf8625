// The command lines of verbs that take cases as they are, and of those that take none: replay, explain,
// judge; list, probe and the hidden worker.
#include <CLI/CLI.hpp>

#include "ci/plumbline/command_line_verb.hpp"
#include "ci/plumbline/help_texts.hpp"
#include "ci/plumbline/option_text.hpp"

namespace plumbline::program {

namespace {

template <class Request>
struct typed_words {
  Request r;
  work_texts work;

  request read() const {
    Request all = r;
    read_work_options(work, all.work);
    return all;
  }
};

constexpr char jobs[] = "Worker processes; one a core unless given. What is judged does not depend on it";

}  // namespace

command_line_verb list_verb(CLI::App& app) {
  CLI::App& verb =
      *app.add_subcommand("list", "Operators, variants, dtypes, contracts, claims, laws, regimes");
  const auto r = std::make_shared<list_request>();
  verb.add_flag("--budgets", r->budgets,
                "The tolerance budget of every contract: formula, constants, typical value");
  verb.add_flag("--json", r->json, "As JSON on standard output");
  verb.add_flag("-v,--verbose", r->verbose, "One sentence for each law, regime and coverage class");
  verb.add_option("--on", r->on, "Whose rows: host, checked or gpu")
      ->type_name("WHERE")
      ->capture_default_str();
  verb.footer(list_help);
  return {&verb, [r] {
            require_place(r->on);
            return *r;
          }};
}

command_line_verb replay_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("replay", "Run cases again, with every law");
  const auto typed = std::make_shared<typed_words<replay_request>>();
  replay_request& r = typed->r;
  verb.add_option("cases", r.cases, "Lines of text or files of cases")->type_name("CASE")->required();
  verb.add_option("--on", r.on, "Run on host, checked or gpu instead of where the case says")
      ->type_name("WHERE");
  verb.add_option("--outputs", r.outputs, "Write what the kernels computed, as a file of cases")
      ->type_name("FILE");
  verb.add_flag("--taps", r.taps,
                "With --outputs: also scores, row maxima, row sums and partials, where a kernel shows them");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  add_work_options(verb, typed->work, jobs);
  r.work.out.clear();
  verb.add_option("--out", r.work.out,
                  "Folder in which --outputs is put together; that of temporary files unless given")
      ->type_name("DIR")
      ->capture_default_str();
  verb.footer(replay_help);
  return {&verb, [typed] {
            const replay_request& asked = typed->r;
            if (!asked.on.empty()) require_place(asked.on);
            if (asked.taps && asked.outputs.empty())
              throw bad_argument("--taps", "expected with --outputs FILE, which they are written to");
            return typed->read();
          }};
}

command_line_verb explain_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("explain", "Name the first stage at which a case goes wrong");
  const auto typed = std::make_shared<typed_words<explain_request>>();
  verb.add_option("cases", typed->r.cases, "Lines of text or files of cases")->type_name("CASE")->required();
  verb.add_option("--json", typed->r.json, "Write the result for machines")->type_name("FILE");
  add_work_options(verb, typed->work, jobs);
  verb.footer(explain_help);
  return {&verb, [typed] { return typed->read(); }};
}

command_line_verb judge_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("judge", "Judge cases that another program wrote to an HDF5 file");
  const auto typed = std::make_shared<typed_words<judge_request>>();
  judge_request& r = typed->r;
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
  add_work_options(verb, typed->work, jobs);
  verb.footer(judge_help);
  return {&verb, [typed] { return typed->read(); }};
}

command_line_verb probe_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("probe", "Ask a tensor core what no recorded vector answers");
  const auto r = std::make_shared<probe_request>();
  verb.add_option("names", r->names, "Probes; all unless given")->type_name("NAME");
  verb.add_option("--on", r->on, "Whom to ask: gpu, or host (the model itself)")
      ->type_name("WHERE")
      ->capture_default_str();
  verb.add_option("--out", r->out, "Write vectors, results and predictions as a file of cases")
      ->type_name("FILE");
  verb.add_flag("--list", r->list, "Names and questions");
  verb.footer(probe_help);
  return {&verb, [r] {
            if (r->on != "gpu" && r->on != "host")
              throw bad_argument("--on", "expected gpu or host, got '" + r->on + "'");
            return *r;
          }};
}

command_line_verb worker_verb(CLI::App& app) {
  return {app.add_subcommand("worker", "")->group(""), [] { return worker_request{}; }};
}

}  // namespace plumbline::program
