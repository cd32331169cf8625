// One commit, measured: built in the worktree, run on the frozen inputs, judged by this program.
//
// The old build only writes outputs; inputs, options and contract that they are judged with are those of the
// frozen case, whatever its files say.
#pragma once

#include <functional>
#include <string>

#include "ci/plumbline/bisect_state.hpp"
#include "properties/judge/verdict.hpp"

namespace plumbline::program {

/// What is being done, for whoever waits.
using bisect_note = std::function<void(const std::string& what)>;

/// What is measured of a commit, from the folder or made and written there; nothing when a signal ended it or
/// `give_up` said so.
std::optional<measured_commit> measure(const bisect_folder&, const bisect_plan&, const std::string& commit,
                                       const bisect_note& note, const std::function<bool()>& give_up = {});

/// What the outputs in a file come to.  `bits` is among the metrics once the good end's outputs are there;
/// stages only where the file holds taps.
struct judged_outputs {
  std::map<std::string, double> metrics;
  std::vector<stage_verdict> stages;
};
/// As tensors of the frozen case, judged by this program.  Sets `why_not` where there are none.
judged_outputs judge_outputs_of(const bisect_folder&, const bisect_plan&, const std::string& outputs,
                                std::string& why_not);

/// A number that bisect can follow: one of a verdict's metrics, or one that `judge_outputs_of` adds to them.
struct bisect_metric {
  const char *name, *meaning;  // meaning: empty where the name says it
  bool beside_good = false;    // counted beside the good end's outputs: there once that end is measured
};
/// All that --metric takes, in the order in which they are listed.
inline constexpr bisect_metric bisect_metrics[] = {
    {"budget_used", ""},
    {"max_ulp", ""},
    {"rms", ""},
    {"bias", "its size"},
    {"bits", "elements that differ from the good end's", true}};

}  // namespace plumbline::program
