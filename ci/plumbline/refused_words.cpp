#include "ci/plumbline/refused_words.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline::program {

namespace {

constexpr int any_number = 1000;  // CLI11 has a larger one for "as many as there are"

// In the order in which the command line describes them; hidden ones are in no group.
std::vector<std::string> verbs_of(const CLI::App& app, bool hidden_too) {
  std::vector<std::string> all;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (hidden_too || !verb->get_group().empty()) all.push_back(verb->get_name());
  return all;
}

// `app` is the program, or a verb that has verbs of its own.
[[noreturn]] void refuse_verb(const CLI::App& app, const std::string& got) {
  const std::vector<std::string> verbs = verbs_of(app, false);
  std::string known;
  for (const std::string& verb : verbs)
    known += (known.empty() ? "" : &verb == &verbs.back() ? " or " : ", ") + verb;
  const bool whole = app.get_parent() == nullptr;
  throw bad_argument(whole ? "VERB" : app.get_name(), "expected " + known + ", got " + got + " (plumbline " +
                                                          (whole ? "" : app.get_name() + " ") +
                                                          "--help says what they do)");
}

std::vector<std::string> options_of(const CLI::App& verb) {
  std::vector<std::string> all;
  for (const CLI::Option* one : verb.get_options())
    for (const std::string& name : one->get_lnames()) all.push_back("--" + name);
  return all;
}

}  // namespace

// One line, in our words, from whatever CLI11 found wrong.
[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& e) {
  const bool in_verb = !app.get_subcommands().empty();
  std::string verb = in_verb ? " " + app.get_subcommands().front()->get_name() : "";
  const bool in_part = in_verb && !app.get_subcommands().front()->get_subcommands().empty();
  if (in_part) verb += " " + app.get_subcommands().front()->get_subcommands().front()->get_name();
  const std::string help = " (plumbline" + verb + " --help)";
  std::string what = e.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  if (!in_verb) refuse_verb(app, "options and no verb");
  if (const CLI::App& own = *app.get_subcommands().front(); !verbs_of(own, false).empty() && !in_part)
    refuse_verb(own, own.remaining().empty() ? "none" : "options and no verb");
  const std::string first = what.substr(0, what.find_first_of(": "));
  const CLI::App* own = app.get_subcommands().front();
  if (in_part) own = own->get_subcommands().front();
  if (const CLI::Option* words = own->get_option_no_throw(first);
      words && words->get_positional() && words->get_expected_max() < any_number)
    throw bad_argument(words->get_type_name(),
                       "expected " + counted(words->get_expected_max(), "file") + help);
  if (dynamic_cast<const CLI::RequiredError*>(&e))
    throw bad_argument(
        first == "cases"   ? "CASE"
        : first == "file"  ? "FILE"
        : first == "files" ? (verb == " fixtures record" ? "CASE" : "FILE")
                           : first,
        (first.rfind("--", 0) == 0 ? "expected one, got none" : "expected at least one, got none") + help);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&e))
    throw bad_argument(first,
                       (what.find("At Most") != std::string::npos ? "expected once, given more than once"
                                                                  : "expected a value behind it") +
                           help);
  throw bad_argument("plumbline" + verb, what + help);
}

// An empty value is a shell variable that was not set; an option as a value is one that was forgotten.
void refuse_odd_values(const CLI::App& verb) {
  for (const CLI::Option* o : verb.get_options())
    for (const std::string& value : o->results()) {
      std::string name = o->get_name();
      if (o->get_positional()) name = o->get_type_name();
      if (value.empty()) throw bad_argument(name, "expected a value, got an empty one");
      if (o->get_items_expected_max() > 0 && value.rfind("--", 0) == 0)
        throw bad_argument(name, "expected a value, got the option '" + value +
                                     "' (a file of that name is ./" + value + ")");
    }
}

void refuse_unknown_verb(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2) refuse_verb(app, "none");
  const CLI::App* in = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::vector<std::string> known = verbs_of(*in, true);
    if (word.rfind("-", 0) == 0 || known.empty()) return;
    if (std::find(known.begin(), known.end(), word) == known.end())
      refuse_verb(*in, "'" + word + "'" + guess(word, verbs_of(*in, false)));
    in = in->get_subcommand(word);
  }
}

// Words that look like options and that the verb does not know; CLI11 would list them all in one breath.
void refuse_unknown_options(const CLI::App& verb) {
  for (const std::string& word : verb.remaining()) {
    const std::string name =
        (verb.get_parent()->get_parent() ? verb.get_parent()->get_name() + " " : "") + verb.get_name();
    const std::string help =
        " of `plumbline " + name + "` (plumbline " + name + " --help lists what it takes)";
    if (word.rfind("-", 0) == 0)
      throw bad_argument(word,
                         "no such option" + help + guess(word.substr(0, word.find('=')), options_of(verb)));
    throw bad_argument(verb.get_name(), "expected no further argument, got '" + word + "'" + help);
  }
}

}  // namespace plumbline::program
