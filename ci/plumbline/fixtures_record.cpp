// fixtures record: runs cases and keeps them, inputs and outputs, in a file that is only ever added to.
//
// A case is recorded whatever the verdict: one that fails today is what a regression test wants.  One variant
// on one executor is one case of the file; their equal inputs are stored once.  A name that the file has
// already is refused: what was recorded changes by `bless` alone.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <functional>
#include <set>

#include "ci/plumbline/abandoned.hpp"
#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/file_turn.hpp"
#include "ci/plumbline/fixture_cases.hpp"
#include "ci/plumbline/fixtures_arrays.hpp"
#include "ci/plumbline/fixtures_verb.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/planned_cases.hpp"
#include "ci/plumbline/provenance.hpp"
#include "ci/plumbline/pump.hpp"
#include "ci/plumbline/recipe_case.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/terminal.hpp"
#include "fixtures/store.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

bool in_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}

// "split_peaked_seed7", or the name of the case in the file that it came from.
std::string made_name(const case_spec& spec) {
  std::string name = spec.recorded.empty()
                         ? fmt::format("{}_{}_seed{}", spec.variant,
                                       spec.regime.empty() ? "default" : spec.regime, spec.seed)
                         : spec.recorded.substr(spec.recorded.rfind('/') + 1) + "_" + spec.variant;
  if (!spec.executor.empty() && spec.executor != "host") name += "_on_" + spec.executor;
  std::replace_if(name.begin(), name.end(), std::not_fn(in_a_name), '_');
  return name;
}

// Where parts of the result lie while they are made.
class scratch {
 public:
  scratch() : folder_(temporary_folder() / fmt::format("{}{}", word, ::getpid())) {
    remove_abandoned(temporary_folder(), word, std::chrono::hours(1));
  }
  ~scratch() {
    std::error_code none;
    fs::remove_all(folder_, none);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const fs::path& folder() const { return folder_; }

 private:
  static constexpr const char* word = "plumbline-record-";
  fs::path folder_;
};

class recording {
 public:
  recording(const instrument& all, const fixtures_request& asked)
      : all_(all),
        asked_(asked),
        arrays_(asked, parts_.folder()),
        plan_(plan_cases(all, arrays_.names(), asked.on)) {
    if (asked.to.empty()) throw bad_argument("--to", "expected the file to record into");
    require_a_file(result_file("--to", asked.to));
    remove_abandoned(fs::absolute(asked.to).parent_path(),
                     fs::path(asked.to).filename().string() + ".writing-");
    if (!std::all_of(asked.name.begin(), asked.name.end(), in_a_name))
      throw bad_argument("--name", "expected letters, digits, '_', '-' and '.', got '" + asked.name + "'");
    read_kept();
    for (const planned_case& one : plan_.cases)
      if (asked_.hash_only && !one.spec.recorded.empty())
        throw bad_argument("--hash-only", "expected cases with a line of text, got inputs in a file: '" +
                                              arrays_.as_given(one.spec.recorded) + "'");
  }

  int run() {
    for (const auto& [why, n] : plan_.unknown) {
      bar_.print(fmt::format("not recorded: {}: {}\n", counted(n, "case"), why));
      left_out_ += static_cast<std::size_t>(n);
    }
    for (const std::string& why : plan_.unrunnable) leave_out("cannot be run: " + why);
    results_.resize(plan_.cases.size());
    worker_pool pool(asked_.work.jobs, asked_.work.case_timeout, plan_.cases.size());
    const bool whole = pump(
        pool, [&] { return next(); }, [&](const finished& f) { take(f); },
        [&] {
          bar_.show("recorded", static_cast<std::int64_t>(saved_.size()),
                    static_cast<std::int64_t>(plan_.cases.size()), "");
        });
    if (!refused_.empty()) throw bad_argument("CASE", refused_);
    if (!whole) {
      bar_.print("interrupted: nothing was recorded\n");
      return 128 + interrupted_by();
    }
    if (saved_.empty())
      throw cannot_run(left_out_ > 0 ? "nothing was recorded: no case could be run"
                                     : "nothing was recorded: no variant takes a case");
    return write();
  }

