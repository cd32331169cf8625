#include "ci/plumbline/tally.hpp"

#include <cmath>
#include <string_view>
#include <tuple>

#include "reference/core/sha256.hpp"

namespace plumbline::program {

namespace {

std::string regime_of(const std::string& case_text) {
  constexpr std::string_view key = ";regime=";
  const std::size_t at = case_text.find(key);
  if (at == std::string::npos) return "";
  const std::size_t first = at + key.size();
  return case_text.substr(first, case_text.find(';', first) - first);
}

}  // namespace

bool worse(double a, double b) {
  if (std::isnan(a)) return false;
  return std::isnan(b) || b > a;
}

void tally::add(std::uint64_t index, const case_result& r) {
  seconds += r.seconds, reference_seconds += r.reference_seconds;
  for (const std::string& c : r.classes) ++drawn_classes[c];
  if (r.result == outcome::skipped) {
    ++skipped, ++skips[r.skip_reason.empty() ? "no reason given" : r.skip_reason];
    return;
  }
  (r.result == outcome::pass ? pass : r.result == outcome::fail ? fail : mistrusted) += 1;
  elements += r.judged.elements;
  for (int i = 0; i < used_bins; ++i)
    histogram[static_cast<std::size_t>(i)] += r.judged.used_histogram[static_cast<std::size_t>(i)];
  for (const law_result& l : r.laws) {
    law_tally& t = laws[l.law];
    if (l.result == outcome::skipped) {
      ++t.skipped;
      continue;
    }
    ++t.cases, t.fail += l.result == outcome::fail, t.mistrusted += l.result == outcome::mistrusted;
  }
  for (const std::string& c : r.classes) ++classes[c];
  for (const std::string& w : r.judged.warnings)
    ++warnings[w.substr(0, w.find(" ("))];  // figures differ by case
  for (const finding& f : r.judged.findings) {
    const bool tie = f.used == worst.used && index < worst.index;
    if (!worst.test.empty() && !worse(worst.used, f.used) && !tie) continue;
    worst = {f.used,  index,     f.output.empty() ? f.test : f.test + " " + f.output,
             f.where, f.message, r.case_text};
  }
  digests_[index] = r.digest;
  case_numbers one{{regime_trait(regime_of(r.case_text))}, {{"budget_used", r.judged.budget_used()}}};
  one.traits.insert(one.traits.end(), r.classes.begin(), r.classes.end());
  if (const auto rms = r.judged.metrics.find("rms"); rms != r.judged.metrics.end()) one.numbers.insert(*rms);
  numbers.push_back(std::move(one));
}

std::string tally::digest() const {
  sha256 all;
  for (const auto& [index, digest] : digests_) all.update(digest);
  return all.hex();
}

bool replayable(const failure& f) { return f.case_text.rfind("plumbline", 0) == 0; }

failure failure_from(const std::string& row, std::uint64_t index, const case_result& r) {
  failure f;
  f.row = row, f.case_text = r.case_text, f.verdict = r.result, f.index = index;
  f.law = r.failed_law, f.message = r.message.empty() ? r.judged.message : r.message;
  for (const finding& each : r.judged.findings)
    if (!each.passed() && each.message != f.message)
      f.details.push_back("test " + each.test + " on " + each.output + ": " + each.message);
  if (const stage_verdict* first = first_outside(r.stages))
    f.details.push_back("first stage that leaves its budget: " + first->stage + ": " + first->judged.message);
  for (const law_result& l : r.laws)
    if ((l.result == outcome::fail || l.result == outcome::mistrusted) && l.law != f.law &&
        l.message != f.message)
      f.details.push_back("law " + l.law + ": " + l.message);
  return f;
}

}  // namespace plumbline::program
