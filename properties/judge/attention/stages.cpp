#include "properties/judge/attention/stages.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "properties/judge/words.hpp"

namespace plumbline {
namespace judging {

bool split_of_row::has_finite_scores() const {
  return !scores.empty() &&
         std::all_of(scores.begin(), scores.end(), [](double s) { return std::isfinite(s); });
}

finding exact_finding(std::string_view stage, std::string message) {
  finding one = finding_of("exact", stage);
  one.used = message.empty() ? 0 : std::numeric_limits<double>::infinity();
  one.message = std::move(message);
  return one;
}

std::string name_of(const tapped_call& call, const split_of_row& at) {
  return (call.name ? call.name(at.unit, at.row) : "row " + std::to_string(at.row)) + ", split " +
         std::to_string(at.split);
}

namespace {

// Keys become their place among all that were scored, in whatever split.
void count_keys(std::map<std::int64_t, split_of_row>& splits) {
  std::vector<std::int64_t> all;
  for (const auto& [split, one] : splits) all.insert(all.end(), one.keys.begin(), one.keys.end());
  std::sort(all.begin(), all.end());
  for (auto& [split, one] : splits)
    for (std::int64_t& key : one.keys) key = std::lower_bound(all.begin(), all.end(), key) - all.begin();
}

// No default: a tap that is new is one more case here, and the compiler asks for it.
void keep(split_of_row& to, tap which, const tapped& one) {
  switch (which) {
    case tap::scores:
      to.keys.push_back(one.at), to.scores.push_back(one.value);
      return;
    case tap::row_max:
      to.row_max = {true, one.value};
      return;
    case tap::row_sum:
      to.row_sum = {true, one.value};
      return;
    case tap::partial_lse:
      to.partial_lse = {true, one.value};
      return;
    case tap::partial_out:
      if (one.at == static_cast<std::int64_t>(to.partial_out.size())) to.partial_out.push_back(one.value);
      return;
  }
}

}  // namespace

std::vector<split_of_row> splits_of(const tapped_call& call) {
  std::vector<split_of_row> all;
  for (std::size_t u = 0; u < call.units.size(); ++u)
    for (std::int64_t row = 0; row < call.units[u].rows; ++row) {
      std::map<std::int64_t, split_of_row> splits;
      const auto split_at = [&](std::int64_t split) -> split_of_row& {
        split_of_row& one = splits[split];
        one.unit = u, one.row = row, one.split = split;
        return one;
      };
      for (std::size_t i = 0; i < tap_names.size(); ++i) {
        const auto which = static_cast<tap>(i);
        const std::span<const tapped> kept = call.taps.of(which);
        const auto [first, last] =
            std::equal_range(kept.begin(), kept.end(), tapped{call.row_of(u, row), 0, 0, 0},
                             [](const tapped& a, const tapped& b) { return a.row < b.row; });
        for (auto one = first; one != last; ++one) keep(split_at(one->split), which, *one);
      }
      if (call.listed) count_keys(splits);
      for (auto& [split, one] : splits) {
        if (static_cast<std::int64_t>(one.partial_out.size()) != call.units[u].dv) one.partial_out.clear();
        all.push_back(std::move(one));
      }
    }
  return all;
}

namespace {

/// The rows of a call, as taps name them, in order.
std::vector<std::int64_t> rows_of(const tapped_call& call) {
  std::vector<std::int64_t> all;
  for (std::size_t u = 0; u < call.units.size(); ++u)
    for (std::int64_t row = 0; row < call.units[u].rows; ++row) all.push_back(call.row_of(u, row));
  std::sort(all.begin(), all.end());
  return all;
}

/// Adds to a stage that a number of a row was shown which no query has.
void add_strays(stage_verdict& stage, std::span<const tapped> shown, std::span<const std::int64_t> rows) {
  const auto stray = std::find_if(shown.begin(), shown.end(), [&](const tapped& one) {
    return !std::binary_search(rows.begin(), rows.end(), one.row);
  });
  if (stray == shown.end()) return;
  verdict& v = stage.judged;
  v.findings.insert(
      v.findings.begin(),
      exact_finding(stage.stage, "row " + std::to_string(stray->row) + ", split " +
                                     std::to_string(stray->split) + " was shown, which no query has"));
  conclude(v, false, "");
}

}  // namespace
}  // namespace judging

std::string why_no_stages(const tap_record& taps) {
  if (taps.empty()) return "the kernel shows no stages";
  for (std::size_t i = 0; i < tap_names.size(); ++i)
    if (const std::uint64_t shown = taps.shown(static_cast<tap>(i)); shown > taps.most())
      return "the kernel shows " + std::to_string(shown) + " numbers of " + std::string(tap_names[i]) +
             ", more than the " + std::to_string(taps.most()) + " that are kept";
  return "";
}

std::vector<stage_verdict> judge_stages(const tapped_call& call) {
  std::vector<stage_verdict> all;
  if (!why_no_stages(call.taps).empty()) return all;
  const std::vector<judging::split_of_row> splits = judging::splits_of(call);
  all.push_back({"scores", judging::judge_scores(call, splits)});
  all.push_back({"row_max", judging::judge_row_maxima(call, splits)});
  for (stage_verdict& one : judging::judge_partials(call, splits)) all.push_back(std::move(one));
  all.push_back({"combined_out", judging::judge_combined(call, splits)});
  const std::vector<std::int64_t> rows = judging::rows_of(call);
  for (stage_verdict& one : all)
    if (const auto* name = std::find(tap_names.begin(), tap_names.end(), one.stage); name != tap_names.end())
      judging::add_strays(one, call.taps.of(static_cast<tap>(name - tap_names.begin())), rows);
  return all;
}

}  // namespace plumbline
