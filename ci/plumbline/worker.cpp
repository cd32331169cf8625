// The other side of worker_pool: reads work, does it, answers.  One executor a name is kept for the process.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/case_owner.hpp"
#include "ci/plumbline/fixture_cases.hpp"
#include "ci/plumbline/memory.hpp"
#include "ci/plumbline/recipe_case.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/verbs.hpp"
#include "ci/plumbline/work.hpp"
#include "properties/in_double.hpp"
#include "properties/laws/schedules.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

constexpr int requests = 3, answers = 4;

class worker {
 public:
  explicit worker(const instrument& all) : all_(all) {}

  answer serve(const work& w) {
    answer a;
    a.id = w.id, a.done = true;
    try {
      work_on(w, a);
    } catch (const bad_argument& e) {
      a.error = e.what(), a.usage = true;
    } catch (const std::exception& e) {
      a.error = e.what();
    }
    return a;
  }

 private:
  executor& place(const std::string& name) {
    std::unique_ptr<executor>& e = executors_[name];
    std::string why_not;
    if (!e) e = all_.make_executor(name, why_not);
    if (!e) throw cannot_run(why_not);
    return *e;
  }

  void announce(const work& w, const std::string& about) {
    answer a;
    a.id = w.id, a.about = about;
    send(to_line(a));
  }

  case_result examine(const operation& op, const case_spec& spec, const work& w) {
    examine_options options;
    options.laws = w.laws, options.all_laws = w.all_laws, options.stages = w.stages;
    executor& where = place(spec.executor);
    recorded_case stored;
    if (!spec.recorded.empty()) stored = load_recorded(spec.recorded);
    const bool recipe = is_recipe(stored);
    if (const std::string why = too_big(all_, recipe ? line_of(stored) : spec); !why.empty()) {
      case_result skipped;
      skipped.case_text = spec.str(), skipped.result = outcome::skipped, skipped.skip_reason = why;
      return skipped;
    }
    if (recipe) stored = drawn(all_, stored);
    case_result r = spec.recorded.empty() ? op.examine(spec, where, options)
                                          : op.examine_recorded(stored, spec, where, options);
    case_spec failing = spec;
    if (!r.failing_schedule.empty()) failing.schedule = r.failing_schedule;
    r.case_text = failing.str();
    return r;
  }

  void work_on(const work& w, answer& a) {
    switch (w.what) {
      case task::draw: {
        const operation& op = find_operation(all_, w.op, w.function);
        case_spec spec = op.draw(w.variant, w.in, w.seed, w.index, w.regime);
        spec.executor = w.executor;
        if (place(spec.executor).kernels() == side::checked)
          spec.schedule = laws::schedule_of_case(spec.seed);
        announce(w, spec.str());
        a.result = examine(op, spec, w);
        return;
      }
      case task::examine: {
        announce(w, w.case_text);
        const case_spec spec = case_spec::parse(w.case_text);
        a.result = examine(find_operation(all_, spec.op, spec.function), spec, w);
        return;
      }
      case task::judge: {
        announce(w, w.recorded);
        recorded_case c = load_recorded(w.recorded);
        if (is_recipe(c)) c = drawn_and_run(all_, c, place(w.executor));
        const std::vector<const operation*> its = owners(all_, c.function, c.options);
        a.judged.group = c.function + "/" + c.name, a.judged.kind = "unsupported";
        if (its.empty())
          a.judged.message = unknown_group(located(split_case_path(w.recorded).first), c.function);
        for (const operation* op : its) {
          const external_judgement e = judge_all(*op, c, w.contract);
          if (a.judged.kind == "unsupported") a.judged = e;
          if (e.kind == "unsupported" || e.kind == "unreadable") continue;
          a.judged = e;
          if (c.taps.size() > 0) a.judged.stages = op->stages_of(c);
          break;
        }
        return;
      }
      case task::check:
        announce(w, w.recorded);
        a.judged = check_recorded(all_, w.recorded, place(w.executor));
        return;
      case task::save: {
        announce(w, w.case_text);
        const case_spec spec = case_spec::parse(w.case_text);
        const operation& op = find_operation(all_, spec.op, spec.function);
        recorded_case c = op.record(spec, w.outputs ? &place(spec.executor) : nullptr, w.taps);
        if (w.truth)
          for (double_result& one : op.in_double(c)) c.tensors.set(one.name, std::move(one.value));
        for (const auto& [key, value] : w.attributes) c.options[key] = value;
        save_case(w.file, c);
        return;
      }
    }
  }

 public:
  static void send(const std::string& line) {
    for (std::size_t sent = 0; sent < line.size();) {
      const ssize_t n = write(answers, line.data() + sent, line.size() - sent);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) _exit(could_not_run);
      sent += static_cast<std::size_t>(n);
    }
  }

 private:
  const instrument& all_;
  std::map<std::string, std::unique_ptr<executor>> executors_;
};

}  // namespace

int run_worker(const instrument& all) {
  if (fcntl(requests, F_GETFD) < 0 || fcntl(answers, F_GETFD) < 0)
    throw bad_argument("worker", "is started by plumbline itself, not by hand");
  signal(SIGINT, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  worker w(all);
  std::string incoming;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t n = read(requests, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return all_pass;
    incoming.append(buffer.data(), static_cast<std::size_t>(n));
    for (std::size_t eol; (eol = incoming.find('\n')) != std::string::npos;) {
      const work asked = work_from_line(std::string_view(incoming).substr(0, eol));
      incoming.erase(0, eol + 1);
      worker::send(to_line(w.serve(asked)));
    }
  }
}

}  // namespace plumbline::program
