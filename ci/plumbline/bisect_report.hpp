// What a bisection found, as text, as JSON and as a picture.
#pragma once

#include <string>
#include <vector>

#include "ci/plumbline/bisect_stage.hpp"

namespace plumbline::program {

/// `lost`: the ends do not reproduce; `flaky`: runs of one end lie on both sides; `built_otherwise`: compiler
/// or flags differ between the ends and sources do not; `untestable`: commits that give no number are left.
enum class bisect_verdict { found, lost, flaky, built_otherwise, untestable, partial };
std::string_view name_of(bisect_verdict);

struct visited_commit {
  std::string commit, subject;
  std::size_t index = 0;  // of the range; the good end is 0
  commit_side side = commit_side::untold;
  measured_commit what;
};

struct bisect_report {
  bisect_plan plan;
  std::string case_text;  // as it was asked for
  std::string clean_up;   // command that removes what was left
  bisect_verdict verdict = bisect_verdict::partial;
  std::string message;                  // why it ended so, in one line
  std::vector<std::string> range;       // commits, the good end first
  std::vector<visited_commit> visited;  // by index
  std::string first_bad, described;     // hash; author, date and subject
  std::string before;                   // the commit whose number is the one before
  changed_stage stage;                  // from the commit before to the first bad one
  std::string built_otherwise;          // what of compiler and flags changed with it, or between the ends
  bool same_sources = false;            // ... and it changes no source
  std::vector<std::string> candidates;  // where no single commit was found
  std::string plot;                     // file
  double seconds = 0;

  const visited_commit* find(const std::string& commit) const;
};

std::string text_of(const bisect_report&, bool colour);
std::string json_of(const bisect_report&);
/// A drawing of its own, one XML document: the metric over the commits visited.
std::string svg_of(const bisect_report&);
/// "3f1c2ab  rms 0.412  good  subject"
std::string line_of(const bisect_report&, const visited_commit&, bool colour);

}  // namespace plumbline::program