 private:
  void read_kept() {
    if (!fs::exists(asked_.to)) return;
    try {
      root_ = fixtures::root_attributes(asked_.to), kept_ = read_all(asked_.to);
    } catch (const fixtures::store_error& why) {
      throw cannot_run(std::string("--to: expected a file of cases to add to: ") + why.what());
    }
    if (!fixtures::is_sealed(asked_.to))
      throw bad_argument("--to", "expected a file that plumbline wrote, got '" + asked_.to +
                                     "', which is not sealed (plumbline fixtures bless seals it)");
    for (const fixtures::stored_case& one : kept_) taken_.insert(one.group + "/" + one.name);
  }

  void leave_out(const std::string& why) {
    bar_.print("not recorded: " + arrays_.as_given(why) + "\n");
    ++left_out_;
  }

  std::optional<work> next() {
    work w;
    if (!to_save_.empty()) {
      w.what = task::save, w.outputs = true, w.truth = asked_.truth && !asked_.hash_only,
      w.index = to_save_.back();
      w.case_text = plan_.cases[w.index].spec.str(), w.file = part(w.index);
      to_save_.pop_back();
      return w;
    }
    if (given_ == plan_.cases.size()) return std::nullopt;
    w.what = task::examine, w.index = given_, w.case_text = plan_.cases[given_++].spec.str(), w.laws = false;
    return w;
  }

  void take(const finished& f) {
    const std::string text = f.asked.case_text;
    if (f.asked.what == task::save) {
      const std::string why = f.lost.empty() ? f.got.error : f.lost;
      if (why.empty())
        saved_.push_back(f.asked.index);
      else
        leave_out(text + ": " + why);
      return;
    }
    const case_spec& spec = plan_.cases[f.asked.index].spec;
    if (f.got.usage && refused_.empty() && !plan_.cases[f.asked.index].from_file) refused_ = f.got.error;
    if (f.got.usage && refused_.empty() && arrays_.made(spec.recorded))
      refused_ = spec_name(spec) + ": " + f.got.error + arrays_.advice(spec.recorded, f.got.error);
    if (f.got.usage) {
      if (!refused_.empty()) return;  // every variant would say it again
      const std::string why = spec.recorded + ": " + f.got.error;
      if (refusals_.insert(why).second) leave_out(why);
      return;
    }
    results_[f.asked.index] = result_of(f);
    const case_result& r = *results_[f.asked.index];
    if (r.result == outcome::skipped)
      bar_.print(arrays_.as_given(fmt::format("skip  {}\n  {}\n", text, r.skip_reason)));
    else if (r.failed_law == "completes" || r.failed_law == not_examined)
      leave_out(text + ": " + r.message);
    else
      to_save_.push_back(f.asked.index);
  }

  std::string part(std::size_t which) const {
    return (parts_.folder() / fmt::format("{}.h5", which)).string();
  }

  fixtures::stored_case stored(std::size_t which) {
    const case_spec& spec = plan_.cases[which].spec;
    const std::string file = part(which);
    fixtures::stored_case one = fixtures::read(file, fixtures::list(file).at(0));
    std::string why_not;
    const std::unique_ptr<executor> where = all_.make_executor(spec.executor, why_not);
    if (!where) throw cannot_run(why_not);
    for (const auto& [key, value] : provenance_of(*where, spec.op, command_of(spec)))
      one.attributes[key] = value;
    one.attributes[std::string(recorded_variant)] = spec.variant;
    one.attributes[std::string(recorded_verdict)] = std::string(name_of(results_[which]->result));
    one.attributes["op"] = spec.op;
    if (!spec.recorded.empty()) one.attributes.erase("case"), say_what_is_not_kept(spec, one);
    if (asked_.hash_only) leave_hashes(one);
    name_it(one, spec);
    return one;
  }

  // A case's own line, or the file that it came from; `case` would name somebody's folders.
  std::string spec_name(const case_spec& spec) const {
    const std::string given = arrays_.as_given(spec.recorded);
    return given.substr(given.rfind('/', given.find('#')) + 1);
  }

