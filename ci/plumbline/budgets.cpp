#include "ci/plumbline/budgets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ci/plumbline/rows.hpp"
#include "properties/judge/budgets_table.hpp"
#include "properties/judge/constants.hpp"

namespace plumbline::program {

namespace {

std::vector<contract> contracts_of(const operation& op) {
  std::vector<contract> all;
  for (const variant_info& v : op.variants(side::host))
    for (const contract& c : v.contracts)
      if (std::find(all.begin(), all.end(), c) == all.end()) all.push_back(c);
  return all;
}

std::string names(const std::vector<contract>& all) {
  std::string text;
  for (const contract& c : all) text += (text.empty() ? "" : ", ") + std::string(c.name);
  return text;
}

std::string of_combine(const std::vector<contract>& all) {
  return fmt::format(
      "{}: partials are exact inputs, merged in fp32\n"
      "  H, E, A of `out`, L of `lse` as above, with h half an ulp of the output, S1 = sum w |O|,\n"
      "  sigma^2 = ({:g})^2 sum (w O)^2 + u^2/3 sum P^2, P the partial sums in fp32 and u = 2^-24;\n"
      "  drift {:g} (S1 + |r|) + {:.2g} sum w |O| (max lse - lse), and {:g} for each term of the LSE\n",
      names(all), judging::combine_sigma, judging::combine_drift, judging::argument_rounding,
      judging::combine_lse_term);
}

std::string of_append(const std::vector<contract>& all) {
  return fmt::format(
      "{}: copies are exact, byte for byte\n"
      "  a rotated element is one of the codes between RNE(r - {:g} (|x| + |y|)) and RNE(r + {:g} (|x| + "
      "|y|)),\n"
      "  (x, y) the pair it was rotated in and r its double result: nearly always one code\n",
      names(all), judging::rotation_error, judging::rotation_error);
}

}  // namespace

std::string budgets_of(std::span<const operation* const> operations) {
  std::string text;
  for (const operation* op : operations) {
    const std::vector<contract> all = contracts_of(*op);
    text += (text.empty() ? "" : "\n") + name_of(*op) + "\n\n";
    if (op->function() == "attend")
      text += budgets_text(all);
    else if (op->function() == "combine")
      text += of_combine(all);
    else if (op->function() == "append")
      text += of_append(all);
    else
      text += names(all) + ": no table of budgets\n";
  }
  return text;
}

}  // namespace plumbline::program
