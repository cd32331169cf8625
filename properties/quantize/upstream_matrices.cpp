// Recorded quantizers of activations and weights, their reader, their product, and the scatter of rows.
#include <algorithm>

#include "properties/quantize/upstream.hpp"
#include "properties/upstream_source.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

namespace {

// What one writer made of x: suffixes of its datasets, its policy, and what else its problem says.
struct written {
  std::string codes, scales, policy, more;
};

recorded_case groups_call(upstream_source& from, const written& by, std::int64_t group_rows,
                          std::int64_t group, double ceiling = 0) {
  const tensor x = from.rows("x");
  std::string text = "policy=" + by.policy + ",dtype=" + std::string(name_of(x.type())) +
                     ",rows=" + std::to_string(x.dim(0)) + ",k=" + std::to_string(x.dim(1)) +
                     ",group_rows=" + std::to_string(group_rows) + ",group=" + std::to_string(group) +
                     by.more;
  groups_problem p = parse_groups(keyed_text(text));
  p.scale_ub = ceiling;
  recorded_case call = from.call("groups", to_text(p));
  call.tensors.set("x", x);
  call.tensors.set("expected_codes", from.rows(by.codes.c_str()));
  if (p.has_static) return call;
  const tensor_set made = make_outputs(p);
  const auto shape = made.at("scales").shape();
  call.tensors.set("expected_scales", reshaped(from.at(by.scales.c_str()), {shape.begin(), shape.end()}));
  return call;
}

// Codes and scales under one suffix of both names.
written by(const char* suffix, const char* policy, const char* more = "") {
  return {std::string("expected_codes") + suffix, std::string("expected_scales") + suffix, policy, more};
}

std::vector<recorded_case> fp8_group_calls(upstream_source& from) {
  const std::int64_t group = from.integer("group_size");
  const written all[] = {by("", "group_fp8_native"), by("_ue8m0", "group_fp8_native_ue8m0"),
                         by("_triton_row_major", "group_fp8_triton_row"),
                         by("_triton_col_major", "group_fp8_triton_column", ",layout=column_major"),
                         by("_triton_ue8m0", "group_fp8_triton_ue8m0")};
  std::vector<recorded_case> calls;
  for (const written& one : all)
    if (from.has(one.codes)) calls.push_back(groups_call(from, one, 1, group));
  return calls;
}

std::vector<recorded_case> int8_group_calls(upstream_source& from) {
  const std::int64_t group = from.integer("group_size");
  return {groups_call(from, {"expected_codes_truncated", "expected_scales", "group_int8", ""}, 1, group),
          groups_call(from, {"expected_codes_truncated_vllm", "expected_scales_vllm", "group_int8", ""}, 1,
                      group),
          groups_call(from,
                      {"expected_codes_nearest_even_vllm", "expected_scales_vllm", "group_int8_nearest", ""},
                      1, group)};
}

std::vector<recorded_case> int8_token_calls(upstream_source& from) {
  const std::int64_t k = from.rows("x").dim(1);
  from.pass_over("expected_row_sum");  // a sum beside the quantizer, in an order that nobody names
  return {groups_call(from, {"expected_codes_half_away", "expected_scales", "token_int8", ""}, 1, k),
          groups_call(from, {"expected_codes_half_even", "expected_scales", "token_int8_cpu", ""}, 1, k),
          groups_call(from, by("_vllm", "token_int8_vllm"), 1, k)};
}

std::vector<recorded_case> fp8_token_calls(upstream_source& from) {
  const tensor x = from.rows("x");
  const std::int64_t m = x.dim(0), k = x.dim(1);
  const double ceiling = from.says("scale_ub") ? keyed_text("x=" + from.word("scale_ub")).real("x", 0) : 0;
  std::vector<recorded_case> calls = {
      groups_call(from, by("", "vllm_per_token"), 1, k, ceiling),
      groups_call(from, {"expected_codes_per_tensor", "expected_scale_per_tensor", "vllm_per_tensor", ""}, m,
                  k),
      groups_call(
          from, {"expected_codes_per_tensor_mla", "expected_scale_per_tensor_mla", "vllm_per_tensor_mla", ""},
          m, k),
      groups_call(from, {"expected_codes_static", "", "vllm_per_tensor", ",has_static=1"}, 1, k)};
  calls.back().tensors.set("static_scale", from.at("static_scale"));
  return calls;
}

std::vector<recorded_case> act_quant_calls(upstream_source& from) {
  const bool powers = from.word("scale_fmt") == "ue8m0";
  return {groups_call(from, by("", powers ? "act_quant_ue8m0" : "act_quant"), 1, from.integer("block_size"))};
}

std::vector<recorded_case> deep_gemm_calls(upstream_source& from) {
  const std::string function = from.word("function");
  const bool packed = from.says("use_packed_ue8m0"), powers = from.integer("use_ue8m0") != 0;
  const std::int64_t down = function == "per_token_cast_to_fp8" ? 1 : 128,
                     across = function == "per_channel_cast_to_fp8" ? 1 : 128;
  return {groups_call(from, by("", powers ? "deep_gemm_ue8m0" : "deep_gemm", packed ? ",layout=packed" : ""),
                      down, across)};
}

// A cast is a quantizer whose scale is 1.
std::vector<recorded_case> cast_calls(upstream_source& from) {
  tensor one(dtype::f32, {1});
  one.set_value(0, 1);
  std::vector<recorded_case> calls = {
      groups_call(from, {"expected_codes", "", "default", ",has_static=1"}, 1, 8),
      groups_call(from, {"expected_codes_torch_2_8", "", "sglang_slow_torch_2_12", ",has_static=1"}, 1, 8)};
  for (recorded_case& call : calls) call.tensors.set("static_scale", one);
  return calls;
}

// All 256 codes under scale 1, and code 1 under all 256 scales.
std::vector<recorded_case> decoding_calls(upstream_source& from) {
  weight_dequant_problem w;
  w.m = 1, w.n = w.block = 256, w.out_type = dtype::f32;
  recorded_case weight = from.call("weight_dequant", to_text(w));
  tensor one(dtype::f32, {1, 1});
  one.set_value(0, 1);
  weight.tensors.set("weight", reshaped(from.at("byte"), {1, 256}, dtype::e4m3));
  weight.tensors.set("scale", one);
  weight.tensors.set("expected_out", from.rows("expected_e4m3fn"));

  constexpr std::int64_t dims = 8;
  dequantize_problem q;
  q.layout = cache_layout::pages;
  q.scale_type = dtype::e8m0;
  q.tokens = q.page_size = 256;
  q.dv = q.tile = q.d = dims;
  q.out_type = dtype::f32;
  tensor cache(dtype::u8, {1, 256 * slot_bytes(q)}), out(dtype::f32, {256, dims});
  const tensor &bytes = from.at("byte"), &scales = from.at("expected_e8m0");
  for (std::int64_t slot = 0; slot < 256; ++slot) {
    const slot_place at = place_of(q, slot);
    for (std::int64_t i = 0; i < dims; ++i) {
      cache.set_code(at.codes + i, encode(dtype::e4m3, 1));
      out.set_code(slot * dims + i, scales.code(slot));
    }
    cache.set_code(at.scales, bytes.code(slot));
  }
  recorded_case read = from.call("dequantize", to_text(q));
  read.tensors.set("cache", cache);
  read.tensors.set("expected_out", out);
  return {weight, read};
}

std::vector<recorded_case> weight_calls(upstream_source& from) {
  const tensor &weight = from.at("weight"), &expected = from.at("expected_output");
  weight_dequant_problem p;
  p.code = weight.type();
  p.m = weight.dim(0), p.n = weight.dim(1), p.block = from.integer("block_size"),
  p.out_type = expected.type();
  recorded_case call = from.call("weight_dequant", to_text(p));
  call.tensors.set("weight", weight);
  call.tensors.set("scale", from.at("scale"));
  call.tensors.set("expected_out", expected);
  return {call};
}

// The truth in double, but for its products of scales, and what functions returned that sum in fp32.
std::vector<recorded_case> product_calls(upstream_source& from) {
  block_gemm_problem p;
  p.code = from.at("a").type();
  p.m = from.integer("m"), p.n = from.integer("n"), p.k = from.integer("k");
  p.block_n = from.integer("block_n"), p.block_k = from.integer("block_k");
  p.out_type = from.at("expected_output").type();
  recorded_case truth = from.call("block_gemm", to_text(p));
  for (const char* name : {"a", "b", "a_scale", "b_scale"}) truth.tensors.set(name, from.at(name));
  std::vector<recorded_case> calls;
  for (const char* name : {"expected_output", "expected_output_deepseek"}) {
    if (!from.has(name)) continue;
    calls.push_back(truth);
    calls.back().options["contract_sums"] = "f32";
    calls.back().tensors.set("out", from.at(name));
  }
  truth.options["scale_product"] = "f32";
  truth.tensors.set("expected_out", from.at("expected_output_float64"));
  calls.push_back(truth);
  return calls;
}

std::vector<recorded_case> scatter_calls(upstream_source& from) {
  scatter_problem p;
  const tensor nope = from.rows("cache_k_nope"), rope = from.rows("cache_k_rope"),
               before = from.rows("kv_buffer_before");
  p.tokens = nope.dim(0), p.rows = before.dim(0);
  p.nope_width = nope.dim(1), p.rope_width = rope.dim(1);
  recorded_case call = from.call("scatter", to_text(p));
  call.tensors.set("nope", nope);
  call.tensors.set("rope", rope);
  call.tensors.set("loc", from.at("loc"));
  call.tensors.set("buffer", before);
  call.tensors.set("expected_buffer", from.rows("expected_kv_buffer"));
  return {call};
}

struct translator {
  std::string_view group;
  std::vector<recorded_case> (*calls)(upstream_source&);
};
constexpr translator translators[] = {{"per_token_group_quant_fp8", fp8_group_calls},
                                      {"per_token_group_quant_int8", int8_group_calls},
                                      {"per_token_quant_int8", int8_token_calls},
                                      {"per_token_quant_fp8", fp8_token_calls},
                                      {"act_quant", act_quant_calls},
                                      {"deep_gemm_cast", deep_gemm_calls},
                                      {"cast_to_e4m3fn", cast_calls},
                                      {"cast_from_8_bit", decoding_calls},
                                      {"weight_dequant", weight_calls},
                                      {"block_scaled_gemm", product_calls},
                                      {"set_mla_kv_buffer", scatter_calls}};

}  // namespace

std::vector<recorded_case> upstream_matrix_calls(upstream_source& from) {
  for (const translator& one : translators)
    if (one.group == from.group()) return one.calls(from);
  return {};
}

}  // namespace plumbline::quantize
