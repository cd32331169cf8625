// What the flow of a case is made of: run options, digests, results folded into one.
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

}  // namespace plumbline
