#include "tests/program_fake_operation.hpp"

#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "ci/plumbline/case_files.hpp"
#include "properties/judge/attention/stages.hpp"
#include "properties/tap_tensors.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/sha256.hpp"

namespace plumbline::fake {

namespace {

constexpr std::int64_t fails_from = 5;  // `wrong` is right below

contract promise(dtype in) {
  contract c;
  c.name = in == dtype::f32 ? "f32/fake" : "bf16/fake", c.in = in;
  return c;
}

class fake_executor : public executor {
 public:
  std::string_view name() const override { return "host"; }
  side kernels() const override { return side::host; }
  std::optional<fault> run(const std::function<void(const kernel_arguments&, launcher&)>&, tensor_set&,
                           tensor_set&, const run_options&) override {
    return std::nullopt;
  }
  std::string machine() const override { return "nowhere"; }
};

class sum_operation : public operation {
 public:
  std::string_view op() const override { return "fake"; }
  std::string_view function() const override { return "sum"; }
  std::vector<variant_info> variants(side) const override {
    std::vector<variant_info> all;
    for (const char* name : {"good", "wrong", "doubtful", "picky", "never", "crash", "exit", "hang", "noisy",
                             "slow", "unordered", "killed", "always_killed"})
      all.push_back({name, {promise(dtype::f32)}, claim::same_bits_run_to_run});
    all.front().contracts.push_back(promise(dtype::bf16));
    return all;
  }
  std::vector<std::string> regimes() const override { return {"plain", "odd"}; }
  std::vector<std::string> laws() const override {
    return {"agrees_with_truth", "same_bits_run_to_run", "same_bits_any_schedule"};
  }
  std::vector<std::pair<std::string, double>> coverage_floors() const override {
    const char* wanted = std::getenv("FAKE_FLOOR");
    return {{"even", wanted ? std::atof(wanted) : 0.2}};
  }

  std::string budgets(std::span<const contract> all) const override {
    return std::to_string(all.size()) + " contracts\n";
  }
  std::string_view meaning(std::string_view name) const override {
    return name == "plain" ? "Integers from 1 on." : "";
  }
  double memory_needed(const case_spec& c) const override { return c.problem == "n=1000000" ? 1e18 : 0; }

  case_spec draw(std::string_view variant, dtype, std::uint64_t seed, std::uint64_t index,
                 std::string_view regime) const override {
    case_spec c;
    c.op = op(), c.function = "sum", c.variant = variant;
    c.problem = "n=" + std::to_string((seed * 7919 + index * 2654435761u) % 20);
    c.regime = regime.empty() ? "plain" : regime, c.seed = index;
    return c;
  }

  std::vector<case_spec> smaller(const case_spec& failing) const override {
    std::vector<case_spec> all;
    const std::int64_t n = size_of_problem(failing);
    for (const std::int64_t m : {n / 2, n - 1}) {
      if (m < 0 || m == n) continue;
      all.push_back(failing);
      all.back().problem = "n=" + std::to_string(m);
    }
    return all;
  }

  case_result examine(const case_spec& c, executor&, const examine_options& how) const override {
    const std::int64_t n = size_of_problem(c);
    misbehave(c.variant, n);
    case_result r;
    r.seconds = 1e-4;
    if (n % 2 == 0) r.classes.push_back("even");
    if (c.variant == "never" || (c.variant == "picky" && n % 4)) {
      r.result = outcome::skipped, r.skip_reason = "n is not a multiple of 4";
      return r;
    }
    r.digest = sha256().update(c.problem).hex();
    r.judged.elements = 1;
    finding f;
    f.test = "E", f.output = "out", f.where = "element 0", f.truth = static_cast<double>(n * (n + 1) / 2);
    const char* mended = std::getenv("FAKE_MENDED");  // right, or such that its truth shows nothing
    f.computed = f.truth + (is_wrong(c.variant) && n >= fails_from && !mended ? 3 : 0);
    f.used = f.computed - f.truth + 0.01 * static_cast<double>(n);
    f.message = "element 0: computed " + std::to_string(f.computed) + ", true " + std::to_string(f.truth);
    r.judged.used_histogram[f.passed() ? 3 : used_bins - 1] = 1;
    r.judged.findings.push_back(f);
    r.result = !f.passed() ? outcome::fail : c.variant == "doubtful" ? outcome::mistrusted : outcome::pass;
    if (!f.passed()) r.failed_law = "agrees_with_truth", r.message = f.message;
    if (std::getenv("FAKE_TAPS") &&
        (how.stages == stages_wanted::always || (how.stages == stages_wanted::on_failure && !f.passed())))
      r.stages = stages(f.computed - f.truth, c.variant != "doubtful");
    if (shows("too_many")) {
      tap_record taps(1);
      show(taps, n, 0, 0);
      r.stages.clear(), r.no_stages = why_no_stages(taps);
    }
    if (c.variant == "doubtful") r.failed_law = "agrees_with_truth", r.message = "the truth is all zero";
    r.judged.result = r.result;
    r.laws = {{"agrees_with_truth", r.result, r.message}, {"same_bits_run_to_run", outcome::pass, ""}};
    if (c.variant == "wrong" && mended && mended == std::string_view("zero"))
      r.result = r.judged.result = r.laws[0].result = outcome::mistrusted,
      r.message = "the truth is all zero";
    if (c.variant == "unordered" && n == 0) {
      r.result = outcome::fail, r.failed_law = "same_bits_any_schedule", r.message = "other bits";
      r.failing_schedule = "random:9";
    }
    return r;
  }

