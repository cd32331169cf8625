// The command line as data: one struct a verb.  `command_line.cpp` fills them, the verbs read them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace plumbline::program {

/// How cases are spread over worker processes, and where what they leave goes.
struct work_options {
  int jobs = 0;               // 0: one a core
  double case_timeout = 120;  // seconds
  double shrink_seconds = 20;
  int shrink_steps = 200;
  std::string out = "build/plumbline";
};

struct list_request {
  bool budgets = false;
  bool json = false;
  bool verbose = false;
  std::string on = "host";
};

enum class recorded_use : std::uint8_t { yes, no, only };

struct verify_request {
  std::vector<std::string> rows;  // OP[.FUNCTION][/VARIANT]; empty: all
  std::string on = "host";
  std::int64_t cases = 100;
  double minutes = 0;  // 0: `cases` decides
  std::uint64_t seed = 1;
  std::string type, regime;  // empty: all
  std::int64_t shard = 1, shards = 1;
  recorded_use recorded = recorded_use::yes;
  bool all_laws = false;
  std::int64_t max_failures = 50;
  std::string json, report;
  std::string baseline;  // what an earlier run wrote as --json
  work_options work;
};

struct replay_request {
  std::vector<std::string> cases;
  std::string on;  // empty: as the case says
  std::string outputs, json;
  bool taps = false;
  work_options work;
};

struct explain_request {
  std::vector<std::string> cases;
  std::string json;
  work_options work;
};

struct judge_request {
  std::string file, contract, json, report;
  work_options work;
};

struct probe_request {
  std::vector<std::string> names;  // empty: all
  std::string on = "gpu", out;
  bool list = false;
};

struct claims_request {
  std::vector<std::string> ids;  // empty: all
  std::int64_t cases = 24;
  std::uint64_t seed = 1;
  bool no_figures = false;  // nothing that depends on the machine is measured
  std::string json;
  work_options work;
};

enum class fixtures_action : std::uint8_t { record, check, regenerate, bless, diff, dump };

struct fixtures_request {
  fixtures_action action = fixtures_action::check;
  std::vector<std::string> what;  // cases, or as many files as the verb takes
  std::string to, on, name, reason, with, json;
  std::int64_t values = 8;
  bool truth = true;  // record keeps what the reference says in double
  bool hash_only = false;
  std::map<std::string, std::string> options, dtypes;  // of arrays in an .npz file; "": the dtype of any
  work_options work;
};

struct bisect_request {
  std::string good, bad, case_text;
  std::string metric = "budget_used", on = "host";
  std::optional<double> threshold;  // empty: the geometric middle of the ends
  int repeats = 2;
  std::vector<std::string> cmake;  // arguments of configuring
  bool fresh = false;
  bool clean = false;  // only take away what bisections left under `work.out`
  std::string json, plot;
  work_options work;
};

struct bisect_step_request {
  std::string folder;
};

struct worker_request {};

/// Help or a version was asked for and printed.
struct nothing_to_do {};

using request = std::variant<nothing_to_do, list_request, verify_request, replay_request, explain_request,
                             judge_request, probe_request, claims_request, fixtures_request, bisect_request,
                             bisect_step_request, worker_request>;

/// Throws bad_argument naming the argument and what was expected.
request parse_command_line(int argc, const char* const* argv);

}  // namespace plumbline::program
