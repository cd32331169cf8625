// Which schedules laws and cases run under.
//
// A race that one order of threads hides shows under another, and nobody knows which: so the order is drawn
// like any other property of a case.  kernels/host/schedule.hpp says what the words mean.
#pragma once

#include <cstdint>
#include <string>

#include "reference/core/random.hpp"

namespace plumbline::laws {

/// A schedule other than round robin.
inline std::string drawn_schedule(random_stream& choice) {
  constexpr std::int64_t last_seed = 1000000, warps = 32;
  switch (choice.integer(0, 3)) {
    case 0:
      return "reverse";
    case 1:
      return "starve:" + std::to_string(choice.integer(0, warps - 1));
    default:
      return "random:" + std::to_string(choice.integer(1, last_seed));
  }
}

/// What a generated case runs under where schedules vary by case: round robin, one time in four.
inline std::string schedule_of_case(std::uint64_t seed) {
  random_stream choice(seed, "schedule of the case");
  return choice.chance(0.25) ? "" : drawn_schedule(choice);
}

}  // namespace plumbline::laws
