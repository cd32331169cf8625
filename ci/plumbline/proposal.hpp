// What somebody proposed upstream, as data: which code was proposed, and what the laws were expected to say.
//
// A subject is a variant of a function of `instrument::subjects`: the code as its author proposed it, or
// repaired, or kept to a condition.  Whatever is accepted has a twin, the same code with a fault in it, under
// the subject's name and `fault_suffix`: an acceptance counts when the twin is rejected.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {
class operation;
}

namespace plumbline::program {

enum class judgement : std::uint8_t {
  none,            // there is no such form
  accepted,        // every case held, and the twin was rejected
  rejected,        // a case fails
  conditional,     // a case fails, and none that meets the condition
  not_executable,  // nothing that could be run was proposed
  mistrusted       // every case held, and so did the twin's: the check could not have failed
};
std::string_view name_of(judgement);

inline constexpr std::string_view fault_suffix = "_with_fault";

/// Subjects are named FUNCTION/VARIANT.
struct proposal {
  std::string_view id = {};         // "S1"
  std::string_view source = {};     // "z-lab/dflash #2, 1"
  std::string_view statement = {};  // what is proposed or said, in a few words
  std::string_view written = {};    // as proposed; empty: nothing to run
  std::string_view repaired = {};   // empty: none
  std::string_view within = {};     // as proposed, of problems that meet the condition alone
  std::string_view condition = {};  // in words
  judgement expected = judgement::none, expected_repaired = judgement::none;
  std::string_view note = {};  // why, in one line
};

/// A figure that was measured here and now: no verdict depends on it.
struct measurement {
  std::string_view id = {};  // of the proposal
  std::string text;
};

/// All that a program knows of proposals.
struct proposal_list {
  const std::vector<proposal>* proposals = nullptr;  // null: none built in
  std::vector<measurement> (*measured)() = nullptr;
  std::vector<std::string_view> out_of_scope;  // statements that nothing here can judge
};

/// What the program is built with; tests/claims has them.
proposal_list upstream_proposals();
std::span<const operation* const> upstream_subjects();

}  // namespace plumbline::program
