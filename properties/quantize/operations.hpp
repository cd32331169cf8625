// quantize as operations: one a function.
#pragma once

#include "properties/meaning.hpp"
#include "properties/operation.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

const operation& store_operation();
const operation& dequantize_operation();
const operation& groups_operation();
const operation& weight_dequant_operation();
const operation& block_gemm_operation();
const operation& scatter_operation();

// What the functions say of themselves beside their cases.
double memory_needed(const store_problem&);
std::string store_budgets(std::span<const contract>);
std::span<const meaning> store_meanings();
std::map<std::string, std::string> options_of_problem(const store_problem&);

double memory_needed(const dequantize_problem&);
std::string dequantize_budgets(std::span<const contract>);
std::span<const meaning> dequantize_meanings();
std::map<std::string, std::string> options_of_problem(const dequantize_problem&);

double memory_needed(const groups_problem&);
std::string groups_budgets(std::span<const contract>);
std::span<const meaning> groups_meanings();
std::map<std::string, std::string> options_of_problem(const groups_problem&);

double memory_needed(const weight_dequant_problem&);
std::string weight_dequant_budgets(std::span<const contract>);
std::span<const meaning> weight_dequant_meanings();
std::map<std::string, std::string> options_of_problem(const weight_dequant_problem&);

double memory_needed(const block_gemm_problem&);
std::string block_gemm_budgets(std::span<const contract>);
std::span<const meaning> block_gemm_meanings();
std::map<std::string, std::string> options_of_problem(const block_gemm_problem&);

double memory_needed(const scatter_problem&);
std::string scatter_budgets(std::span<const contract>);
std::span<const meaning> scatter_meanings();
std::map<std::string, std::string> options_of_problem(const scatter_problem&);

}  // namespace plumbline::quantize
