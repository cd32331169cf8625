// A variant: one kernel implementation of one function, as a row of its operator's table.
//
// The row is data that everything else reads: `list` prints it, laws pick the rows that claim them, the judge
// takes its contract, the executors call `run`.  `run` sees tensors through views that may point into host or
// device memory; it never allocates by itself: scratch comes from the launcher, poisoned.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "reference/core/contract.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

class launcher;  // kernels/core/launch.hpp

/// Views of the inputs and outputs of one call, by name.
class kernel_arguments {
 public:
  struct entry {
    std::string_view name;
    tensor_view view;
  };
  kernel_arguments(std::span<const entry> inputs, std::span<const entry> outputs)
      : inputs_(inputs), outputs_(outputs) {}
  /// View of an input, or an empty view (data == nullptr) when it was not given.
  tensor_view in(std::string_view name) const { return look(inputs_, name); }
  tensor_view out(std::string_view name) const { return look(outputs_, name); }

 private:
  static tensor_view look(std::span<const entry> all, std::string_view name) {
    for (const entry& e : all)
      if (e.name == name) return e.view;
    return {};
  }
  std::span<const entry> inputs_, outputs_;
};

/// One row of an operator's table.  `Problem` belongs to the function that the variant serves.
template <class Problem>
struct variant {
  std::string_view name;
  std::span<const contract> contracts;  // one an input dtype that the variant takes
  claim claims = claim::none;
  std::string (*domain)(const Problem&);  // empty: accepted; else why not (a skip, counted by reason)
  void (*run)(const Problem&, const kernel_arguments&, launcher&);

  /// The contract for an input dtype, or null: not taken.
  const contract* contract_for(dtype in) const {
    for (const contract& c : contracts)
      if (c.in == in) return &c;
    return nullptr;
  }
};

}  // namespace plumbline
