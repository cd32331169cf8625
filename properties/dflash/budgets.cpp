// How the results of each function are judged, as `list --budgets` prints it.
#include <fmt/format.h>

#include <vector>

#include "kernels/core/numeric.hpp"
#include "properties/dflash/choice_judge.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/judge/attention/budgets_table.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/product_judge.hpp"

namespace plumbline::dflash {

std::string project_budgets(std::span<const contract> all) {
  return fmt::format(
             "{}: each step on what the step before left\n"
             "  products, of which a bias is a term, as below; norms as mla.rms_norm; a rotated element is "
             "one "
             "of the codes\n"
             "  between RNE(r - {:g} (|x| + |y|)) and RNE(r + {:g} (|x| + |y|)), (x, y) its pair: nearly "
             "always one\n",
             names_of(all), judging::rotation_error, judging::rotation_error) +
         product_budgets(all);
}

std::string attention_budgets(std::span<const contract> all) {
  std::vector<contract> products;
  for (const contract& c : all)
    products.push_back({c.name, c.in, c.out_type, product_promise{c.attention().acc_qk}});
  return names_of(all) +
         ": caches byte for byte; `attended` and `lse` by the table; `out` as a product of `attended`, of "
         "which a bias\n  is a term\n" +
         budgets_text(all) + product_budgets(products);
}

std::string steps_budgets(std::span<const contract> all) {
  return names_of(all) +
         ": `attended` of every block as dflash.attention; caches and lengths byte for byte\n";
}

std::string accept_budgets(std::span<const contract> all) {
  constexpr double u = 0x1p-24;
  return fmt::format(
      "{}: a largest logit, `accepted` and `next_token` are exact; a drawn token t is one with a weight and\n"
      "  c(t - 1) - e(t - 1) <= uniform < c(t) + e(t), c(t) = p(0) + .. + p(t), e(t) = E(t) + n u c(t) +\n"
      "  uniform (E(last) + (n + 1) u), E(t) = sum p (|exponent| {:.2g} + {:.2g}), n = {} + vocab_size / "
      "{},\n"
      "  u = 2^-24; where all weights are alike c counts tokens and e is u uniform, or 0 where that product "
      "is a "
      "float\n",
      names_of(all), judging::argument_rounding + 2 * u, kernels::exp2_soft_error, additions_beside_strips,
      strip_of_sums);
}

std::string crop_budgets(std::span<const contract> all) { return names_of(all) + ": exact, byte for byte\n"; }

}  // namespace plumbline::dflash
