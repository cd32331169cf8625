// The command line.  CLI11 takes longer to compile than all else: few files include it.
#include <CLI/CLI.hpp>
#include <sstream>
#include <stdexcept>

#include "ci/plumbline/command_line_verb.hpp"
#include "ci/plumbline/help_texts.hpp"
#include "ci/plumbline/option_text.hpp"
#include "ci/plumbline/refused_words.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/text_table.hpp"

namespace plumbline::program {

namespace {

constexpr double most_seconds = 365 * 24 * 3600.0;  // a year

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

// In the order of the help.
constexpr command_line_verb (*verbs[])(CLI::App&) = {
    list_verb,   verify_verb,      replay_verb, explain_verb, judge_verb, fixtures_verb,
    bisect_verb, bisect_step_verb, claims_verb, probe_verb,   worker_verb};

std::vector<CLI::App*> shown_verbs(CLI::App& app) {
  return app.get_subcommands([](CLI::App* one) { return !one->get_group().empty(); });
}

}  // namespace

void add_work_options(CLI::App& verb, work_texts& t, const char* jobs) {
  verb.add_option("--jobs", t.jobs, jobs)->type_name("N");
  verb.add_option("--case-timeout", t.timeout, "Seconds after which a case counts as hanging (120)")
      ->type_name("S");
}

void add_shrink_options(CLI::App& verb, work_texts& t, const char* seconds) {
  verb.add_option("--shrink-seconds", t.shrink_seconds, seconds)->type_name("S");
  verb.add_option("--shrink-steps", t.shrink_steps, "Smaller cases to try at most (200)")->type_name("N");
}

void read_work_options(const work_texts& t, work_options& w) {
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

request parse_command_line(int argc, const char* const* argv) {
  CLI::App app(about_program, "plumbline");
  app.footer(exit_codes);
  app.require_subcommand(1);
  app.set_version_flag("--version", "plumbline 1, commit " + built_commit());
  const auto formatter = std::make_shared<narrow_help>();
  app.formatter(formatter);
  std::vector<command_line_verb> all;
  for (const auto describe : verbs) all.push_back(describe(app));
  refuse_unknown_verb(app, argc, argv);
  for (CLI::App* verb : shown_verbs(app)) {
    const std::vector<CLI::App*> parts = shown_verbs(*verb);
    verb->allow_extras(parts.empty())->formatter(formatter);
    for (CLI::App* part : parts) part->allow_extras()->formatter(formatter);
  }

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
  for (const command_line_verb& one : all)
    if (one.app->parsed()) return one.read();
  throw std::logic_error("the command line has a verb that nobody reads");
}

}  // namespace plumbline::program
