// How the results of each function are judged, as `list --budgets` prints it.
#include <fmt/format.h>

#include "properties/judge/product_judge.hpp"
#include "properties/quantize/operations.hpp"

namespace plumbline::quantize {

namespace {

constexpr const char* scaled_codes =
    "  scale: one of the floats between amax / limit (1 +- scale_error), floored and rounded up as the "
    "policy says\n"
    "  code: RNE (or the policy's rounding) of some quotient in x / s (1 +- quotient_error), s the scale "
    "written\n"
    "  beside it; both errors are 0 for an exact policy and 2^-22 where a GPU divides approximately: nearly\n"
    "  always one code\n";

}  // namespace

std::string store_budgets(std::span<const contract> all) {
  return names_of(all) + ": scales and codes by membership, all other bytes exact\n" + scaled_codes;
}

std::string dequantize_budgets(std::span<const contract> all) {
  return names_of(all) +
         ": exact: code times scale rounded to fp32, then to the output type; rotary dims bit for bit; NaN "
         "by class\n";
}

std::string groups_budgets(std::span<const contract> all) {
  return names_of(all) + ": scales and codes by membership\n" + scaled_codes;
}

std::string weight_dequant_budgets(std::span<const contract> all) {
  return names_of(all) + ": exact: code times scale rounded to fp32, then to the output type; NaN by class\n";
}

std::string block_gemm_budgets(std::span<const contract> all) {
  return names_of(all) + ": a product of codes, scaled by block\n" + product_budgets(all) +
         "  S1, SB: without blocks that 13 fraction bits hold exactly; beside one large product what lies "
         "below\n"
         "  its 13th bit may be lost, where that is more than drift and noise\n";
}

std::string scatter_budgets(std::span<const contract> all) {
  return names_of(all) + ": exact, byte for byte; a cast to e4m3 is the nearest code, saturated\n";
}

}  // namespace plumbline::quantize
