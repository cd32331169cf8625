#include "ci/plumbline/proposal_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ci/plumbline/json_report.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"

namespace plumbline::program {

std::string_view name_of(judgement j) {
  constexpr std::string_view names[] = {"none",        "accepted",       "rejected",
                                        "conditional", "not_executable", "mistrusted"};
  return names[static_cast<int>(j)];
}

namespace {

// Of a message of several lines the first says what fails.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string details_of(const judged_proposal& j, std::size_t page) {
  std::string text;
  if (j.written == judgement::conditional) text += fmt::format("    holds for: {}\n", j.what->condition);
  if (!j.message.empty()) text += fmt::format("    {}\n", first_line(j.message));
  if (!j.what->note.empty()) text += fmt::format("    {}\n", j.what->note);
  text = folded(text, page);
  if (!j.counterexample.empty()) text += fmt::format("    plumbline replay '{}'\n", j.counterexample);
  return text;
}

}  // namespace

std::string text_of(const proposals_report& r, bool colour, std::size_t page) {
  text_table table({"claim", "source", "as written", "repaired", "what"});
  for (const judged_proposal& j : r.judged)
    table.add({std::string(j.what->id), std::string(j.what->source), std::string(name_of(j.written)),
               std::string(name_of(j.repaired)), std::string(j.what->statement)});
  std::string text = table.str(page) + "\n";
  for (const judged_proposal& j : r.judged) {
    const std::string details = details_of(j, page);
    if (!details.empty())
      text += fmt::format("  {}  {}\n{}", j.what->id, inked(j.what->statement, ink::bold, colour), details);
  }
  std::string rest;
  if (!r.figures.empty()) rest += "\n  measured here\n";
  for (const measurement& m : r.figures) rest += fmt::format("    {}  {}\n", m.id, m.text);
  if (!r.out_of_scope.empty()) rest += "\n  out of scope\n";
  for (const std::string_view one : r.out_of_scope) rest += fmt::format("    {}\n", one);
  text += folded(rest, page);
  std::string others;
  for (const judged_proposal& j : r.judged)
    if (!j.as_expected())
      others +=
          fmt::format("  {}: {}, repaired {}; on record {}, repaired {}\n", j.what->id, name_of(j.written),
                      name_of(j.repaired), name_of(j.what->expected), name_of(j.what->expected_repaired));
  if (!others.empty()) text += inked("\n  other than on record\n", ink::red, colour) + folded(others, page);
  return text;
}

std::string json_of(const proposals_report& r) {
  nlohmann::ordered_json j;
  j["plumbline"] = json_version, j["commit"] = built_commit();
  j["machine"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : machine_of(nullptr)) j["machine"][key] = value;
  j["seed"] = r.seed, j["executor"] = "host", j["jobs"] = r.jobs, j["partial"] = r.partial;
  j["seconds"] = r.seconds;
  j["claims"] = nlohmann::ordered_json::array();
  for (const judged_proposal& one : r.judged)
    j["claims"].push_back(
        {{"id", one.what->id},
         {"source", one.what->source},
         {"statement", one.what->statement},
         {"verdict", name_of(one.written)},
         {"repaired", name_of(one.repaired)},
         {"condition", one.written == judgement::conditional ? one.what->condition : std::string_view()},
         {"counterexample", one.counterexample},
         {"message", one.message},
         {"note", one.what->note},
         {"cases", one.cases},
         {"as_expected", one.as_expected()}});
  j["measured"] = nlohmann::ordered_json::array();
  for (const measurement& m : r.figures) j["measured"].push_back({{"id", m.id}, {"text", m.text}});
  j["out_of_scope"] = r.out_of_scope;
  return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace plumbline::program
