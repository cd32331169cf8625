// Questions to a tensor core: vectors on which the possible answers differ.
//
// A probe is fixed: its vectors stand in the code, its alternatives are predictions, and the first of them is
// what the host's model says.  To ask is to run the vectors and count with how many each alternative agrees.
#pragma once

#include "kernels/probe/alternatives.hpp"

namespace plumbline::probe {

struct probe {
  std::string name, question;
  instruction what;
  std::vector<vector> vectors;
  std::vector<alternative> alternatives;  // the model's own first
};

/// What came of asking.
struct answer {
  computed got;
  std::vector<std::vector<std::uint32_t>> predicted;  // by alternative
  std::vector<int> agreeing;                          // vectors on which each alternative is right
  int telling = 0;                                    // vectors on which the alternatives are not all alike
  /// The alternatives that are right on every vector.
  std::vector<std::string> matched(const probe&) const;
};

/// Every probe, in a fixed order.
const std::vector<probe>& every_probe();
answer ask(const probe&, executor&);

// The parts of `every_probe`: special values, and sweeps of random ones.
std::vector<probe> questions();
std::vector<probe> sweeps();

}  // namespace plumbline::probe
