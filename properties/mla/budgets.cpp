// How the results of each function are judged, as `list --budgets` prints it.
#include <fmt/format.h>

#include "properties/judge/constants.hpp"
#include "properties/judge/product_judge.hpp"
#include "properties/mla/operations.hpp"

namespace plumbline::mla {

std::string rms_norm_budgets(std::span<const contract> all) {
  return fmt::format(
      "{}: the row's root and two products in fp32, one rounding to the type of x\n"
      "  H, E, R, A as above, with h half an ulp of the output, sigma = {:g} |r|, shared by the row,\n"
      "  drift {:g} |r|, and in the worst case {:g} (dim / 2 + 4) |r|\n",
      names_of(all), judging::norm_sigma, judging::norm_drift, 0x1p-23);
}

std::string rotary_budgets(std::span<const contract> all) {
  return fmt::format(
      "{}: an element is one of the codes between RNE(r - {:g} (|x| + |y|)) and RNE(r + {:g} (|x| + |y|)),\n"
      "  (x, y) the pair it was rotated in and r its double result: nearly always one code\n",
      names_of(all), judging::rotation_error, judging::rotation_error);
}

std::string write_cache_budgets(std::span<const contract> all) {
  return names_of(all) + ": exact, byte for byte\n";
}

std::string schedule_budgets(std::span<const contract> all) {
  return names_of(all) +
         ": exact, but for the padding column and for all but the first column of a part without work\n";
}

std::string combine_budgets(std::span<const contract> all) {
  return fmt::format(
      "{}: partials are exact inputs, merged in fp32, out in bf16, f16 or f32\n"
      "  H, E, A of `out`, L of `lse`, as flash_decode.combine; of a sink that leaves the share f to the "
      "keys,\n"
      "  S1, sigma and drift times f, and (1 - f) ({:g} (3 + |lse| + max lse + |sink|) + {:g} splits) |r| "
      "more\n",
      names_of(all), judging::lse_ulp_error, judging::combine_lse_term);
}

std::string project_budgets(std::span<const contract> all) {
  return names_of(all) + ": weights are exact: codes times scales, rounded to the type of x\n" +
         product_budgets(all);
}

std::string forward_budgets(std::span<const contract> all) {
  return names_of(all) +
         ": each step on what the step before left, by the rules of its own function; rows that are copied "
         "into\n"
         "  the caches, and rows that nobody writes, byte for byte; the whole is not judged\n";
}

}  // namespace plumbline::mla
