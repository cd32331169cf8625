// fixtures dump and diff: what files of cases hold, as text; and which part of the verb was asked for.
#include <sstream>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/fixtures_verb.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "fixtures/dump.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

void require_file(const std::string& file) {
  if (const std::string why = why_unreadable(file); !why.empty())
    throw cannot_run("FILE: expected a file of cases, got '" + file + "': " + why);
}

}  // namespace

int diff_fixtures(const fixtures_request& asked) {
  for (const std::string& file : asked.what) require_file(file);
  std::ostringstream text;
  const int lines = fixtures::diff(text, asked.what[0], asked.what[1]);
  say(folded(text.str(), terminal_width(stream::output)));
  if (lines == 0) say("the same attributes and the same bits\n");
  return lines == 0 ? all_pass : found_something;
}

int dump_fixtures(const fixtures_request& asked) {
  const std::vector<std::string> cases = cases_named("FILE", asked.what.front());
  const auto [file, path] = split_case_path(asked.what.front());
  fixtures::dump_options how;
  how.values = asked.values;
  const std::string below = path.empty() ? "" : path.substr(path.front() == '/');
  how.group = below.substr(0, below.find('/'));
  if (below.find('/') != std::string::npos) how.name = below.substr(below.find('/') + 1);
  std::ostringstream text;
  const int unreadable = fixtures::dump(text, split_case_path(cases.front()).first, how);
  say(text.str());
  if (unreadable > 0)
    throw cannot_run("FILE: expected cases that can be read, got '" + asked.what.front() + "': " +
                     std::to_string(unreadable) + " of " + counted(cases.size(), "case") + " cannot be");
  return all_pass;
}

int run_fixtures(const instrument& all, const fixtures_request& asked) {
  switch (asked.action) {
    case fixtures_action::record:
      return record_fixtures(all, asked);
    case fixtures_action::check:
      return check_fixtures(all, asked);
    case fixtures_action::regenerate:
      return regenerate_fixtures(all, asked);
    case fixtures_action::bless:
      return bless_fixtures(all, asked);
    case fixtures_action::diff:
      return diff_fixtures(asked);
    case fixtures_action::dump:
      return dump_fixtures(asked);
  }
  return bad_usage;
}

}  // namespace plumbline::program
