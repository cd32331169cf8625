// fixtures regenerate and bless: how what was recorded may change, in two steps and never in one.
//
// Goldens that are refreshed in passing hide the regression that changed them.  So `regenerate` makes a new
// file beside the old one and shows what differs, and `bless` puts it in its place: only with a reason, which
// the file keeps, and only when every variant passes on it.
#include <fmt/format.h>

#include <set>
#include <sstream>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/case_owner.hpp"
#include "ci/plumbline/fixture_cases.hpp"
#include "ci/plumbline/fixtures_verb.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/provenance.hpp"
#include "ci/plumbline/recipe_case.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "fixtures/difference.hpp"
#include "fixtures/dump.hpp"
#include "fixtures/store.hpp"
#include "properties/case_spec.hpp"
#include "properties/in_double.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

const std::string& only_file(const fixtures_request& asked) {
  if (const std::string why = why_unreadable(asked.what.front()); !why.empty())
    throw cannot_run("FILE: expected a file of cases, got '" + asked.what.front() + "': " + why);
  return asked.what.front();
}

// A word of a command line, to be typed as it is printed.
std::string in_shell(const std::string& word) {
  const bool plain =
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:@%") ==
      std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Where the blessing number n of a file is kept.
const std::string blessings = "blessed_";
std::string blessing(std::size_t n) { return fmt::format("{}{:03}", blessings, n); }

// A case with outputs computed anew from its inputs, which must come out of its line as they are stored.
class regeneration {
 public:
  explicit regeneration(const instrument& all) : all_(all) {}

  fixtures::stored_case again(const std::string& file, fixtures::stored_case one) {
    const auto variant = one.attributes.find(std::string(recorded_variant));
    const auto line = one.attributes.find("case");
    const std::string where = one.group + "/" + one.name;
    const recorded_case as_stored = as_recorded(one);
    if (is_recipe(as_stored)) return again_by_recipe(where, as_stored, std::move(one));
    if (line != one.attributes.end()) {
      const case_spec spec = case_spec::parse(line->second);
      require_same_inputs(where, one, find_operation(all_, spec.op, spec.function).record(spec, nullptr));
    }
    fixtures::stored_case now = one;
    again_in_double(where, now);
    if (variant == one.attributes.end()) return now;
    case_spec spec;
    spec.op = one.attributes.at("op"), spec.variant = variant->second;
    spec.function = function_of(one, spec.op);
    spec.recorded = (file.find('/') == std::string::npos ? "./" : "") + file + "#/" + where;
    executor& place = executor_of(one.attributes.at(std::string(recorded_executor)));
    const recorded_case made = find_operation(all_, spec.op, spec.function).record(spec, &place);
    for (const auto& [name, value] : made.tensors) now.tensors.set(name, value);
    if (fixtures::first_difference(one, now).empty()) return same_bits(std::move(one), spec.op);
    renew_provenance(now, place, spec.op);
    return now;
  }

 private:
  fixtures::stored_case again_by_recipe(const std::string& where, const recorded_case& recipe,
                                        fixtures::stored_case one) {
    executor& place = executor_of(one.attributes.at(std::string(recorded_executor)));
    fixtures::stored_case now = one;
    try {
      now.tensors = drawn_and_run(all_, recipe, place).tensors;
    } catch (const bad_argument& e) {
      throw cannot_run(where + ": " + e.what());
    }
    leave_hashes(now);
    const std::string op = one.attributes.at("op");
    if (fixtures::first_difference(one, now).empty()) return same_bits(std::move(one), op);
    renew_provenance(now, place, op);
    return now;
  }

  // Who recorded it is still who did; that today's sources compute the same is what `check` holds it to.
  static fixtures::stored_case same_bits(fixtures::stored_case one, const std::string& op) {
    one.attributes[std::string(recorded_sources)] = source_hash(op);
    return one;
  }

  static void renew_provenance(fixtures::stored_case& now, const executor& place, const std::string& op) {
    for (const auto& [key, value] : provenance_of(place, op, "plumbline fixtures regenerate"))
      now.attributes[key] = value;
  }

  // A truth that lies within its own error of today's stays as it was recorded: its last bits are those of
  // the machine.  How far it moved is said in either case.
  void again_in_double(const std::string& where, fixtures::stored_case& one) const {
    const recorded_case c = as_recorded(one);
    if (!holds_doubles(c)) return;
    external_judgement furthest;
    furthest.used = -1;
    for (const double_result& ours : owners(all_, c.function, c.options).at(0)->in_double(c)) {
      const tensor* held = one.tensors.find(ours.name);
      external_judgement moved;
      if (held != nullptr) moved = held_in_double(c, *held, ours);
      if (moved.result != outcome::pass) one.tensors.set(ours.name, ours.value);
      if (moved.used > furthest.used) furthest = moved;
    }
    if (furthest.used > 1)
      say(where + ": the truth moved beyond its own error: " + furthest.message + "\n");
    else if (furthest.used > 0)
      say(fmt::format("{}: the truth moved by {:.2g} of its own error\n", where, furthest.used));
  }

  std::string function_of(const fixtures::stored_case& one, const std::string& op) const {
    for (const operation* o : all_.operations)
      if (o->op() == op && o->claims_group(one.group)) return std::string(o->function());
    throw bad_argument("FILE", one.group + "/" + one.name + ": no function of " + op + " has this group");
  }

  executor& executor_of(const std::string& name) {
    std::unique_ptr<executor>& one = executors_[name];
    std::string why_not;
    if (!one) one = all_.make_executor(name, why_not);
    if (!one) throw cannot_run("outputs of " + name + " cannot be made here: " + why_not);
    return *one;
  }

  static void require_same_inputs(const std::string& where, const fixtures::stored_case& stored,
                                  const recorded_case& drawn) {
    for (const auto& [name, value] : drawn.tensors) {
      const tensor* held = stored.tensors.find(name);
      fixtures::stored_case before, after;
      if (held != nullptr) before.tensors.set(name, *held);
      after.tensors.set(name, value);
      if (const std::string differs = fixtures::first_difference(before, after); !differs.empty())
        throw cannot_run(where + ": stale recipe: its line draws other inputs: " + differs);
    }
  }

  const instrument& all_;
  std::map<std::string, std::unique_ptr<executor>> executors_;
};

// What stands in the way, as an exit code: nothing, a signal, a case that does not pass.
int checked(const std::string& file, const work_options& how) {
  std::vector<checked_file> files = files_to_check({file});
  if (!check_files(files, how, false)) {
    say("interrupted: nothing was blessed\n");
    return 128 + interrupted_by();
  }
  checked_file& f = files.front();
  f.sealed = true;  // it is sealed by this very step
  if (!f.unreadable.empty()) throw cannot_run("not blessed: " + f.unreadable);
  for (const external_judgement& e : f.judgements)
    if (e.kind != "unsupported" && e.result != outcome::pass)
      say(fmt::format("{}  {}\n  {}\n", name_of(e.result), e.group, e.message));
  const std::int64_t problems = problems_of(f);
  if (problems == 0) return all_pass;
  say(fmt::format("not blessed: {} of {} did not pass\n", problems, counted(f.cases.size(), "case")));
  return found_something;
}

}  // namespace

