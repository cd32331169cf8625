// `plumbline fixtures`: the parts of the verb, each in a file of its name.  Each returns an exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/requests.hpp"

namespace CLI {
class App;
}

namespace plumbline::program {

int record_fixtures(const instrument&, const fixtures_request&);
int check_fixtures(const instrument&, const fixtures_request&);
int regenerate_fixtures(const instrument&, const fixtures_request&);
int bless_fixtures(const instrument&, const fixtures_request&);
int diff_fixtures(const fixtures_request&);
int dump_fixtures(const fixtures_request&);
int run_fixtures(const instrument&, const fixtures_request&);

/// What numbers of the command line are before they are read.
struct fixtures_texts {
  std::string jobs, timeout, values, truth;
  std::vector<std::string> options, dtypes;
};
/// Adds the verb and its parts to the command line; returns it with them behind it.
std::vector<CLI::App*> describe_fixtures(CLI::App&, fixtures_request&, fixtures_texts&);
/// Once the command line is parsed: which part was asked for, and its numbers.  Throws bad_argument.
fixtures_request read_fixtures(const CLI::App& verb, const fixtures_texts&, fixtures_request);

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
