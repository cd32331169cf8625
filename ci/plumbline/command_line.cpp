// The command line.  The only file that includes CLI11, which takes longer to compile than all the others.
//
// CLI11 splits words and prints help; every value is read here, so that each refusal is one line of the same
// form: the argument, what was expected, what was there.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <sstream>

#include "ci/plumbline/option_text.hpp"
#include "ci/plumbline/requests.hpp"
#include "ci/plumbline/text_table.hpp"

namespace plumbline::program {

namespace {

constexpr std::array<const char*, 5> verbs = {"list", "verify", "replay", "judge", "probe"};

constexpr const char* exit_codes =
    "Exit codes\n"
    "  0  all pass\n"
    "  1  something failed, or is mistrusted because its check could not have failed\n"
    "  2  bad usage: one line names the argument and what was expected\n"
    "  3  could not run: no such device, an unreadable file, a result that could not\n"
    "     be written, nothing judged\n"
    "  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM; the partial result was printed\n";

constexpr const char* results_text =
    "A result FILE is tried before anything runs; its folder must exist. `-` is\n"
    "standard output (the text then goes to standard error). A pipe or a device is\n"
    "written to, a file is replaced as a whole.\n\n";

constexpr double most_minutes = 365 * 24 * 60.0, most_seconds = 365 * 24 * 3600.0;  // a year

constexpr const char* about_program =
    "Plumbline decides whether an optimized kernel computes what its mathematics\n"
    "says: generated and recorded cases are run, held against a double-precision\n"
    "reference and judged by error budgets that follow from what a kernel promises.\n\n"
    "  plumbline verify                         every operator, 100 cases a row\n"
    "  plumbline verify --help                  the options of a verb\n";

constexpr const char* case_texts =
    "A case is one line of text, which rebuilds its inputs bit for bit anywhere:\n"
    "  plumbline1:OP.FUNCTION[/VARIANT]:key=value,...;regime=NAME;seed=N\n"
    "or a file of cases: FILE, FILE#/group or FILE#/group/case. Behind the seed a line\n"
    "may have ;executor=host|checked|gpu, ;schedule=reverse|random:N|starve:N\n"
    "(how threads take turns on host and checked) and ;os_threads=N. OP:key=value is\n"
    "short for the operator's first function. `plumbline list -v` explains regimes;\n"
    "the keys of a problem are its options, left out where they have their default.\n";

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
  std::string cases, minutes, seed, shard, recorded, jobs, timeout, shrink_seconds, shrink_steps, failures;
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

[[noreturn]] void refuse_verb(const std::string& got) {
  throw bad_argument("VERB", "expected list, verify, replay, judge or probe, got " + got +
                                 " (plumbline --help says what they do)");
}

// One line, in our words, from whatever CLI11 found wrong.
[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& e) {
  const bool in_verb = !app.get_subcommands().empty();
  const std::string verb = in_verb ? " " + app.get_subcommands().front()->get_name() : "";
  const std::string help = " (plumbline" + verb + " --help)";
  std::string what = e.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  if (!in_verb) refuse_verb("options and no verb");
  const std::string first = what.substr(0, what.find_first_of(": "));
  if (dynamic_cast<const CLI::RequiredError*>(&e))
    throw bad_argument(first == "cases"  ? "CASE"
                       : first == "file" ? "FILE"
                                         : first,
                       "expected at least one, got none" + help);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&e))
    throw bad_argument(first,
                       (what.find("At Most") != std::string::npos ? "expected once, given more than once"
                                                                  : "expected a value behind it") +
                           help);
  throw bad_argument("plumbline" + verb, what + help);
}

// An empty value is a shell variable that was not set; an option as a value is one that was forgotten.
void refuse_odd_values(const CLI::App& verb) {
  for (const CLI::Option* o : verb.get_options())
    for (const std::string& value : o->results()) {
      std::string name = o->get_name();
      if (o->get_positional()) name = o->get_type_name();
      if (value.empty()) throw bad_argument(name, "expected a value, got an empty one");
      if (o->get_items_expected_max() > 0 && value.rfind("--", 0) == 0)
        throw bad_argument(name, "expected a value, got the option '" + value +
                                     "' (a file of that name is ./" + value + ")");
    }
}

void refuse_unknown_verb(int argc, const char* const* argv) {
  if (argc < 2) refuse_verb("none");
  const std::string first = argv[1];
  if (first.rfind("-", 0) == 0 || first == "worker") return;
  if (std::find(verbs.begin(), verbs.end(), first) == verbs.end()) refuse_verb("'" + first + "'");
}

