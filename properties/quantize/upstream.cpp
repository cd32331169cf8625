// The upstream groups: who takes which, tables of scales, and conditions that must be refused.
#include "properties/quantize/upstream.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/quantize/recorded.hpp"
#include "properties/upstream_claims.hpp"
#include "properties/upstream_source.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/quantize_group.hpp"

namespace plumbline::quantize {

namespace {

constexpr std::string_view store_groups[] = {"quantize_k_cache", "quantize_indexer_k_cache",
                                             "concat_and_cache_mla"};
constexpr std::string_view dequantize_groups[] = {"quantize_k_cache", "dequantize_k_cache",
                                                  "cast_from_8_bit"};
constexpr std::string_view groups_groups[] = {"per_token_group_quant_fp8",
                                              "per_token_group_quant_int8",
                                              "per_token_quant_int8",
                                              "per_token_quant_fp8",
                                              "act_quant",
                                              "deep_gemm_cast",
                                              "cast_to_e4m3fn",
                                              "round_scale_up_to_power_of_two",
                                              "errors"};
constexpr std::string_view weight_groups[] = {"weight_dequant", "cast_from_8_bit"};
constexpr std::string_view gemm_groups[] = {"block_scaled_gemm"};
constexpr std::string_view scatter_groups[] = {"set_mla_kv_buffer"};
constexpr upstream_claim claims[] = {{"store", store_groups},     {"dequantize", dequantize_groups},
                                     {"groups", groups_groups},   {"weight_dequant", weight_groups},
                                     {"block_gemm", gemm_groups}, {"scatter", scatter_groups}};

// Ways up to a power of two, with and without a floor below.
external_judgement judge_powers(const recorded_case& c) {
  upstream_source from(c, "quantize");
  const std::vector<double> scale = from.at("scale").values();
  struct way {
    const char* name;
    float (*up)(float);
    float floor;
  };
  constexpr way ways[] = {{"expected_bit_way", up_by_bits, 0},
                          {"expected_float_way", up_by_log2, 0},
                          {"expected_float_way_floor_1e-4", up_by_log2, 1e-4f}};
  disagreement d;
  for (const way& one : ways) {
    const std::vector<double> theirs = from.at(one.name).values();
    for (std::size_t i = 0; i < scale.size(); ++i) {
      const auto s = static_cast<float>(scale[i]);
      d.look(theirs[i], one.up(std::isnan(s) ? s : std::max(s, one.floor)), 0,
             std::string(one.name) + " of " + std::to_string(i));
    }
  }
  from.require_all_taken();
  return d.conclude(c);
}

void ask_for_groups(std::string_view problem) { parse_groups(keyed_text(std::string(problem))); }
void ask_for_store(std::string_view problem) { parse_store(keyed_text(std::string(problem))); }

void ask_for_transposed_weight() {
  const weight_dequant_problem p = parse_weight_dequant(keyed_text("m=6,n=4"));
  tensor_set inputs;
  inputs.set("weight", tensor(p.code, {p.m, p.n}, {1, p.m}));
  inputs.set("scale", tensor(dtype::f32, {1, 1}));
  check(p, inputs);
}

constexpr upstream_condition conditions[] = {
    {"act_quant_k_130", "k", [] { ask_for_groups("policy=act_quant,rows=2,k=130"); }},
    {"separate_dim_nope_448", "tile",
     [] { ask_for_store("policy=sglang_fast,layout=split,tokens=2,dv=448,separate=1"); }},
    {"slow_dv_not_multiple_of_tile", "tile",
     [] { ask_for_store("policy=sglang_slow,dtype=bf16,dv=128,tile=60,d=128"); }},
    {"slow_no_blocks", "", [] { ask_for_store("policy=sglang_slow,tokens=0,num_pages=0,page_size=4"); },
     "a cache without pages holds nothing: ours returns it"},
    {"slow_row_138_bytes", "d",
     [] { ask_for_store("policy=sglang_slow,tokens=6,dv=128,tile=64,d=129,page_size=3"); }},
    {"slow_two_heads", "hk", [] { ask_for_store("policy=sglang_slow,dv=128,tile=64,d=128,hk=2"); }},
    {"weight_dequant_transposed", "weight", ask_for_transposed_weight}};

}  // namespace

std::span<const std::string_view> upstream_groups(std::string_view function) {
  return groups_of(claims, function);
}

// Ours and theirs have a function of this name.
bool is_upstream(const recorded_case& c) {
  if (c.function == "weight_dequant") return c.options.count("block_size") != 0;
  return is_claimed(claims, c.function);
}

std::vector<recorded_case> calls_of(const recorded_case& c) {
  if (c.function == "errors" || c.function == "round_scale_up_to_power_of_two") return {};
  upstream_source from(c, "quantize");
  std::vector<recorded_case> calls = upstream_cache_calls(from);
  if (calls.empty()) calls = upstream_matrix_calls(from);
  from.require_all_taken();
  return calls;
}

external_judgement judge_upstream(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    if (c.function == "errors") return judge_condition(c, "quantize", conditions);
    if (c.function == "round_scale_up_to_power_of_two") return judge_powers(c);
    std::vector<external_judgement> found;
    for (const recorded_case& call : calls_of(c)) {
      external_judgement one = call.function == "store"            ? judge_recorded_store(call, "")
                               : call.function == "dequantize"     ? judge_recorded_dequantize(call, "")
                               : call.function == "groups"         ? judge_recorded_groups(call, "")
                               : call.function == "weight_dequant" ? judge_recorded_weight_dequant(call, "")
                               : call.function == "block_gemm"
                                   ? judge_recorded_block_gemm(call, contract_name)
                                   : judge_recorded_scatter(call, "");
      one.group = group_of(c);
      if (const auto rule = call.options.find("policy"); !one.message.empty() && rule != call.options.end())
        one.message = rule->second + ": " + one.message;
      found.push_back(one);
    }
    return worst(c, found);
  });
}

}  // namespace plumbline::quantize
