// dflash as operations: one a function.
#pragma once

#include <span>
#include <string>

#include "properties/meaning.hpp"
#include "properties/operation.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::dflash {

const operation& project_operation();
const operation& attention_operation();
const operation& accept_operation();
const operation& crop_operation();
const operation& steps_operation();

// What the functions say of themselves beside their cases.
double memory_needed(const project_problem&);
std::string project_budgets(std::span<const contract>);
std::span<const meaning> project_meanings();

double memory_needed(const attention_problem&);
std::string attention_budgets(std::span<const contract>);
std::span<const meaning> attention_meanings();

double memory_needed(const accept_problem&);
std::string accept_budgets(std::span<const contract>);
std::span<const meaning> accept_meanings();

double memory_needed(const crop_problem&);
std::string crop_budgets(std::span<const contract>);
std::span<const meaning> crop_meanings();

double memory_needed(const steps_problem&);
std::string steps_budgets(std::span<const contract>);
std::span<const meaning> steps_meanings();

}  // namespace plumbline::dflash