// Words that look like options and that the verb does not know; CLI11 would list them all in one breath.
void refuse_unknown_options(const CLI::App& verb) {
  for (const std::string& word : verb.remaining()) {
    const std::string help = " of `plumbline " + verb.get_name() + "` (plumbline " + verb.get_name() +
                             " --help lists what it takes)";
    if (word.rfind("-", 0) == 0) throw bad_argument(word, "no such option" + help);
    throw bad_argument(verb.get_name(), "expected no further argument, got '" + word + "'" + help);
  }
}

}  // namespace

request parse_command_line(int argc, const char* const* argv) {
  refuse_unknown_verb(argc, argv);
  CLI::App app(about_program, "plumbline");
  app.footer(exit_codes);
  app.require_subcommand(1);
  texts t;
  const auto formatter = std::make_shared<narrow_help>();
  app.formatter(formatter);

  list_request list;
  CLI::App& list_verb =
      *app.add_subcommand("list", "Operators, variants, dtypes, contracts, claims, laws, regimes");
  list_verb.add_flag("--budgets", list.budgets,
                     "The tolerance budget of every contract: formula, constants, typical value");
  list_verb.add_flag("--json", list.json, "As JSON on standard output");
  list_verb.add_flag("-v,--verbose", list.verbose, "One sentence for each law, regime and coverage class");
  list_verb.add_option("--on", list.on, "Whose rows: host, checked or gpu")
      ->type_name("WHERE")
      ->capture_default_str();
  list_verb.footer(
      "Example\n  plumbline list --budgets\n\n"
      "Where the rows of --on cannot run here, they are listed as built; one line on\n"
      "standard error says so.\n");

  verify_request verify;
  CLI::App& verify_verb =
      *app.add_subcommand("verify", "Judge kernels on saved failures, recorded and generated cases");
  verify_verb
      .add_option("rows", verify.rows, "OP, OP.FUNCTION, OP/VARIANT or OP.FUNCTION/VARIANT; all unless given")
      ->type_name("ROW");
  verify_verb
      .add_option("--on", verify.on,
                  "Where kernels run: host, checked (with the memory and race checker) or gpu")
      ->type_name("WHERE")
      ->capture_default_str();
  verify_verb
      .add_option("--cases", t.cases, "Judged cases per variant and dtype; skipped ones come on top (100)")
      ->type_name("N");
  verify_verb.add_option("--minutes", t.minutes, "Generate cases for so long instead, rows in turn")
      ->type_name("M");
  verify_verb.add_option("--seed", t.seed, "The same seed draws the same cases on any machine (1)")
      ->type_name("S");
  verify_verb.add_option("--dtype", verify.type, "Only rows that take this input dtype")->type_name("T");
  verify_verb.add_option("--regime", verify.regime, "Draw all inputs in this regime")->type_name("R");
  verify_verb.add_option("--shard", t.shard, "The I-th of N parts of the cases, for N machines")
      ->type_name("I/N");
  verify_verb.add_option("--recorded", t.recorded, "Recorded cases: yes (run first), no, or only")
      ->type_name("USE");
  verify_verb.add_flag("--all-laws", verify.all_laws,
                       "Every law on every case, instead of those its seed selects");
  verify_verb.add_option("--json", verify.json, "Write the result for machines")->type_name("FILE");
  verify_verb.add_option("--report", verify.report, "Write the result as one self-contained HTML page")
      ->type_name("FILE");
  verify_verb.add_option("--max-failures", t.failures, "Stop a row after so many failures (50)")
      ->type_name("N");
  verify_verb
      .add_option("--shrink-seconds", t.shrink_seconds, "Time to look for a smaller failing case (20)")
      ->type_name("S");
  verify_verb.add_option("--shrink-steps", t.shrink_steps, "Smaller cases to try at most (200)")
      ->type_name("N");
  add_work_options(verify_verb, t);
  add_out_option(verify_verb, verify.work,
                 "Folder of what the run leaves: failures/, fixed/; made when absent");
  verify_verb.footer(
      std::string("Examples\n"
                  "  plumbline verify flash_decode --cases 2000 --seed 1\n"
                  "  plumbline verify flash_decode/split --dtype bf16 --report build/report/index.html\n\n"
                  "A failing case is printed in full and saved under DIR/failures, then shrunk; the\n"
                  "smallest replaces it, is replayed first by the next run, and moves to DIR/fixed\n"
                  "once it passes. DIR counts from the current folder.\n\n"
                  "Recorded cases are read from fixtures/recorded of the clone that the program was\n"
                  "built in, or from the folder that the environment variable PLUMBLINE_RECORDED\n"
                  "names.\n\n") +
      results_text + exit_codes);

  replay_request replay;
  CLI::App& replay_verb = *app.add_subcommand("replay", "Run cases again, with every law");
  replay_verb.add_option("cases", replay.cases, "Lines of text or files of cases")
      ->type_name("CASE")
      ->required();
  replay_verb.add_option("--on", replay.on, "Run on host, checked or gpu instead of where the case says")
      ->type_name("WHERE");
  replay_verb.add_option("--outputs", replay.outputs, "Write what the kernels computed, as a file of cases")
      ->type_name("FILE");
  replay_verb.add_option("--json", replay.json, "Write the result for machines")->type_name("FILE");
  add_work_options(replay_verb, t);
  add_out_option(replay_verb, replay.work, "Folder in which --outputs is put together");
  replay_verb.footer(std::string(case_texts) +
                     "\nExamples\n"
                     "  plumbline replay 'flash_decode:b=2,cache_seqlens=70/3,capacity=128;seed=7'\n"
                     "  plumbline replay build/plumbline/failures/*.h5 --outputs outputs.h5\n\n" +
                     results_text + exit_codes);

  judge_request judge;
  CLI::App& judge_verb =
      *app.add_subcommand("judge", "Judge cases that another program wrote to an HDF5 file");
  judge_verb
      .add_option("file", judge.file,
                  "File of cases, all of them or one (FILE#/group/case): /function/case groups; outputs "
                  "(out, lse, ...) are judged like a kernel's, expected_* is held against our reference")
      ->type_name("FILE")
      ->required();
  judge_verb
      .add_option("--contract", judge.contract,
                  "Judge all outputs by this contract (plumbline list names them)")
      ->type_name("C");
  judge_verb.add_option("--json", judge.json, "Write the result for machines")->type_name("FILE");
  judge_verb.add_option("--report", judge.report, "Write the result as one self-contained HTML page")
      ->type_name("FILE");
  add_work_options(judge_verb, t);
  judge_verb.footer(
      std::string("Example\n  plumbline judge outputs.h5 --contract bf16/tc25 --report judged.html\n\n"
                  "A case of a function that is known and that cannot be read (wrong shape, unknown\n"
                  "option, no contract, ...) fails with the reason. A group that no operator knows\n"
                  "is listed as unsupported and changes the exit code only when nothing else was\n"
                  "judged (3). Where two operators know a group, the attribute op says whose it is.\n\n") +
      results_text + exit_codes);

  probe_request probe;
  CLI::App& probe_verb = *app.add_subcommand("probe", "Ask a tensor core what no recorded vector answers");
  probe_verb.add_option("names", probe.names, "Probes; all unless given")->type_name("NAME");
  probe_verb.add_option("--on", probe.on, "Whom to ask: gpu, or host (the model itself)")
      ->type_name("WHERE")
      ->capture_default_str();
  probe_verb.add_option("--out", probe.out, "Write vectors, results and predictions as a file of cases")
      ->type_name("FILE");
  probe_verb.add_flag("--list", probe.list, "Names and questions");
  probe_verb.footer(
      std::string("Example\n  plumbline probe --on gpu --out probes.h5\n\n"
                  "Inputs are fixed. Exit 0 when every answer is the one that the host's model gives,\n"
                  "1 when one is another; kernels/host/tensor_core.md says what each probe is for.\n\n") +
      results_text + exit_codes);

  CLI::App& worker_verb = *app.add_subcommand("worker", "")->group("");
  for (CLI::App* verb : {&list_verb, &verify_verb, &replay_verb, &judge_verb, &probe_verb})
    verb->allow_extras()->formatter(formatter);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    app.exit(e);
    return nothing_to_do{};
  } catch (const CLI::ParseError& e) {
    refuse(app, e);
  }
  for (const CLI::App* verb : app.get_subcommands()) refuse_odd_values(*verb), refuse_unknown_options(*verb);

  if (worker_verb.parsed()) return worker_request{};
  if (list_verb.parsed()) {
    require_place(list.on);
    return list;
  }
  if (replay_verb.parsed()) {
    if (!replay.on.empty()) require_place(replay.on);
    read_work_options(t, replay.work);
    return replay;
  }
  if (judge_verb.parsed()) {
    read_work_options(t, judge.work);
    return judge;
  }
  if (probe_verb.parsed()) {
    if (probe.on != "gpu" && probe.on != "host")
      throw bad_argument("--on", "expected gpu or host, got '" + probe.on + "'");
    return probe;
  }
  read_verify(t, verify_verb, verify);
  return verify;
}

}  // namespace plumbline::program
