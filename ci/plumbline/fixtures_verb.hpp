// `plumbline fixtures`: the parts of the verb.  Each returns an exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/requests.hpp"

namespace plumbline::program {

int record_fixtures(const instrument&, const fixtures_request&);
int check_fixtures(const instrument&, const fixtures_request&);
int regenerate_fixtures(const instrument&, const fixtures_request&);
int bless_fixtures(const instrument&, const fixtures_request&);
int diff_fixtures(const fixtures_request&);
int dump_fixtures(const fixtures_request&);
int run_fixtures(const instrument&, const fixtures_request&);

/// The check of some files, without a word: what `check` and `bless` ask.  False: interrupted.
struct checked_file {
  std::string name, digest;
  std::uint64_t bytes = 0;
  bool sealed = false;
  std::vector<std::string> cases;              // FILE#/group/case
  std::vector<external_judgement> judgements;  // by case; without a kind: not reached
  std::string unreadable;                      // why the file as a whole is none, or empty
};
bool check_files(std::vector<checked_file>&, const work_options&, bool quiet);
/// The files of a list of arguments; those of the recorded folder when there are none.
std::vector<checked_file> files_to_check(const std::vector<std::string>& names);
std::int64_t problems_of(const checked_file&);

}  // namespace plumbline::program
