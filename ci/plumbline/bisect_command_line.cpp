// The command line of `plumbline bisect`.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "ci/plumbline/bisect_measure.hpp"
#include "ci/plumbline/command_line_verb.hpp"
#include "ci/plumbline/help_texts.hpp"
#include "ci/plumbline/option_text.hpp"
#include "ci/plumbline/rows.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline::program {

namespace {

// "budget_used, ..., bias (its size), or bits (...)"
std::string metrics_in_words() {
  std::string all;
  for (const bisect_metric& one : bisect_metrics) {
    if (!all.empty()) all += &one == std::end(bisect_metrics) - 1 ? ", or " : ", ";
    all += one.name;
    if (*one.meaning != 0) all += std::string(" (") + one.meaning + ")";
  }
  return all;
}

struct bisect_texts {
  std::string threshold, repeats;
  work_texts work;
};

void require_ends_and_case(const bisect_request& r) {
  const struct {
    const char *name, *what;
    const std::string* value;
  } needed[] = {{"--good", "a revision", &r.good},
                {"--bad", "a revision", &r.bad},
                {"--case", "a line of text or FILE#/group/case", &r.case_text}};
  for (const auto& [name, what, value] : needed)
    if (r.clean && !value->empty())
      throw bad_argument("--clean", std::string("expected alone or with --out, got ") + name + " too");
    else if (!r.clean && value->empty())
      throw bad_argument(name, std::string("expected ") + what + ", got none (plumbline bisect --help)");
}

bisect_request read(const bisect_texts& t, bisect_request r) {
  require_ends_and_case(r);
  std::vector<std::string> known;
  for (const bisect_metric& one : bisect_metrics) known.emplace_back(one.name);
  if (std::find(known.begin(), known.end(), r.metric) == known.end())
    throw bad_argument(
        "--metric", "expected one of " + joined(known) + ", got '" + r.metric + "'" + guess(r.metric, known));
  require_place(r.on);
  if (!t.threshold.empty()) r.threshold = positive("--threshold", t.threshold, 1e15);
  if (!t.repeats.empty()) r.repeats = whole_number<int>("--repeats", t.repeats, 1, 1000);
  read_work_options(t.work, r.work);
  return r;
}

}  // namespace

command_line_verb bisect_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("bisect", "The first commit at which a number of a case got worse");
  const auto typed = std::make_shared<std::pair<bisect_request, bisect_texts>>();
  auto& [r, t] = *typed;
  verb.add_option("--good", r.good, "A commit at which the number was right")->type_name("REV");
  verb.add_option("--bad", r.bad, "A later one at which it is not")->type_name("REV");
  verb.add_option("--case", r.case_text, "A line of text or FILE#/group/case, of one variant")
      ->type_name("CASE");
  verb.add_option("--metric", r.metric, metrics_in_words())->type_name("METRIC")->capture_default_str();
  verb.add_option("--on", r.on, "Where kernels run: host, checked or gpu")
      ->type_name("WHERE")
      ->capture_default_str();
  verb.add_option("--threshold", t.threshold,
                  "Bad is above it; the geometric middle of the two ends unless given")
      ->type_name("X");
  verb.add_option("--repeats", t.repeats, "Runs of each build, to know a number that changes by itself (2)")
      ->type_name("N");
  verb.add_option("--cmake", r.cmake, "A further argument of configuring, such as --cmake=-DNAME=VALUE")
      ->type_name("ARG")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_flag("--fresh", r.fresh, "Forget what earlier runs measured");
  verb.add_flag("--clean", r.clean,
                "Only remove what bisections left under DIR: worktree, builds, measurements, plots");
  verb.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
  verb.add_option("--plot", r.plot,
                  "Write the metric over the commits visited as SVG; beside the rest unless given")
      ->type_name("FILE");
  add_work_options(verb, t.work, "Compilers at a time; one a core unless given");
  verb.add_option("--out", r.work.out, "Folder of what the run leaves: bisect/, made when absent")
      ->type_name("DIR")
      ->capture_default_str();
  verb.footer(bisect_help);
  return {&verb, [typed] { return read(typed->second, typed->first); }};
}

command_line_verb bisect_step_verb(CLI::App& app) {
  CLI::App& verb = *app.add_subcommand("bisect-step", "")->group("");
  const auto r = std::make_shared<bisect_step_request>();
  verb.add_option("folder", r->folder)->required();
  return {&verb, [r] { return *r; }};
}

}  // namespace plumbline::program
