// A finished (or interrupted) run as data: the text, JSON and HTML reports are three views of it.
#pragma once

#include <list>
#include <string>
#include <utility>
#include <vector>

#include "ci/plumbline/campaign.hpp"
#include "ci/plumbline/recorded_run.hpp"
#include "ci/plumbline/saved_failures.hpp"
#include "ci/plumbline/tally.hpp"

namespace plumbline::program {

/// One coverage class of one function over all that was drawn for its rows, taken or not.
struct coverage {
  std::string op, name;
  std::int64_t cases = 0, of = 0;
  double floor = 0;                     // least share
  std::vector<std::string> not_judged;  // rows that took none of the class
  bool met() const { return static_cast<double>(cases) >= floor * static_cast<double>(of); }
};

/// How a number of a row stands to that of the baseline.
struct rise {
  std::string row, metric;
  std::string where;                 // a trait of cases, where they tell more than all; else empty
  double factor = 1, sigmas = 0;     // how much larger the number is now, and how sure that is
  double chance = 1;                 // bound on how often seeds alone make as much of it
  std::int64_t before = 0, now = 0;  // cases
  bool compared = false;             // false where it is the same in every case, or there is none
};

struct run_report {
  std::string commit;
  std::vector<std::pair<std::string, std::string>> machine;
  std::uint64_t seed = 1;
  std::int64_t shard = 1, shards = 1, cases_asked = 0;
  std::string executor = "host";
  std::vector<row_run> rows;
  recorded_run recorded;
  std::vector<replayed_failure> replayed;
  std::list<failure> failures;  // each stays where it is while it is saved and shrunk
  std::vector<left_out_row> left_out;
  std::vector<coverage> classes;
  bool floors_hold = true;  // every floor met, or too few cases to ask for them
  bool floors_asked = false;
  std::vector<rise> rises;                // against the baseline, where one was given
  std::int64_t compared = 0, same = 0;    // numbers held to it, and those that are one number in every case
  std::vector<std::string> not_compared;  // rows, with the reason
  double seconds = 0;
  int jobs = 1;
  bool partial = false;  // a signal ended it
};

/// Classes of every function of the rows with their counts, in the order the operations give them.
std::vector<coverage> coverage_of(const std::vector<row_run>&);

/// 0 all pass; 1 a failure, a mistrust, a row without its cases or a missed floor; 3 nothing was judged.
int exit_code_of(const run_report&);
/// Why a whole run judged nothing at all, in one line; empty when it judged something.
std::string nothing_judged(const run_report&);

/// CPU, cores, compiler, what the executor says of itself.
std::vector<std::pair<std::string, std::string>> machine_of(const executor*);
/// The commit the program was built from, and the compiler it was built with.
std::string built_commit();
std::string built_with();

/// `page`: its width, or 0.
std::string text_report(const run_report&, bool colour, std::size_t page);
std::string html_report(const run_report&);

/// One failure in full, ending with the command to paste.
std::string describe(const failure&, bool colour);
/// Of a case that ran and has no stages.
std::string why_nothing_shown(const case_result&);

/// Throws cannot_run with what could not be written, when there is something.
void require_written(const std::vector<std::string>& complaints);

}  // namespace plumbline::program
