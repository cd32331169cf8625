// The command line of `plumbline fixtures`, whose parts have words of their own.
#include <CLI/CLI.hpp>

#include "ci/plumbline/command_line_verb.hpp"
#include "ci/plumbline/fixtures_help.hpp"
#include "ci/plumbline/help_texts.hpp"
#include "ci/plumbline/option_text.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline::program {

namespace {

struct part {
  const char *name, *what, *words, *word_help, *help;
  fixtures_action action;
  int files = 0;  // 0: any number
};
constexpr part parts[] = {
    {"record", "Run cases and keep inputs and outputs in a file", "CASE",
     "Lines of text, files of cases, or raw inputs in a file (FILE#/group/case)", record_help,
     fixtures_action::record},
    {"check", "Say whether recorded cases are still worth anything", "FILE",
     "Files of cases; those of fixtures/recorded unless given", check_help, fixtures_action::check},
    {"regenerate", "Compute outputs anew beside a file, and show what differs", "FILE", "A file of cases",
     regenerate_help, fixtures_action::regenerate, 1},
    {"bless", "Put a new file in the place of an old one, with a reason; seals a file", "FILE",
     "The file whose cases change", bless_help, fixtures_action::bless, 1},
    {"diff", "Say how two files differ: 0 the same, 1 not", "FILE", "A and B", diff_help,
     fixtures_action::diff, 2},
    {"dump", "Print a file as text, for people and for git diff", "FILE",
     "FILE, FILE#/group or FILE#/group/case", dump_help, fixtures_action::dump, 1}};

std::vector<std::string> dtype_names() {
  std::vector<std::string> all;
  for (int i = 0; i <= static_cast<int>(dtype::i8); ++i) all.emplace_back(name_of(static_cast<dtype>(i)));
  return all;
}

struct fixtures_texts {
  std::string values, truth;
  std::vector<std::string> options, dtypes;
  work_texts work;
};

fixtures_request read(const CLI::App& verb, const fixtures_texts& t, fixtures_request r) {
  for (const part& one : parts)
    if (verb.got_subcommand(one.name)) r.action = one.action;
  if (!r.on.empty()) require_place(r.on);
  if (!t.truth.empty() && t.truth != "yes" && t.truth != "no")
    throw bad_argument("--truth", "expected yes or no, got '" + t.truth + "'");
  r.truth = t.truth != "no";
  for (const std::string& one : t.options) {
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw bad_argument("--option", "expected KEY=VALUE, got '" + one + "'");
    if (!r.options.emplace(one.substr(0, equals), one.substr(equals + 1)).second)
      throw bad_argument("--option", "expected each once, got " + one.substr(0, equals) + " again");
  }
  for (const std::string& one : t.dtypes) {
    const std::size_t equals = one.find('='), type = equals == std::string::npos ? 0 : equals + 1;
    if (!dtype_from(one.substr(type)))
      throw bad_argument("--dtype", "expected a number format (bf16, f16, e4m3, ...), got '" + one + "'" +
                                        guess(one.substr(type), dtype_names()));
    if (!r.dtypes.emplace(type == 0 ? "" : one.substr(0, equals), one.substr(type)).second)
      throw bad_argument("--dtype", "expected each array once, got '" + one + "' again");
  }
  read_work_options(t.work, r.work);
  if (t.values == "all")
    r.values = std::numeric_limits<std::int64_t>::max();
  else if (!t.values.empty())
    r.values = whole_number<std::int64_t>("--values", t.values, 0, 1000000000);
  return r;
}

}  // namespace

command_line_verb fixtures_verb(CLI::App& app) {
  CLI::App& verb =
      *app.add_subcommand("fixtures", "Recorded cases: record, check, regenerate, bless, diff, dump");
  const auto typed = std::make_shared<std::pair<fixtures_request, fixtures_texts>>();
  auto& [r, t] = *typed;
  verb.require_subcommand(1);
  verb.footer(std::string(fixtures_help) + exit_codes);
  for (const part& one : parts) {
    CLI::App& sub = *verb.add_subcommand(one.name, one.what);
    CLI::Option& words = *sub.add_option("files", r.what, one.word_help)->type_name(one.words);
    if (one.action != fixtures_action::check) words.required();
    if (one.files > 0) words.expected(one.files);
    const auto is = [&](auto... actions) { return ((one.action == actions) || ...); };
    using enum fixtures_action;
    if (is(record, regenerate))
      sub.add_option("--to", r.to,
                     is(record) ? "The file; one that is there is added to" : "The new file (FILE.new.h5)")
          ->type_name("FILE");
    if (is(record)) {
      sub.add_option("--on", r.on, "Run on host, checked or gpu instead of where the case says")
          ->type_name("WHERE");
      sub.add_option("--name", r.name,
                     "Name of the case in the file; made of variant, regime and seed unless given")
          ->type_name("NAME");
      sub.add_option("--option", t.options,
                     "Of arrays in an .npz file: an option of the call (function=attend)")
          ->type_name("KEY=VALUE")
          ->allow_extra_args(false);
      sub.add_option("--dtype", t.dtypes,
                     "What 16-bit integers and opaque bytes of an .npz file hold, or what one array does")
          ->type_name("[NAME=]TYPE")
          ->allow_extra_args(false);
      sub.add_flag("--hash-only", r.hash_only,
                   "Keep the line of a case and the hash of each tensor, not the tensors");
      sub.add_option("--truth", t.truth, "yes (the default): also keep truth and companions in double; or no")
          ->type_name("YES");
    }
    if (is(bless)) {
      sub.add_option("--reason", r.reason, "Why what is recorded changes; the file keeps it")
          ->type_name("TEXT");
      sub.add_option("--with", r.with, "The new file; FILE itself unless given")->type_name("FILE");
    }
    if (is(check)) sub.add_option("--json", r.json, "Write the result for machines")->type_name("FILE");
    if (is(dump))
      sub.add_option("--values", t.values, "Elements printed of each tensor: a number, or all (8)")
          ->type_name("N");
    if (is(record, check, bless)) add_work_options(sub, t.work);
    sub.footer(std::string(one.help) + exit_codes);
  }
  return {&verb, [typed, &verb] { return read(verb, typed->second, typed->first); }};
}

}  // namespace plumbline::program
