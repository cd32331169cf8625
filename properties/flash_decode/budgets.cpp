// How the results of each function are judged, as `list --budgets` prints it.
#include <fmt/format.h>

#include "properties/flash_decode/operations.hpp"
#include "properties/judge/attention/budgets_table.hpp"
#include "properties/judge/constants.hpp"

namespace plumbline::flash_decode {

std::string attend_budgets(std::span<const contract> all) { return budgets_text(all); }

std::string combine_budgets(std::span<const contract> all) {
  return fmt::format(
      "{}: partials are exact inputs, merged in fp32\n"
      "  H, E, A of `out`, L of `lse` as above, with h half an ulp of the output, S1 = sum w |O|,\n"
      "  sigma^2 = ({:g})^2 sum (w O)^2 + u^2/3 sum P^2, P the partial sums in fp32 and u = 2^-24;\n"
      "  drift {:g} (S1 + |r|) + {:.2g} sum w |O| (max lse - lse), and {:g} for each term of the LSE\n",
      names_of(all), judging::combine_sigma, judging::combine_drift, judging::argument_rounding,
      judging::combine_lse_term);
}

std::string append_budgets(std::span<const contract> all) {
  return fmt::format(
      "{}: copies are exact, byte for byte\n"
      "  a rotated element is one of the codes between RNE(r - {:g} (|x| + |y|)) and RNE(r + {:g} (|x| + "
      "|y|)),\n"
      "  (x, y) the pair it was rotated in and r its double result: nearly always one code\n",
      names_of(all), judging::rotation_error, judging::rotation_error);
}

}  // namespace plumbline::flash_decode
