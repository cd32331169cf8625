// How a case flows through any function: drawn, generated or read from a record, run, judged, asked for laws.
//
// It is written, and compiled, once for all problems.  What knows a problem's type stands behind two
// interfaces: the function says what its rows, cases and texts are, and an examined_case holds one problem
// with its inputs. case_operation.hpp implements both for a problem.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/examination.hpp"
#include "properties/operation.hpp"

namespace plumbline {

/// A row of a table without its types.
struct table_row {
  std::string_view name;
  std::span<const contract> contracts;
  claim claims = claim::none;

  /// The contract for an input dtype, or null: not taken.
  const contract* contract_for(dtype in) const;
};

/// What runs a case: the row-th variant of the executor's table, held to a contract.
struct chosen_row {
  std::size_t row;
  const contract& promised;
  executor& where;
  run_options options;
  std::uint64_t seed;
};

/// One problem with its inputs.
class examined_case {
 public:
  virtual ~examined_case() = default;
  /// How it is presented, when it comes from a record.
  virtual const std::string& text() const = 0;
  virtual const tensor_set& inputs() const = 0;
  virtual dtype type() const = 0;
  virtual std::vector<std::string> classes() const = 0;
  virtual std::map<std::string, std::string> options() const = 0;
  /// Why the row-th variant of a table does not take the problem; empty: it does.
  virtual std::string outside(side, std::size_t row) const = 0;
  /// Throws laws::outside_domain when the executor cannot hold the case.
  virtual laws::attempt run(const chosen_row&) const = 0;
  /// `result` takes the reference's seconds.
  virtual verdict judge(const contract&, const tensor_set& outputs, case_result& result) const = 0;
  virtual std::vector<double_result> in_double(const contract&) const = 0;
  /// Whether the function has stages at all.
  virtual bool has_stages() const = 0;
  /// Stages of a call from what it showed; none where the function has no stages, or the call showed nothing.
  virtual std::vector<stage_verdict> stages(const contract&, const tap_record&,
                                            const tensor_set& outputs) const = 0;
  virtual std::vector<law_result> check_laws(const chosen_row&, const tensor_set& outputs,
                                             bool every_law) const = 0;
};

class case_flow : public operation {
 public:
  std::vector<variant_info> variants(side) const final;
  std::vector<std::string> regimes() const final;
  std::vector<std::string> laws() const final;
  double memory_needed(const case_spec&) const final;
  case_spec draw(std::string_view variant, dtype in, std::uint64_t seed, std::uint64_t index,
                 std::string_view regime) const final;
  std::vector<case_spec> smaller(const case_spec& failing) const final;
  case_result examine(const case_spec&, executor&, const examine_options&) const final;
  case_result examine_recorded(const recorded_case&, const case_spec&, executor&,
                               const examine_options&) const final;
  std::vector<double_result> in_double(const recorded_case&) const final;
  recorded_case record(const case_spec&, executor*, bool taps) const final;
  std::vector<stage_verdict> stages_of(const recorded_case&) const final;

 protected:
  using cases = std::vector<std::unique_ptr<examined_case>>;

  virtual std::vector<table_row> rows(side) const = 0;
  /// Input types that the function has at all.
  virtual bool takes(dtype in) const = 0;
  virtual std::span<const std::string_view> regime_names() const = 0;
  virtual bool has_stages() const = 0;
  /// Of the function's own laws.
  virtual std::vector<std::string_view> law_names() const = 0;
  /// Name of its group in a file of cases.
  virtual std::string_view group() const = 0;
  /// Regime of the index-th case of a run: one of the function's.
  virtual std::string_view draw_regime(std::uint64_t seed, std::uint64_t index) const = 0;
  /// Text of the index-th problem for a variant that promises this.
  virtual std::string draw_text(const contract&, std::string_view regime, std::uint64_t seed,
                                std::uint64_t index) const = 0;
  virtual std::vector<std::string> smaller_texts(const std::string& problem) const = 0;
  /// Bytes that running it on the host takes, about.
  virtual double memory_of(const std::string& problem) const = 0;
  /// A problem that was checked, without inputs.
  virtual std::unique_ptr<examined_case> parsed(const std::string& problem) const = 0;
  /// A problem with drawn inputs, both checked.
  virtual std::unique_ptr<examined_case> generated(const std::string& problem, std::string_view regime,
                                                   std::uint64_t seed) const = 0;
  /// The presentations of a record that `spec` names, checked.
  virtual cases presented(const recorded_case&, const case_spec& spec) const = 0;
  /// Empty, or why a record of a claimed group holds nothing to run (it may still be judged).
  virtual std::string not_runnable(const recorded_case&) const { return ""; }
  /// Name of an output in a file of cases, where inputs lie beside it.
  virtual std::string output_name(const std::string& name, const tensor_set& inputs) const {
    return inputs.has(name) ? "out_" + name : name;
  }
  /// Throws bad_argument when a case names one of several presentations.
  void require_one_presentation(const case_spec&) const;

 private:
  std::size_t row_of(side, std::string_view variant) const;
  std::unique_ptr<examined_case> generated_of(const case_spec&) const;
  case_result refusal_of(const case_spec&, const executor&) const;
  case_result examine_case(const examined_case&, const case_spec&, executor&, const examine_options&) const;
};

/// Throws bad_argument unless `name` is one of `known`.
void require_regime(std::string_view name, std::span<const std::string_view> known);

}  // namespace plumbline
