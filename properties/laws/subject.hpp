// A case under examination: what every law may ask of it.
//
// A law is a function of a subject; it runs the variant again on related inputs and says what it saw. Outputs
// are poisoned before each run, so an element that the kernel never wrote cannot look right.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/core/executor.hpp"
#include "kernels/core/variant.hpp"
#include "properties/operation.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::laws {

/// One run of a variant: the outputs, or why it did not complete.
struct attempt {
  std::optional<fault> why_not;
  tensor_set outputs;
};

/// Thrown when a law asks for a run on a problem that the variant does not take: the law is skipped for the
/// case, by this reason, and is not broken.
struct outside_domain {
  std::string reason;
};

inline constexpr std::uint8_t output_poison = 0xff;  // NaN in every floating format

/// Outputs as a call finds them: poisoned, but one that has an input's name is updated in place and starts as
/// a copy of that input between fresh guards.
tensor_set fresh(tensor_set outputs, const tensor_set& inputs);

/// True when rows of a tensor lie so far apart that parts of it do not exist.
bool any_sparse(const tensor_set&);

/// Runs a call on copies of the inputs and on fresh outputs; throws outside_domain when the executor cannot
/// hold their rows.
attempt run_poisoned(executor& where, const std::function<void(const kernel_arguments&, launcher&)>& call,
                     const tensor_set& given, tensor_set outputs, const run_options& how);

template <class Problem>
struct subject {
  const Problem& problem;
  const tensor_set& inputs;
  const tensor_set& outputs;  // of the run that was judged
  const variant<Problem>& row;
  const contract& promised;
  executor& where;
  run_options options;
  std::uint64_t seed = 0;

  /// Why the variant does not take a problem of the same input type; empty: it does.
  std::string outside(const Problem& p) const { return row.domain(p); }

  /// Runs the variant on a problem of the same kind; throws outside_domain when it does not take it.
  /// `make_outputs`, found beside the problem, says what a call returns.
  attempt run(const Problem& p, const tensor_set& given, const run_options& how) const {
    if (std::string reason = outside(p); !reason.empty()) throw outside_domain{std::move(reason)};
    const auto call = [&](const kernel_arguments& arguments, launcher& place) {
      row.run(p, arguments, place);
    };
    if constexpr (requires { make_outputs(p); })
      return run_poisoned(where, call, given, make_outputs(p), how);
    else
      return run_poisoned(where, call, given, make_outputs(p, given), how);
  }
  attempt run(const Problem& p, const tensor_set& given) const { return run(p, given, options); }
};

template <class Problem>
struct law {
  std::string_view name;
  claim needed;                                      // none: holds for every variant
  std::string (*concerns)(const subject<Problem>&);  // empty: yes; else why not
  std::string (*broken)(const subject<Problem>&);    // empty: held; else one plain line
  /// The schedule under which a case breaks the law; null: it is no law of schedules.
  std::string (*schedule)(const subject<Problem>&) = nullptr;
};

/// "same" outputs: empty, or what differs first.  `what` says which run differs from the first.
std::string difference(const tensor_set& first, const tensor_set& second, std::string_view what);

/// A value so that it reads back.
std::string shown(double x);

/// One line about a run that did not complete.
std::string describe(const fault& why, std::string_view what);

/// The law that a fault broke: "touches_nothing_else" for stray writes, else "completes".
std::string_view law_of(const fault&);

/// One of `count` laws, chosen by the seed of a case.
std::size_t chosen_law(std::uint64_t seed, std::size_t count);

/// Checks one law that concerns the subject.
template <class Problem>
law_result check_law(const law<Problem>& one, const subject<Problem>& s) {
  law_result result{std::string(one.name), outcome::pass, ""};
  try {
    result.message = one.broken(s);
  } catch (const outside_domain& why) {
    result.result = outcome::skipped;
    result.message = "a related problem is none that the variant takes: " + why.reason;
    return result;
  }
  if (result.message.empty()) return result;
  result.result = outcome::fail;
  if (one.schedule) result.schedule = one.schedule(s);
  return result;
}

/// Checks the laws that the variant's claims and the subject admit: all of them, or one chosen by the seed.
template <class Problem>
std::vector<law_result> check_laws(std::span<const law<Problem>> all, const subject<Problem>& s,
                                   bool every_law) {
  std::vector<law_result> results;
  std::vector<const law<Problem>*> admitted;
  for (const law<Problem>& one : all) {
    if (!promises(s.row.claims, one.needed)) continue;
    std::string why_not = one.concerns(s);
    if (why_not.empty())
      admitted.push_back(&one);
    else if (every_law)
      results.push_back({std::string(one.name), outcome::skipped, std::move(why_not)});
  }
  if (!every_law && admitted.size() > 1) admitted = {admitted[chosen_law(s.seed, admitted.size())]};
  for (const law<Problem>* one : admitted) results.push_back(check_law(*one, s));
  return results;
}

}  // namespace plumbline::laws
