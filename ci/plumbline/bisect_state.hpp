// What a bisection knows, in files of one folder: what it looks for, and what each commit's build computed.
//
// A commit is built once: its measurement is written as soon as it is there, in one rename, and holds every
// metric, so that a run that was ended goes on where it stood and one that asks for another metric or another
// bad end builds only what nobody built.  The folder is named by all that a measurement depends on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ci/plumbline/toolchain.hpp"

namespace plumbline::program {

/// What one commit's build computed, judged by today's program.
struct measured_commit {
  std::string reason;                               // not empty: no number, and why
  std::vector<std::map<std::string, double>> runs;  // metrics; one, unless runs gave other bits
  int repeats = 0;                                  // how often it ran
  std::string digest;                               // of the first run's outputs
  std::map<std::string, double> stages;             // of the first run, where it showed any: budget used
  std::string first_stage;                          // the first of them that leaves its budget
  toolchain built;
  double seconds = 0;
};

/// All that a step needs to measure a commit and to tell good from bad.
struct bisect_plan {
  std::string repository, worktree, build;  // folders
  std::string good, bad;                    // full hashes
  std::string row, case_text;               // OP.FUNCTION/VARIANT; the line of the old builds
  std::string contract;                     // that outputs are judged by
  std::vector<std::string> outputs;         // names of tensors
  std::string metric, on;
  double threshold = 0;  // set once the ends are measured; NaN: they are equal
  int repeats = 2, jobs = 0;
  double case_timeout = 120;
  std::vector<std::string> cmake;  // further arguments of configuring
  int parent = 0;                  // process that drives the steps; they end with it
};

class bisect_folder {
 public:
  explicit bisect_folder(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  bisect_plan plan() const;
  void write(const bisect_plan&) const;
  std::optional<measured_commit> measured(const std::string& commit) const;
  void write(const std::string& commit, const measured_commit&) const;
  /// Outputs that the first run of a commit's build left.
  std::string outputs_of(const std::string& commit) const { return file("outputs/" + commit + ".h5"); }

 private:
  std::string path_;
};

/// Where no threshold divides the ends, these are what they were called, and all else lies `between`.
enum class commit_side { good, bad, untold, between, good_end, bad_end };

/// The values of a metric over the runs, by size; empty: there is none.
std::vector<double> values_of(const measured_commit&, const std::string& metric);
/// Past the threshold, on this side of it, or neither: no number, or runs on both sides.  A NaN is past all;
/// a threshold that is NaN divides nothing: `between`.
commit_side side_of(const measured_commit&, const std::string& metric, double threshold);
/// The middle one.
double value_of(const measured_commit&, const std::string& metric);

}  // namespace plumbline::program
