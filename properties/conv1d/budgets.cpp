// How the results of each function are judged, as `list --budgets` prints it.
#include <fmt/format.h>

#include "kernels/core/numeric.hpp"
#include "properties/conv1d/filter_judge.hpp"
#include "properties/conv1d/operations.hpp"
#include "properties/judge/constants.hpp"

namespace plumbline::conv1d {

std::string filter_budgets(std::span<const contract> all) {
  std::string text = fmt::format(
      "{}: states byte for byte; tokens in fp32 from the bias on, one fused multiply-add a tap, one "
      "rounding\n"
      "  H  |x - r| <= h + g W u S + (W u S)^2 / 4 + |r| ((1 - s) (|y| {:.2g} + {:.2g}) + 2 u), u = 2^-24,\n"
      "     y the sum, S the sum of |its terms|, s = 1 / (1 + e^-y), g = s (1 + |y| (1 - s));\n"
      "     without silu h + W u S; below y = -88 also |r|, which is less than 1e-36\n",
      names_of(all), judging::argument_rounding, kernels::exp2_soft_error);
  for (const contract& c : all) {
    filter_shape p;
    p.type = c.in;
    constexpr double y = 1, size = 2;
    const filter_error error = worst_error(p, y, size);
    const double r = y / (1 + std::exp(-y)), step = ulp(c.in, r);
    text +=
        fmt::format("  {}, W = 4, y = 1, S = 2, in ulps of the output: 0.5 + {:.2g} (sums) + {:.2g} (silu)\n",
                    c.name, error.sums / step, error.silu / step);
  }
  return text;
}

std::string states_budgets(std::span<const contract> all) {
  return names_of(all) + ": exact, byte for byte\n";
}

}  // namespace plumbline::conv1d