  recorded_case record(const case_spec& c, executor* where, bool taps) const override {
    const std::int64_t n =
        c.recorded.empty() ? size_of_problem(c) : program::load_recorded(c.recorded).tensors.at("x").size();
    recorded_case r;
    r.function = "sum", r.name = "n" + std::to_string(n), r.options["n"] = std::to_string(n);
    tensor x(dtype::f32, {n});
    for (std::int64_t i = 0; i < n; ++i) x.set_value(i, static_cast<double>(i + 1));
    r.tensors.set("x", std::move(x));
    const char* slow = std::getenv("FAKE_SLOW_RECORD");  // seconds; of inputs too with FAKE_SLOW_INPUTS
    if (slow && (where || std::getenv("FAKE_SLOW_INPUTS")))
      std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(slow)));
    if (!where) return r;
    misbehave(c.variant, n);
    tensor out(dtype::f32, {1});
    const char* said = std::getenv("FAKE_ERROR");  // of the output
    const double right = static_cast<double>(n * (n + 1) / 2), error = said ? std::atof(said) : 0;
    out.set_value(0, right + error);
    if (taps && std::getenv("FAKE_TAPS")) {
      tap_record kept(shows("too_many") ? 1 : tap_record::usual_most);
      show(kept, n, right, error);
      r.taps = tensors_of(kept);
    }
    r.tensors.set("out", std::move(out));
    return r;
  }

  std::vector<stage_verdict> stages_of(const recorded_case& c) const override {
    tap_record shown;
    read_taps(c.taps, shown);
    return stages(shown.of(tap::row_sum)[0].value - total_of(c));
  }

  bool claims_group(std::string_view group) const override { return group == "sum"; }
  external_judgement judge(const recorded_case& c, std::string_view) const override {
    if (std::getenv("FAKE_SLOW_JUDGE")) be_slow(100);
    external_judgement e;
    e.group = c.function + "/" + c.name;
    const bool expected = c.tensors.has("expected_out");
    const tensor* out = expected ? c.tensors.find("expected_out") : c.tensors.find("out");
    if (!out) {
      e.kind = "unsupported", e.message = "holds no outputs: replay it";
      return e;
    }
    const double total = total_of(c);
    e.kind = expected ? "expected" : "outputs";
    e.used = total == out->value(0) ? 0 : 4;
    e.result = e.used <= 1 ? outcome::pass : outcome::fail;
    if (e.used > 1) e.message = "out: off by 4 budgets";
    e.metrics = {{"rms", std::fabs(total - out->value(0)) + 0.25}, {"max_ulp", e.used}};
    return e;
  }
  case_result examine_recorded(const recorded_case& c, const case_spec& how, executor& where,
                               const examine_options& options) const override {
    case_spec same = how;
    same.problem = "n=" + std::to_string(c.tensors.at("x").size());
    return examine(same, where, options);
  }

 private:
  static double total_of(const recorded_case& c) {
    double total = 0;
    for (const double x : c.tensors.at("x").values()) total += x;
    return total;
  }

  // FAKE_TAPS may say how: too_many are not kept; of lost ones the scores are wrong and nothing is made of
  // them.
  static bool shows(std::string_view how) {
    const char* said = std::getenv("FAKE_TAPS");
    return said && said == how;
  }
  static void show(tap_record& to, std::int64_t n, double right, double error) {
    if (shows("too_many")) to.take(tap::scores, {});
    const char* made = std::getenv("FAKE_ERROR_AT");  // row_sum unless it says key, score or out
    const std::string_view at = made ? made : "row_sum";
    to.take(tap::scores,
            {0, 0, at == "key" && error != 0, static_cast<double>(n) + (at == "score" ? error : 0)});
    to.take(tap::row_sum, {0, 0, 0, at == "out" ? right : right + error});
  }

