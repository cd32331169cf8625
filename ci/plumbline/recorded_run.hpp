// Real input: the recorded cases of the repository, run before anything generated.
//
// Each case is examined with every chosen variant of every function that knows its group, and its
// `expected_*` results, when it has some, are held against our reference.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ci/plumbline/requests.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/tally.hpp"
#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

struct recorded_row {
  const operation* op = nullptr;
  std::string variant;
  tally counts;
};

struct recorded_run {
  std::vector<recorded_row> rows;
  std::vector<external_judgement> expected;  // by case, in file order
  std::vector<failure> failures;
  std::vector<left_out_row> left_out;  // groups that no operator claims
};

/// Throws cannot_run with both ways out when there are none.
void require_recorded_cases();

/// Runs all recorded cases that a chosen row knows.  False: interrupted.
bool run_recorded(const instrument&, worker_pool&, const verify_request&, const std::vector<row>& rows,
                  recorded_run&, const std::function<void(const failure&)>& failed,
                  const std::function<void(std::size_t done, std::size_t all)>& tick);

}  // namespace plumbline::program
