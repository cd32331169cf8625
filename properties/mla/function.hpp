// The functions of mla that upstream's functions are translated to: tables, and cases in upstream's terms.
#pragma once

#include "properties/mla/upstream.hpp"
#include "properties/upstream_operation.hpp"

namespace plumbline::mla {

inline constexpr upstream_terms upstream = {upstream_groups, is_upstream, calls_of, judge_upstream};

template <class Problem>
class mla_function final : public upstream_operation<Problem> {
 public:
  explicit mla_function(const function_tables<Problem>& tables)
      : upstream_operation<Problem>(tables, upstream) {}
};

}  // namespace plumbline::mla