  // What is made of the scores is off by that much; without any the scores prove nothing.
  static std::vector<stage_verdict> stages(double error, bool any_scores = true) {
    std::vector<stage_verdict> all;
    const char wrong = shows("lost") ? 's' : 'r';
    for (const char* name : {"scores", "row_sum"}) {
      finding f;
      f.test = "L", f.output = name, f.used = name[0] == wrong ? std::fabs(error) : 0.25, f.where = "row 0";
      f.message = std::string(name) + " is off by " + std::to_string(f.used);
      verdict v;
      v.elements = name[0] == 'r' ? wrong == 'r' : any_scores;
      if (v.elements > 0) v.findings.push_back(f);
      if (v.elements > 0 && shows("two_tests") && name[0] == wrong) {
        f.test = "A", f.used *= 1000,
        f.message = std::string(name) + " is " + std::to_string(f.used) + " off";
        v.findings.push_back(f);
      }
      conclude(v, false, "");
      all.push_back({name, v});
    }
    return all;
  }

  static bool is_wrong(std::string_view variant) {
    return variant == "wrong" || variant == "right_with_fault";
  }

  static std::int64_t size_of_problem(const case_spec& c) {
    const keyed_text text(c.problem);
    const std::int64_t n = text.integer("n", 0);
    text.require_all_read();
    return n;
  }

  static void be_slow(int milliseconds) {
    std::ofstream("slow_runs", std::ios::app) << "x";
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  }

  static void misbehave(std::string_view variant, std::int64_t n) {
    if (n < 10) return;
    if (variant == "noisy") {
      std::printf("{\"id\":1,\"error\":\"a kernel's own words\"}\n");
      std::fflush(stdout);
    }
    const char* slow = std::getenv("FAKE_SLOW_RUN");  // milliseconds
    if (variant == "slow") be_slow(slow ? std::atoi(slow) : 20);
    if (variant == "always_killed" && n == 13) raise(SIGKILL);
    if (variant == "killed" && n == 13 && std::ofstream("killed_once", std::ios::app).tellp() == 0) {
      std::ofstream("killed_once") << "x";
      raise(SIGKILL);
    }
    if (n != 13) return;
    if (variant == "crash") {
      std::fprintf(stderr, "assertion failed: n != 13\n");
      std::fflush(stderr);
      std::abort();
    }
    if (variant == "exit") _exit(7);
    while (variant == "hang") pause();
  }
};

// Claims the same groups under another name, where FAKE_RIVAL is set.
class rival_operation final : public sum_operation {
 public:
  std::string_view op() const override { return "rival"; }
};

// What was proposed, with twins: of `blind` nobody sees the fault.
class subject_operation final : public sum_operation {
 public:
  std::string_view op() const override { return "claims"; }
  std::vector<variant_info> variants(side) const override {
    std::vector<variant_info> all;
    for (const char* name : {"right", "right_with_fault", "wrong", "blind", "blind_with_fault", "alone",
                             "crash", "slow", "never"})
      all.push_back({name, {promise(dtype::f32)}, claim::none});
    return all;
  }
};

const std::vector<program::proposal>& proposals() {
  using program::judgement;
  static const std::vector<program::proposal> all = {
      {.id = "right", .written = "sum/right", .expected = judgement::accepted},
      {.id = "wrong",
       .written = "sum/wrong",
       .repaired = "sum/right",
       .expected = judgement::rejected,
       .expected_repaired = judgement::accepted},
      {.id = "kept",
       .written = "sum/wrong",
       .within = "sum/right",
       .condition = "n is small",
       .expected = judgement::conditional},
      {.id = "words", .expected = judgement::not_executable},
      {.id = "other", .written = "sum/wrong", .expected = judgement::accepted},
      {.id = "blind", .written = "sum/blind", .expected = judgement::accepted},
      {.id = "alone", .written = "sum/alone", .expected = judgement::accepted},
      {.id = "never", .written = "sum/never", .expected = judgement::accepted},
      {.id = "absent", .written = "sum/absent", .expected = judgement::accepted},
      {.id = "alone-in_words", .expected = judgement::not_executable},
      {.id = "slow", .written = "sum/slow", .expected = judgement::accepted}};
  return all;
}

std::unique_ptr<executor> make(std::string_view name, std::string& why_not) {
  if (name == "host") return std::make_unique<fake_executor>();
  why_not = std::string(name) + ": no such device here";
  return nullptr;
}

}  // namespace

program::instrument world() {
  static const sum_operation sum;
  static const rival_operation rival;
  static const operation* const all[] = {&sum, &rival};
  program::instrument w;
  w.operations = std::span(all).first(std::getenv("FAKE_RIVAL") ? 2 : 1);
  w.make_executor = make;
  static const subject_operation subjects;
  static const operation* const all_subjects[] = {&subjects};
  w.subjects = all_subjects;
  w.proposals = {&proposals(), [] { return std::vector<program::measurement>{{"right", "3 us"}}; }, {"art"}};
  return w;
}

}  // namespace plumbline::fake
