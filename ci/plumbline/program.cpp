// From a command line to a verb, and from what a verb throws to an exit code and one clear line.
#include <cstdio>
#include <type_traits>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/ctest_gpu.hpp"
#include "ci/plumbline/verbs.hpp"
#include "fixtures/store.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

int say(const char* what, int code) {
  std::fprintf(stderr, "plumbline: %s\n", what);
  return code;
}

struct dispatch {
  const instrument& all;
  int operator()(const nothing_to_do&) const { return all_pass; }
  int operator()(const list_request& r) const { return run_list(all, r); }
  int operator()(const verify_request& r) const { return run_verify(all, r); }
  int operator()(const replay_request& r) const { return run_replay(all, r); }
  int operator()(const judge_request& r) const { return run_judge(all, r); }
  int operator()(const probe_request& r) const {
    if (!all.probe) throw cannot_run("probe: this program was built without probes");
    return all.probe(all, r);
  }
  int operator()(const worker_request&) const { return run_worker(all); }
};

}  // namespace

int run_program(const instrument& all, int argc, char** argv) {
  see_only_the_gpu_of_ctest();
  try {
    if (all.set_recorded_loader) all.set_recorded_loader(load_recorded);
    return std::visit(dispatch{all}, parse_command_line(argc, argv));
  } catch (const bad_argument& e) {
    return say(e.what(), bad_usage);
  } catch (const std::exception& e) {
    return say(e.what(), could_not_run);
  }
}

}  // namespace plumbline::program
