// What the verb claims found, and how it says it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ci/plumbline/proposal.hpp"
#include "ci/plumbline/tally.hpp"

namespace plumbline::program {

/// A proposal after its subjects ran.
struct judged_proposal {
  const proposal* what = nullptr;
  judgement written = judgement::none, repaired = judgement::none;
  std::string counterexample;  // the smallest case that fails, as one line of text; empty: none
  std::string message;         // what fails there, or why an acceptance is mistrusted
  std::int64_t cases = 0;      // judged, of all forms and twins

  /// Both verdicts are those on record.
  bool as_expected() const { return written == what->expected && repaired == what->expected_repaired; }
};

struct proposals_report {
  std::vector<judged_proposal> judged;
  std::vector<measurement> figures;
  std::vector<std::string_view> out_of_scope;
  std::uint64_t seed = 1;
  std::int64_t cases_asked = 0;
  int jobs = 1;
  double seconds = 0;
  bool partial = false;
};

/// `page`: columns to fold to, 0 for none; lines to paste stay whole.
std::string text_of(const proposals_report&, bool colour, std::size_t page = 0);
std::string json_of(const proposals_report&);

}  // namespace plumbline::program
