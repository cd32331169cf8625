// What all functions share when a case is examined: rows of a table, run options, digests, the worst of
// results.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/variant.hpp"
#include "properties/laws/subject.hpp"
#include "properties/operation.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

/// Hex SHA-256 of the element bytes of all tensors, in order.
std::string digest_of(const tensor_set& outputs);

/// Schedule and OS threads of a case.
run_options options_of(const case_spec&);

/// Folds a law's result into the case: a failure is the case's failure unless an earlier one stands.
void add_law(case_result&, law_result);

/// Folds the verdict on a law's own terms ("agrees_with_truth") into the case.
void add_verdict(case_result&, verdict);

/// Takes over a run that did not complete.
void add_fault(case_result&, const fault&);

/// The worse of two results on the same inputs; laws and classes of both.
case_result worse(case_result a, case_result b);

/// Seconds since it was made.
class stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Rows of a table as the upper rooms see them; contracts whose input type the function refuses are left out.
template <class Problem>
std::vector<variant_info> infos_of(std::span<const variant<Problem>> rows, bool (*takes)(dtype)) {
  std::vector<variant_info> infos;
  for (const auto& row : rows) {
    variant_info info{std::string(row.name), {}, row.claims};
    for (const contract& c : row.contracts)
      if (takes(c.in)) info.contracts.push_back(c);
    infos.push_back(std::move(info));
  }
  return infos;
}

/// The row of that name; throws bad_argument listing the names.
template <class Problem>
const variant<Problem>& row_of(std::span<const variant<Problem>> rows, std::string_view name) {
  std::string known;
  for (const auto& row : rows) {
    if (row.name == name) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  throw bad_argument("variant", "expected one of " + (known.empty() ? "(none built in)" : known) +
                                    ", got \"" + std::string(name) + "\"");
}

/// Names of a table's laws behind those that every case is checked for.
template <class Problem>
std::vector<std::string> law_names(std::span<const laws::law<Problem>> all) {
  std::vector<std::string> names = {"completes", "touches_nothing_else", "agrees_with_truth"};
  for (const auto& one : all) names.emplace_back(one.name);
  return names;
}

/// The stages of one case, in order: accept, run, judge, laws.  `judge` sees the outputs of the first run.
template <class Problem>
void examine_stages(const Problem& problem, const tensor_set& inputs, const variant<Problem>& row,
                    const case_spec& spec, executor& where, const examine_options& how, dtype in,
                    const std::function<verdict(const contract&, const tensor_set& outputs)>& judge,
                    std::span<const laws::law<Problem>> all_laws, case_result& result) {
  const contract* promised = row.contract_for(in);
  result.skip_reason =
      promised == nullptr ? "does not take " + std::string(name_of(in)) : row.domain(problem);
  if (!result.skip_reason.empty()) {
    result.result = outcome::skipped;
    return;
  }
  tensor_set outputs;
  const laws::subject<Problem> subject{problem,   inputs, outputs,          row,
                                       *promised, where,  options_of(spec), spec.seed};
  laws::attempt first;
  try {
    first = subject.run(problem, inputs);
  } catch (const laws::outside_domain& why) {
    result.skip_reason = why.reason;
    result.result = outcome::skipped;
    return;
  }
  if (first.why_not) return add_fault(result, *first.why_not);
  outputs = std::move(first.outputs);
  result.digest = digest_of(outputs);
  add_verdict(result, judge(*promised, outputs));
  if (!how.laws && !how.all_laws) return;
  for (law_result& one : laws::check_laws(all_laws, subject, how.all_laws)) add_law(result, std::move(one));
}

}  // namespace plumbline