  // What would record this case alone: the whole line that was typed may name a hundred others.
  std::string command_of(const case_spec& spec) const {
    std::string text =
        fmt::format("plumbline fixtures record '{}'", spec.recorded.empty() ? spec.str() : spec_name(spec));
    if (!arrays_.made(spec.recorded)) return text;
    for (const auto& [name, type] : asked_.dtypes)
      text += fmt::format(" --dtype {}{}{}", name, name.empty() ? "" : "=", type);
    for (const auto& [key, value] : asked_.options) text += fmt::format(" --option '{}={}'", key, value);
    return text;
  }

  // Results of somebody's own stand where the variant's go.
  void say_what_is_not_kept(const case_spec& spec, const fixtures::stored_case& one) {
    const recorded_case given = load_recorded(spec.recorded);
    for (const auto& [name, value] : one.tensors)
      if (const tensor* own = given.tensors.find(name); own && !same_elements(*own, value))
        bar_.print(fmt::format("{}: {} is the variant's, not the one given (plumbline judge judges that)\n",
                               spec_name(spec), name));
  }

  // The name given, with the variant where it would be that of several cases; or one that is made.
  void name_it(fixtures::stored_case& one, const case_spec& spec) {
    const bool given = !asked_.name.empty();
    const std::string name = !given              ? made_name(spec)
                             : saved_.size() > 1 ? asked_.name + "_" + spec.variant
                                                 : asked_.name;
    one.name = name;
    for (int n = 2; !taken_.insert(one.group + "/" + one.name).second; ++n) {
      if (const fixtures::stored_case* old = kept(one.group, one.name);
          old && (given || line_of(*old) == line_of(one)))
        throw bad_argument("--to", "'" + asked_.to + "' holds " + one.group + "/" + one.name + " already" +
                                       refusal_to_replace(*old, one));
      one.name = fmt::format("{}_{}", name, n);
    }
  }

  const fixtures::stored_case* kept(const std::string& group, const std::string& name) const {
    for (const fixtures::stored_case& one : kept_)
      if (one.group == group && one.name == name) return &one;
    return nullptr;
  }

  // Cases are told apart by it; inputs in a file have none, and the name that the file gives them counts.
  static std::string line_of(const fixtures::stored_case& one) {
    const auto found = one.attributes.find("case");
    return found == one.attributes.end() ? "" : found->second;
  }

  static const char* refusal_to_replace(const fixtures::stored_case& old, const fixtures::stored_case& one) {
    if (line_of(old) != line_of(one)) return ", another case; give another --name";
    return line_of(one).empty() ? "; give another --name, or regenerate and bless it"
                                : "; regenerate and bless it";
  }

  int write() {
    std::sort(saved_.begin(), saved_.end());
    const file_turn ours(asked_.to);
    read_kept();  // somebody else may have added to it meanwhile
    std::vector<fixtures::stored_case> all = kept_;
    for (const std::size_t which : saved_) all.push_back(stored(which));
    std::map<std::string, std::string> root = root_;
    root["written_by"] = "plumbline";
    fixtures::write(asked_.to, all, root);
    for (std::size_t i = kept_.size(); i < all.size(); ++i)
      bar_.print(fmt::format("recorded {}/{}  {}\n", all[i].group, all[i].name,
                             all[i].attributes.at(std::string(recorded_verdict))));
    bar_.print(fmt::format("{}: {}, {} of them new{}\n", asked_.to, counted(all.size(), "case"),
                           saved_.size(), left_out_ > 0 ? fmt::format("; {} not recorded", left_out_) : ""));
    return left_out_ > 0 ? found_something : all_pass;
  }

  const instrument& all_;
  const fixtures_request& asked_;
  const scratch parts_;
  const array_cases arrays_;
  const case_plan plan_;
  progress bar_;
  std::map<std::string, std::string> root_;
  std::vector<fixtures::stored_case> kept_;
  std::set<std::string> taken_;
  std::vector<std::optional<case_result>> results_;
  std::vector<std::size_t> to_save_, saved_;
  std::string refused_;
  std::set<std::string> refusals_;
  std::size_t given_ = 0, left_out_ = 0;
};

}  // namespace

int record_fixtures(const instrument& all, const fixtures_request& asked) {
  note_interrupts();
  return recording(all, asked).run();
}

}  // namespace plumbline::program
