// flash_decode as operations: attend, append, combine.
#pragma once

#include "properties/meaning.hpp"
#include "properties/operation.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

const operation& attend_operation();
const operation& append_operation();
const operation& combine_operation();

// What the functions say of themselves beside their cases.
double memory_needed(const attend_problem&);
double memory_needed(const append_problem&);
double memory_needed(const combine_problem&);
std::string attend_budgets(std::span<const contract>);
std::string append_budgets(std::span<const contract>);
std::string combine_budgets(std::span<const contract>);
std::span<const meaning> attend_meanings();
std::span<const meaning> append_meanings();
std::span<const meaning> combine_meanings();

}  // namespace plumbline::flash_decode
