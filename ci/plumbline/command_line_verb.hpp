// A verb of the command line: what CLI11 is told of it, and how its words become a request.
//
// CLI11 splits words and prints help; numbers stay text until `read`, so that each refusal is one line of the
// same form: the argument, what was expected, what was there.
#pragma once

#include <functional>
#include <string>

#include "ci/plumbline/requests.hpp"

namespace CLI {
class App;
}

namespace plumbline::program {

struct command_line_verb {
  CLI::App* app;
  /// Of a parsed command line on which this verb stands.  Throws bad_argument.
  std::function<request()> read;
};

// Each adds its verb to the command line.
command_line_verb list_verb(CLI::App&);
command_line_verb verify_verb(CLI::App&);
command_line_verb replay_verb(CLI::App&);
command_line_verb explain_verb(CLI::App&);
command_line_verb judge_verb(CLI::App&);
command_line_verb fixtures_verb(CLI::App&);
command_line_verb bisect_verb(CLI::App&);
command_line_verb bisect_step_verb(CLI::App&);
command_line_verb claims_verb(CLI::App&);
command_line_verb probe_verb(CLI::App&);
command_line_verb worker_verb(CLI::App&);

/// Options of verbs that run cases, as they were typed.
struct work_texts {
  std::string jobs, timeout, shrink_seconds, shrink_steps;
};
/// --jobs and --case-timeout.
void add_work_options(CLI::App&, work_texts&, const char* jobs = "Worker processes; one a core unless given");
/// --shrink-seconds and --shrink-steps.
void add_shrink_options(CLI::App&, work_texts&, const char* seconds);
void read_work_options(const work_texts&, work_options&);
/// Refuses what is none of host, checked and gpu.
void require_place(const std::string& on);

}  // namespace plumbline::program
