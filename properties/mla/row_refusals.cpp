// Bad arguments of rms_norm, rotary and write_cache are refused before a launch, by name.
#include <cmath>

#include "properties/laws/refusal.hpp"
#include "properties/mla/row_inputs.hpp"
#include "properties/mla/row_laws.hpp"

namespace plumbline::laws {

using mla::rms_norm_problem;
using mla::rotary_problem;
using mla::write_cache_problem;

namespace {

using norm_call = refused_call<rms_norm_problem>;
using rotary_call = refused_call<rotary_problem>;
using write_call = refused_call<write_cache_problem>;

norm_call good_norm() {
  rms_norm_problem p;
  p.tokens = 3, p.dim = 24;
  return {p, generate::draw_inputs(p, "normal", 1)};
}
rotary_call good_rotary() {
  rotary_problem p;
  p.sq = 3, p.heads = 2, p.d = 8, p.rotary_rows = 4, p.start_pos = 1;
  return {p, generate::draw_inputs(p, "normal", 1)};
}
write_call good_write() {
  write_cache_problem p;
  p.tokens = 3, p.kv_lora_rank = 8, p.qk_rope_head_dim = 4, p.page_size = 2, p.num_pages = 3;
  return {p, generate::draw_inputs(p, "normal", 1)};
}

constexpr refusal<rms_norm_problem> norm_rows[] = {
    {"dtype", [](norm_call& c) { c.problem.type = dtype::f32; }},
    {"weight_type", [](norm_call& c) { c.problem.weight_type = dtype::e4m3; }},
    {"tokens", [](norm_call& c) { c.problem.tokens = -1; }},
    {"dim", [](norm_call& c) { c.problem.dim = 0; }},
    {"eps", [](norm_call& c) { c.problem.eps = -1e-6; }},
    {"eps", [](norm_call& c) { c.problem.eps = NAN; }},
    {"gap", [](norm_call& c) { c.problem.gap = -1; }},
    {"x", [](norm_call& c) { c.inputs.erase("x"); }},
    {"x", [](norm_call& c) { c.problem.tokens = 4; }},
    {"x",
     [](norm_call& c) {
       c.inputs.set("x", tensor(dtype::f16, {3, 24}));
     }},
    {"x",
     [](norm_call& c) {
       c.inputs.set("x", tensor(dtype::bf16, {3, 24}, {1, 3}));
     }},
    {"weight", [](norm_call& c) { c.inputs.erase("weight"); }},
    {"weight", [](norm_call& c) { c.inputs.set("weight", tensor(dtype::bf16, {25})); }},
    {"weight", [](norm_call& c) { c.problem.weight_type = dtype::f32; }}};

constexpr refusal<rotary_problem> rotary_rows[] = {
    {"dtype", [](rotary_call& c) { c.problem.type = dtype::e4m3; }},
    {"b", [](rotary_call& c) { c.problem.b = -1; }},
    {"heads", [](rotary_call& c) { c.problem.heads = 0; }},
    {"d", [](rotary_call& c) { c.problem.d = 7; }},
    {"start_pos", [](rotary_call& c) { c.problem.start_pos = -1; }},
    {"rotary_rows", [](rotary_call& c) { c.problem.start_pos = 2; }},
    {"x", [](rotary_call& c) { c.inputs.erase("x"); }},
    {"x", [](rotary_call& c) { c.problem.heads = 3; }},
    {"cos", [](rotary_call& c) { c.inputs.erase("cos"); }},
    {"cos", [](rotary_call& c) { c.problem.rotary_rows = 5; }},
    {"sin", [](rotary_call& c) { c.inputs.erase("sin"); }},
    {"sin", [](rotary_call& c) {
       c.inputs.set("sin", tensor(dtype::bf16, {4, 4}));
     }}};

constexpr refusal<write_cache_problem> write_rows[] = {
    {"dtype", [](write_call& c) { c.problem.type = dtype::f32; }},
    {"kv_lora_rank", [](write_call& c) { c.problem.kv_lora_rank = 0; }},
    {"page_size", [](write_call& c) { c.problem.page_size = 0; }},
    {"skip_percent", [](write_call& c) { c.problem.skip_percent = 101; }},
    {"kv_c", [](write_call& c) { c.inputs.erase("kv_c"); }},
    {"kv_c", [](write_call& c) { c.problem.kv_lora_rank = 9; }},
    {"k_pe", [](write_call& c) { c.problem.qk_rope_head_dim = 5; }},
    {"slot_mapping", [](write_call& c) { c.inputs.erase("slot_mapping"); }},
    {"slot_mapping", [](write_call& c) { c.inputs.at("slot_mapping").as<std::int32_t>()[0] = 6; }},
    {"slot_mapping", [](write_call& c) { c.inputs.at("slot_mapping").as<std::int32_t>()[0] = -2; }},
    {"slot_mapping",
     [](write_call& c) {
       std::int32_t* slots = c.inputs.at("slot_mapping").as<std::int32_t>();
       slots[0] = slots[1];
     }},
    {"k_cache", [](write_call& c) { c.inputs.erase("k_cache"); }},
    {"k_cache", [](write_call& c) { c.problem.num_pages = 4; }}};

}  // namespace

std::string broken_norm_refusals(const rms_norm_subject&) {
  return first_accepted<rms_norm_problem>(good_norm(), norm_rows);
}
std::string broken_rotary_refusals(const rotary_subject&) {
  return first_accepted<rotary_problem>(good_rotary(), rotary_rows);
}
std::string broken_write_refusals(const write_cache_subject&) {
  return first_accepted<write_cache_problem>(good_write(), write_rows);
}

}  // namespace plumbline::laws
