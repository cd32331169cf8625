// list: what is built into this program.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"

namespace plumbline::program {

namespace {

constexpr std::pair<claim, std::string_view> claims[] = {
    {claim::same_bits_run_to_run, "same_bits_run_to_run"},
    {claim::same_bits_any_batch_position, "same_bits_any_batch_position"},
    {claim::same_bits_any_page_layout, "same_bits_any_page_layout"},
    {claim::same_bits_any_split_count, "same_bits_any_split_count"},
    {claim::same_bits_any_schedule, "same_bits_any_schedule"},
    {claim::same_bits_host_and_gpu, "same_bits_host_and_gpu"}};

std::vector<std::string> names_of(claim all) {
  std::vector<std::string> names;
  for (const auto& [one, name] : claims)
    if (promises(all, one)) names.emplace_back(name);
  return names;
}

side side_of(const std::string& on) {
  return on == "gpu" ? side::gpu : on == "checked" ? side::checked : side::host;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
  return all.empty() ? "none" : all;
}

std::string as_text(const instrument& all, side kernels) {
  std::string text;
  for (const operation* o : all.operations) {
    text += fmt::format("{}\n", name_of(*o));
    text_table table({"variant", "dtype", "contract", "claims"});
    for (const variant_info& v : o->variants(kernels))
      for (const contract& c : v.contracts)
        table.add({v.name, std::string(name_of(c.in)), std::string(c.name), joined(names_of(v.claims))});
    text += table.str();
    text += fmt::format("  laws: {}\n  regimes: {}\n", joined(o->laws()), joined(o->regimes()));
    std::vector<std::string> floors;
    for (const auto& [name, floor] : o->coverage_floors())
      floors.push_back(fmt::format("{} {:g} %", name, 100 * floor));
    text += fmt::format("  coverage floors: {}\n\n", joined(floors));
  }
  return text;
}

std::string as_json(const instrument& all, side kernels) {
  using json = nlohmann::ordered_json;
  json j;
  j["plumbline"] = 1, j["operations"] = json::array();
  for (const operation* o : all.operations) {
    json one;
    one["operator"] = o->op(), one["function"] = o->function(), one["rows"] = json::array();
    for (const variant_info& v : o->variants(kernels))
      for (const contract& c : v.contracts)
        one["rows"].push_back({{"variant", v.name},
                               {"dtype", name_of(c.in)},
                               {"contract", c.name},
                               {"claims", names_of(v.claims)}});
    one["laws"] = o->laws(), one["regimes"] = o->regimes();
    one["coverage_floors"] = json::object();
    for (const auto& [name, floor] : o->coverage_floors()) one["coverage_floors"][name] = floor;
    j["operations"].push_back(one);
  }
  return j.dump(2) + "\n";
}

std::string budgets(const instrument& all) {
  if (!all.budgets) throw cannot_run("--budgets: this program was built without a judge");
  return all.budgets(all.operations);
}

}  // namespace

int run_list(const instrument& all, const list_request& asked) {
  const std::string text = asked.budgets ? budgets(all)
                           : asked.json  ? as_json(all, side_of(asked.on))
                                         : as_text(all, side_of(asked.on));
  std::fputs(text.c_str(), stdout);
  return all_pass;
}

}  // namespace plumbline::program
