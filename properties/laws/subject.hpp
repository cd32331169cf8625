// A case under examination: what every law may ask of it.
//
// A law is a function of a subject; it runs the variant again on related inputs and says what it saw. Outputs
// are poisoned before each run, so an element that the kernel never wrote cannot look right.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

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

inline constexpr std::uint8_t output_poison = 0xff;  // NaN in every floating format

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

  /// Runs the variant on a problem of the same kind.  Outputs start poisoned, in-place ones as copies.
  attempt run(const Problem& p, const tensor_set& given, const run_options& how) const;
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

/// Checks the laws that the variant's claims and the subject admit: all of them, or one chosen by the seed.
template <class Problem>
std::vector<law_result> check_laws(std::span<const law<Problem>> all, const subject<Problem>& s,
                                   bool every_law);

}  // namespace plumbline::laws
