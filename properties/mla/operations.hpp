// mla as operations: one a function.
#pragma once

#include "properties/meaning.hpp"
#include "properties/operation.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

const operation& prefill_operation();
const operation& decode_operation();
const operation& decode_indices_operation();
const operation& prefill_indices_operation();
const operation& rms_norm_operation();
const operation& rotary_operation();
const operation& write_cache_operation();
const operation& project_operation();
const operation& schedule_operation();
const operation& combine_operation();
const operation& forward_operation();

// What the functions say of themselves beside their cases.
std::string attention_budgets(std::span<const contract>);

double memory_needed(const prefill_problem&);
std::span<const meaning> prefill_meanings();
std::map<std::string, std::string> options_of_problem(const prefill_problem&);

double memory_needed(const decode_problem&);
std::span<const meaning> decode_meanings();
std::map<std::string, std::string> options_of_problem(const decode_problem&);

double memory_needed(const decode_indices_problem&);
std::span<const meaning> decode_indices_meanings();
std::map<std::string, std::string> options_of_problem(const decode_indices_problem&);

double memory_needed(const prefill_indices_problem&);
std::span<const meaning> prefill_indices_meanings();
std::map<std::string, std::string> options_of_problem(const prefill_indices_problem&);

double memory_needed(const rms_norm_problem&);
std::string rms_norm_budgets(std::span<const contract>);
std::span<const meaning> rms_norm_meanings();
std::map<std::string, std::string> options_of_problem(const rms_norm_problem&);

double memory_needed(const rotary_problem&);
std::string rotary_budgets(std::span<const contract>);
std::span<const meaning> rotary_meanings();
std::map<std::string, std::string> options_of_problem(const rotary_problem&);

double memory_needed(const write_cache_problem&);
std::string write_cache_budgets(std::span<const contract>);
std::span<const meaning> write_cache_meanings();
std::map<std::string, std::string> options_of_problem(const write_cache_problem&);

double memory_needed(const schedule_problem&);
std::string schedule_budgets(std::span<const contract>);
std::span<const meaning> schedule_meanings();
std::map<std::string, std::string> options_of_problem(const schedule_problem&);

double memory_needed(const combine_problem&);
std::string combine_budgets(std::span<const contract>);
std::span<const meaning> combine_meanings();
std::map<std::string, std::string> options_of_problem(const combine_problem&);

double memory_needed(const project_problem&);
std::string project_budgets(std::span<const contract>);
std::span<const meaning> project_meanings();
std::map<std::string, std::string> options_of_problem(const project_problem&);

double memory_needed(const forward_problem&);
std::string forward_budgets(std::span<const contract>);
std::span<const meaning> forward_meanings();
std::map<std::string, std::string> options_of_problem(const forward_problem&);

}  // namespace plumbline::mla
