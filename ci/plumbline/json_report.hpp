// What the verbs say to machines.  Every document is versioned by "plumbline": keys are added, never renamed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ci/plumbline/run_report.hpp"

namespace plumbline::program {

/// Of every document, under "plumbline".
inline constexpr int json_version = 1;
/// Key of a row under which verify --json keeps the numbers of each judged case, which --baseline compares:
/// a list of {"traits": words with blanks between, "budget_used", and "rms" where the judge has one}.
inline constexpr const char* numbers_key = "case_numbers";
/// verify --json
std::string json_report(const run_report&);
/// replay --json: one entry a case that was run; `partial`: a signal ended it
std::string json_of(const std::vector<std::optional<case_result>>&, bool partial);
/// judge --json
std::string json_of(const std::string& file, const std::vector<external_judgement>&, bool partial);
/// list --json (`recorded`: how many cases the recorded folder has of each group), and with --budgets
std::string json_of(std::span<const operation* const>, side,
                    const std::map<std::string, std::int64_t>& recorded);
std::string budgets_json(std::span<const operation* const>);

/// Names of the claims in a set of them.
std::vector<std::string> claims_of(claim);
/// "pass", "fail", "mistrusted", "skipped" or "unsupported".
std::string verdict_of(const external_judgement&);

}  // namespace plumbline::program
