// Candidates for a smaller failing problem, each made by editing a copy of it.
//
// Only what differs and passes the argument check is kept, so a shrink never turns a numeric failure into a
// refusal.  An operator lists its edits, big steps first; who shrinks takes the first candidate that still
// fails and asks again.
#pragma once

#include <utility>
#include <vector>

#include "reference/core/keyed_text.hpp"

namespace plumbline::generate {

/// `check(const Problem&)` is found beside the problem; it throws bad_argument on a problem that is none.
template <class Problem>
class edits {
 public:
  explicit edits(const Problem& from) : from_(from) {}
  template <class Edit>
  void add(Edit edit) {
    Problem p = from_;
    edit(p);
    if (p == from_) return;
    try {
      check(p);
    } catch (const bad_argument&) {
      return;
    }
    found_.push_back(std::move(p));
  }
  std::vector<Problem> take() { return std::move(found_); }

 private:
  const Problem& from_;
  std::vector<Problem> found_;
};

}  // namespace plumbline::generate
