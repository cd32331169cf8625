// Bad arguments of project are refused before a launch, by name.
#include "properties/laws/refusal.hpp"
#include "properties/mla/product_inputs.hpp"
#include "properties/mla/product_laws.hpp"

namespace plumbline::laws {

using mla::project_problem;
using mla::projection;

namespace {

using call = refused_call<project_problem>;

call good() {
  project_problem p;
  p.kind = projection::absorb_query;
  p.weight_type = dtype::e4m3;
  p.tokens = 2, p.heads = 3, p.qk_nope_head_dim = 8, p.v_head_dim = 4, p.kv_lora_rank = 24;
  return {p, generate::draw_inputs(p, "normal", 2)};
}

constexpr refusal<project_problem> rows[] = {
    {"dtype", [](call& c) { c.problem.type = dtype::f32; }},
    {"weight_type", [](call& c) { c.problem.weight_type = dtype::f16; }},
    {"tokens", [](call& c) { c.problem.tokens = -1; }},
    {"heads", [](call& c) { c.problem.heads = 0; }},
    {"in_features", [](call& c) { c.problem.in_features = 8; }},
    {"in_features", [](call& c) { c.problem.kind = projection::linear; }},
    {"qk_nope_head_dim", [](call& c) { c.problem.qk_nope_head_dim = 0; }},
    {"kv_lora_rank", [](call& c) { c.problem.kv_lora_rank = 0; }},
    {"gap", [](call& c) { c.problem.gap = -1; }},
    {"x", [](call& c) { c.inputs.erase("x"); }},
    {"x", [](call& c) { c.problem.kind = projection::absorb_output; }},
    {"weight", [](call& c) { c.inputs.erase("weight"); }},
    {"weight", [](call& c) { c.problem.v_head_dim = 5; }},
    {"weight",
     [](call& c) {
       c.inputs.set("weight", tensor(dtype::e4m3, {36, 24}, {1, 36}));
     }},
    {"weight_scale", [](call& c) { c.inputs.erase("weight_scale"); }},
    {"weight_scale", [](call& c) {
       c.inputs.set("weight_scale", tensor(dtype::f32, {2, 1}));
     }}};

}  // namespace

std::string broken_project_refusals(const project_subject&) {
  return first_accepted<project_problem>(good(), rows);
}

}  // namespace plumbline::laws
