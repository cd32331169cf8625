// From a command line to a verb, and from what a verb throws to an exit code and one clear line.
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <type_traits>

#include "ci/plumbline/bisect_verb.hpp"
#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/ctest_gpu.hpp"
#include "ci/plumbline/fixtures_verb.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/verbs.hpp"
#include "fixtures/store.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

int complain(const char* what, int code) {
  std::fprintf(stderr, "plumbline: %s\n", what);
  return code;
}

// A closed descriptor would be given to the next file that is opened, and what is printed would land in it.
void close_no_gap() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(number, F_GETFD) < 0) open("/dev/null", O_RDONLY);
}

// A result that nobody could read is no pass.
int with_output_written(int code) {
  const int error = standard_output_error();
  if (error == 0) return code;
  return complain((std::string("standard output: ") + strerror(error)).c_str(), could_not_run);
}

struct dispatch {
  const instrument& all;
  int operator()(const nothing_to_do&) const { return all_pass; }
  int operator()(const list_request& r) const { return run_list(all, r); }
  int operator()(const verify_request& r) const { return run_verify(all, r); }
  int operator()(const replay_request& r) const { return run_replay(all, r); }
  int operator()(const explain_request& r) const { return run_explain(all, r); }
  int operator()(const judge_request& r) const { return run_judge(all, r); }
  int operator()(const probe_request& r) const {
    if (!all.probe) throw cannot_run("probe: this program was built without probes");
    return all.probe(all, r);
  }
  int operator()(const claims_request& r) const { return run_claims(all, r); }
  int operator()(const fixtures_request& r) const { return run_fixtures(all, r); }
  int operator()(const bisect_request& r) const { return run_bisect(all, r); }
  int operator()(const bisect_step_request& r) const { return run_bisect_step(r); }
  int operator()(const worker_request&) const { return run_worker(all); }
};

}  // namespace

int run_program(const instrument& all, int argc, char** argv) {
  close_no_gap();
  signal(SIGPIPE, SIG_IGN);  // a reader that went away is no end of the run
  see_only_the_gpu_of_ctest();
  try {
    if (all.set_recorded_loader) all.set_recorded_loader(load_recorded);
    return with_output_written(std::visit(dispatch{all}, parse_command_line(argc, argv)));
  } catch (const bad_argument& e) {
    return complain(e.what(), bad_usage);
  } catch (const std::exception& e) {
    return complain(e.what(), could_not_run);
  }
}

}  // namespace plumbline::program
