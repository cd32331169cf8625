// conv1d as operations: one a function.
#pragma once

#include <span>
#include <string>

#include "properties/meaning.hpp"
#include "properties/operation.hpp"
#include "reference/conv1d_problem.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {

const operation& prefill_operation();
const operation& update_operation();
const operation& update_speculative_operation();
const operation& varlen_states_operation();
const operation& steps_operation();

// What the functions say of themselves beside their cases.
std::string filter_budgets(std::span<const contract>);
std::string states_budgets(std::span<const contract>);

double memory_needed(const prefill_problem&);
std::span<const meaning> prefill_meanings();

double memory_needed(const update_problem&);
std::span<const meaning> update_meanings();

double memory_needed(const update_speculative_problem&);
std::span<const meaning> update_speculative_meanings();

double memory_needed(const varlen_states_problem&);
std::span<const meaning> varlen_states_meanings();

double memory_needed(const steps_problem&);
std::span<const meaning> steps_meanings();

}  // namespace plumbline::conv1d