int regenerate_fixtures(const instrument& all, const fixtures_request& asked) {
  note_interrupts();
  const std::string file = only_file(asked), to = asked.to.empty() ? file + ".new.h5" : asked.to;
  const result_file place("--to", to);
  require_a_file(place), require_not_read(place, {file});
  regeneration anew(all);
  std::vector<fixtures::stored_case> cases;
  for (fixtures::stored_case& one : read_all(file)) {
    if (interrupted_by() != 0) {
      say("interrupted: nothing was written\n");
      return 128 + interrupted_by();
    }
    cases.push_back(anew.again(file, std::move(one)));
  }
  fixtures::write(to, cases, fixtures::root_attributes(file));
  std::ostringstream text;
  const int lines = fixtures::diff(text, file, to);
  say(folded(text.str(), terminal_width(stream::output)));
  say(fmt::format("{}: {}, {}\n", to, counted(cases.size(), "case"),
                  lines == 0
                      ? "the same bits, nothing to bless"
                      : fmt::format("{}; plumbline fixtures bless {} --with {} --reason TEXT puts it in "
                                    "place",
                                    counted(lines, "difference"), in_shell(file), in_shell(to))));
  return all_pass;
}

// What is recorded is never lost by putting another file in its place.
static void require_every_case(const std::string& file, const std::string& from) {
  std::set<std::string> kept;
  for (const fixtures::case_path& one : fixtures::list(from)) kept.insert(one.group + "/" + one.name);
  for (const fixtures::case_path& one : fixtures::list(file))
    if (!kept.contains(one.group + "/" + one.name))
      throw bad_argument("--with", "expected every case of '" + file + "', got '" + from +
                                       "', which has no " + one.group + "/" + one.name);
}

int bless_fixtures(const instrument&, const fixtures_request& asked) {
  note_interrupts();
  if (asked.reason.find_first_not_of(" \t\n") == std::string::npos)
    throw bad_argument("--reason", "expected why what is recorded changes, in words");
  const std::string file = only_file(asked), from = asked.with.empty() ? file : asked.with;
  if (const std::string why = why_unreadable(from); !why.empty())
    throw cannot_run("--with: expected a file of cases, got '" + from + "': " + why);
  require_every_case(file, from);
  if (const int code = checked(from, asked.work); code != all_pass) return code;
  std::map<std::string, std::string> root = fixtures::root_attributes(from);
  const std::map<std::string, std::string> old = fixtures::root_attributes(file);
  std::size_t n = 1;
  for (; old.count(blessing(n)) != 0; ++n) root[blessing(n)] = old.at(blessing(n));
  root[blessing(n)] = date_now() + "  " + built_commit() + "  " + asked.reason;
  if (from != file) {
    std::stringstream text;
    fixtures::diff(text, file, from);
    for (std::string line; std::getline(text, line);)
      if (line.rfind("file: attribute " + blessings, 0) != 0)  // they are carried over
        say(folded(line + "\n", terminal_width(stream::output)));
  }
  fixtures::write(file, read_all(from), root);
  say(fmt::format("{}: blessed, {}: {}\n", file, counted(fixtures::list(file).size(), "case"), asked.reason));
  return all_pass;
}

}  // namespace plumbline::program
