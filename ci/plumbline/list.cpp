// list: what is built into this program.
#include <fmt/format.h>

#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"

namespace plumbline::program {

namespace {

side side_of(const std::string& on) {
  return on == "gpu" ? side::gpu : on == "checked" ? side::checked : side::host;
}

std::string or_none(const std::string& names) { return names.empty() ? "none" : names; }

std::string as_text(const instrument& all, side kernels) {
  std::string text;
  for (const operation* o : all.operations) {
    text += fmt::format("{}\n", name_of(*o));
    text_table table({"variant", "dtype", "contract", "claims"});
    for (const variant_info& v : o->variants(kernels))
      for (const contract& c : v.contracts)
        table.add(
            {v.name, std::string(name_of(c.in)), std::string(c.name), or_none(joined(claims_of(v.claims)))});
    text += table.str();
    text +=
        fmt::format("  laws: {}\n  regimes: {}\n", or_none(joined(o->laws())), or_none(joined(o->regimes())));
    std::vector<std::string> floors;
    for (const auto& [name, floor] : o->coverage_floors())
      floors.push_back(fmt::format("{} {:g} %", name, 100 * floor));
    text += fmt::format("  coverage floors: {}\n\n", or_none(joined(floors)));
  }
  return text;
}

std::string budgets(const instrument& all) {
  if (!all.budgets) throw cannot_run("--budgets: this program was built without a judge");
  return all.budgets(all.operations);
}

}  // namespace

int run_list(const instrument& all, const list_request& asked) {
  const std::string text = asked.budgets ? budgets(all)
                           : asked.json  ? json_of(all.operations, side_of(asked.on))
                                         : as_text(all, side_of(asked.on));
  say(text);
  return all_pass;
}

}  // namespace plumbline::program
