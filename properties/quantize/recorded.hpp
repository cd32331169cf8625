// Cases of quantize in files: options are the keys of a problem's text, tensors have the names of the call's.
//
// `expected_NAME` holds somebody's output NAME and is judged like a kernel's, by the sets that the policy
// leaves: byte for byte where it is exact.  An output that is updated in place lies beside its input as
// `out_NAME`.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/recorded_outputs.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

/// A problem's text as options.
std::map<std::string, std::string> options_from_text(const std::string& problem_text);

material<store_problem> read_store(const recorded_case&);
external_judgement judge_recorded_store(const recorded_case&, std::string_view contract_name);
material<dequantize_problem> read_dequantize(const recorded_case&);
external_judgement judge_recorded_dequantize(const recorded_case&, std::string_view contract_name);
material<groups_problem> read_groups(const recorded_case&);
external_judgement judge_recorded_groups(const recorded_case&, std::string_view contract_name);
material<weight_dequant_problem> read_weight_dequant(const recorded_case&);
external_judgement judge_recorded_weight_dequant(const recorded_case&, std::string_view contract_name);
material<block_gemm_problem> read_block_gemm(const recorded_case&);
external_judgement judge_recorded_block_gemm(const recorded_case&, std::string_view contract_name);
material<scatter_problem> read_scatter(const recorded_case&);
external_judgement judge_recorded_scatter(const recorded_case&, std::string_view contract_name);

}  // namespace plumbline::quantize
