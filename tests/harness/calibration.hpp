// Calibration: correct simulated kernels must never fail, planted faults must.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tests/harness/calibration_inputs.hpp"

namespace plumbline::testing {

/// The largest part of its calibrated threshold that a statistic reached, and where.
struct extreme {
  double share = 0;
  std::string where;
};

struct false_alarms {
  std::int64_t inputs = 0, tensors = 0;
  std::vector<std::string> alarms;         // one line each
  std::map<std::string, extreme> largest;  // "E", "R row", ... as a share of K0; "H" of its bound
};

/// Judges correct kernels on `inputs` drawn inputs, regimes and types in turn.
false_alarms calibrate(std::uint64_t seed, std::int64_t inputs, const size_limits& limits);

struct detection {
  std::int64_t with_effect = 0, killed = 0;
  double share() const {
    return with_effect ? static_cast<double>(killed) / static_cast<double>(with_effect) : 0;
  }
};

struct fault_score {
  std::map<std::string, detection> by_fault, by_regime;
  detection structural, precision;
};

/// Runs every planted fault on `inputs` drawn inputs beside its correct twin; a fault that changes no bit
/// does not count.
fault_score count_kills(std::uint64_t seed, std::int64_t inputs, const size_limits& limits);

std::string table(const false_alarms&);
std::string table(const fault_score&);

}  // namespace plumbline::testing
