// The functions of quantize: tables, and cases that upstream's quantizers recorded in their own terms.
#pragma once

#include "properties/quantize/upstream.hpp"
#include "properties/upstream_operation.hpp"

namespace plumbline::quantize {

inline constexpr upstream_terms upstream = {upstream_groups, is_upstream, calls_of, judge_upstream};

template <class Problem>
class quantize_function final : public upstream_operation<Problem> {
 public:
  explicit quantize_function(const function_tables<Problem>& tables)
      : upstream_operation<Problem>(tables, upstream) {}
};

}  // namespace plumbline::quantize
