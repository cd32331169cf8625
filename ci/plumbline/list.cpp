// list: what is built into this program.
#include <fmt/format.h>

#include <map>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/rows.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"

namespace plumbline::program {

namespace {

constexpr std::size_t page_width = 100;  // of a text that is read, where no terminal says how wide it is

side side_of(const std::string& on) {
  return on == "gpu" ? side::gpu : on == "checked" ? side::checked : side::host;
}

std::string or_none(const std::string& names) { return names.empty() ? "none" : names; }

std::string rows_of(const operation& o, side kernels, std::size_t width) {
  text_table table({"variant", "dtype", "contract", "claims"});
  for (const variant_info& v : o.variants(kernels))
    for (const contract& c : v.contracts)
      table.add(
          {v.name, std::string(name_of(c.in)), std::string(c.name), or_none(joined(claims_of(v.claims)))});
  return table.empty() ? "  no variants\n" : table.str(width);
}

std::string floor_text(double floor) { return fmt::format("{:g} %", 100 * floor); }

std::string names_of(const operation& o, std::size_t width) {
  std::vector<std::string> floors;
  for (const auto& [name, floor] : o.coverage_floors()) floors.push_back(name + " " + floor_text(floor));
  text_table table({"", ""});
  table.add({"laws", or_none(joined(o.laws()))});
  table.add({"regimes", or_none(joined(o.regimes()))});
  table.add({"coverage floors", or_none(joined(floors))});
  return table.str(width);
}

std::string meanings_of(const operation& o, std::size_t width) {
  text_table laws({"law", "what it says"}), regimes({"regime", "inputs, and what they show"}),
      classes({"class", ">floor", "cases that belong to it"});
  for (const std::string& name : o.laws()) laws.add({name, std::string(o.meaning(name))});
  for (const std::string& name : o.regimes()) regimes.add({name, std::string(o.meaning(name))});
  for (const auto& [name, floor] : o.coverage_floors())
    classes.add({name, floor_text(floor), std::string(o.meaning(name))});
  return "\n" + laws.str(width) + "\n" + regimes.str(width) + "\n" + classes.str(width);
}

std::string as_text(const instrument& all, const list_request& asked) {
  const std::size_t terminal = terminal_width(stream::output), width = terminal ? terminal : page_width;
  std::string text;
  for (const operation* o : all.operations)
    text += name_of(*o) + "\n" + rows_of(*o, side_of(asked.on), width) +
            (asked.verbose ? meanings_of(*o, width) : names_of(*o, width)) + "\n";
  return text;
}

// Cases of the recorded folder by group; a file that cannot be read has none.
std::map<std::string, std::int64_t> recorded_groups() {
  std::map<std::string, std::int64_t> count;
  for (const std::string& file : case_files_in(recorded_folder())) try {
      for (const std::string& path : cases_of(file)) ++count[group_of_path(path)];
    } catch (const std::exception&) {
    }
  return count;
}

std::string budgets_text(const instrument& all) {
  std::string text;
  for (const operation* o : all.operations)
    text += (text.empty() ? "" : "\n") + name_of(*o) + "\n\n" + o->budgets(contracts_of(*o));
  return text;
}

}  // namespace

int run_list(const instrument& all, const list_request& asked) {
  std::string why_not;
  if (!all.make_executor(asked.on, why_not))
    fmt::print(stderr, "plumbline: {}: listed as built, nothing can run there\n", why_not);
  if (asked.budgets)
    say(asked.json ? budgets_json(all.operations) : budgets_text(all));
  else
    say(asked.json ? json_of(all.operations, side_of(asked.on), recorded_groups()) : as_text(all, asked));
  return all_pass;
}

}  // namespace plumbline::program
