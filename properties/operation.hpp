// One function of one operator, as everything above the properties sees it.
//
// Workers, shrinker, store, reports and the command line speak text, named tensors and verdicts; an operator
// adds itself by implementing this interface once a function and appearing in `operations()`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/executor.hpp"
#include "properties/case_spec.hpp"
#include "properties/judge/verdict.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/taps.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

/// A row of a variant table, without its types.
struct variant_info {
  std::string name;
  std::vector<contract> contracts;  // one an input dtype
  claim claims = claim::none;
};

/// What one law said about one case.
struct law_result {
  std::string law;
  outcome result = outcome::pass;
  std::string message;        // one plain line on a failure; the reason of a skip
  std::string schedule = {};  // on a failure: the schedule that the case needs to fail again
};

/// Everything that is known of a case after it ran.
struct case_result {
  std::string case_text;
  outcome result = outcome::mistrusted;  // worst of the verdict and the laws
  std::string skip_reason;               // when skipped: why the variant does not take the problem
  verdict judged;
  std::vector<law_result> laws;
  std::string message;                // first failure, plain words
  std::string failed_law;             // "agrees_with_truth", ... or empty
  std::string failing_schedule;       // what the case's text needs for it to fail again; empty: nothing
  std::string digest;                 // hex SHA-256 of the outputs' element bytes, in output order
  std::vector<stage_verdict> stages;  // when asked for and shown: in their order
  std::string no_stages;              // when asked for: why there are none
  std::vector<std::string> classes;   // coverage classes this case belongs to
  double seconds = 0, reference_seconds = 0;
};

/// When a case is run with its taps open, and judged stage by stage.
enum class stages_wanted : std::uint8_t { never, on_failure, always };

/// How thorough `examine` is.
struct examine_options {
  bool laws = true;       // also the laws beyond agreement with the truth that this case's seed selects
  bool all_laws = false;  // every law that concerns the variant
  stages_wanted stages = stages_wanted::never;
  std::size_t most_taps = tap_record::usual_most;  // of one kind; of more no stage is judged
};

/// Inputs and outputs of a case as tensors, with everything needed to write them to a file of cases.
struct recorded_case {
  std::string function;  // group: "attend", or an alias found in a file ("kvcache")
  std::string name;
  std::map<std::string, std::string> options;  // in the field's terms, as text
  tensor_set tensors;                          // inputs; outputs (`out`, `lse`, ...); `expected_*`
  tensor_set taps = {};                        // what the kernel showed (properties/tap_tensors.hpp)
};

/// What our reference says about somebody's `expected_*`, or the judgement of somebody's outputs.
struct external_judgement {
  std::string group;  // "kvcache/paged_gqa"
  std::string kind;   // "expected", "outputs"; "unreadable" (fails), "unsupported" (nobody's fault)
  outcome result = outcome::mistrusted;
  double used = 0;  // disagreement in units of what the recorded precision allows, or budget used
  std::string message;
  std::map<std::string, double> metrics = {};  // of outputs: those of their verdict
  std::vector<stage_verdict> stages = {};      // of outputs that came with their taps
};

struct double_result;  // properties/in_double.hpp

class operation {
 public:
  virtual ~operation() = default;
  virtual std::string_view op() const = 0;
  virtual std::string_view function() const = 0;
  virtual std::vector<variant_info> variants(side) const = 0;
  virtual std::vector<std::string> regimes() const = 0;
  /// Names of the laws, in the order they are checked.
  virtual std::vector<std::string> laws() const = 0;
  /// Coverage classes, each with the least share of cases that must fall into it.
  virtual std::vector<std::pair<std::string, double>> coverage_floors() const = 0;

  /// How the results of these contracts are judged: formulas with the constants of the code that judges.
  virtual std::string budgets(std::span<const contract>) const = 0;
  /// One sentence for the name of a law, a claim, a regime or a coverage class; empty: no such name.
  virtual std::string_view meaning(std::string_view name) const = 0;
  /// Bytes of memory that running a generated case takes, about; throws bad_argument on a malformed problem.
  virtual double memory_needed(const case_spec&) const = 0;

  /// The index-th case of a run for a variant and dtype: same arguments, same case, on any machine.
  /// `regime` empty: drawn too.
  virtual case_spec draw(std::string_view variant, dtype in, std::uint64_t seed, std::uint64_t index,
                         std::string_view regime) const = 0;
  /// Smaller problems to try when `failing` fails, best first (a lazily walked RapidCheck shrink tree
  /// inside).
  virtual std::vector<case_spec> smaller(const case_spec& failing) const = 0;

  /// Generates (or loads), runs, judges and checks laws.  Throws bad_argument on a bad case.
  virtual case_result examine(const case_spec&, executor&, const examine_options&) const = 0;
  /// Inputs of a case, and with an executor the outputs of its variant, as a file of cases stores them.
  /// `taps`: also what the kernel shows, where it shows anything and the executor listens.
  virtual recorded_case record(const case_spec&, executor*, bool taps = false) const = 0;

  /// True when a group of this name in a file of cases belongs to this function ("attend", "attention",
  /// "kvcache").  Another operator may claim the name too: the option `op` of a case then says whose it is.
  virtual bool claims_group(std::string_view group) const = 0;
  /// Judges a case from a file.  `contract_name` empty: from the case's own options.
  virtual external_judgement judge(const recorded_case&, std::string_view contract_name) const = 0;
  /// Judges outputs that came with taps, stage by stage, under the contract that the case names.
  virtual std::vector<stage_verdict> stages_of(const recorded_case&) const = 0;
  /// Examines recorded inputs with a variant, as `examine` does generated ones.
  virtual case_result examine_recorded(const recorded_case&, const case_spec&, executor&,
                                       const examine_options&) const = 0;
  /// What the reference says of a recorded case in double, with the companions of the contract that the case
  /// names (else of the first variant that takes it); none where its results are bytes.
  virtual std::vector<double_result> in_double(const recorded_case&) const;
};

/// All functions of all operators, in the order they are listed.
std::span<const operation* const> operations();

/// How a recorded case named in a case text is read: set once by the program (properties never include
/// fixtures).
using recorded_loader = std::function<recorded_case(std::string_view recorded)>;
void set_recorded_loader(recorded_loader);

}  // namespace plumbline
