// Bad arguments of groups, weight_dequant and scatter are refused before a launch, by name.
#include "properties/laws/refusal.hpp"
#include "properties/quantize/groups_laws.hpp"
#include "properties/quantize/matrix_inputs.hpp"

namespace plumbline::laws {

using quantize::groups_problem;
using quantize::scale_layout;
using quantize::scatter_problem;
using quantize::weight_dequant_problem;

namespace {

using groups_call = refused_call<groups_problem>;
using weight_call = refused_call<weight_dequant_problem>;
using scatter_call = refused_call<scatter_problem>;

groups_call good_groups() {
  groups_problem p;
  p.rows = 3;
  p.k = 256;
  return {p, generate::draw_inputs(p, "ordinary", 1)};
}
weight_call good_weight() {
  weight_dequant_problem p;
  p.m = 5, p.n = 9, p.block = 4;
  return {p, generate::draw_inputs(p, "ordinary", 1)};
}
scatter_call good_scatter() {
  scatter_problem p;
  p.tokens = 3, p.rows = 5, p.nope_width = 8, p.rope_width = 4;
  return {p, generate::draw_inputs(p, "any_pattern", 1)};
}

constexpr refusal<groups_problem> groups_rows[] = {
    {"dtype", [](groups_call& c) { c.problem.type = dtype::e4m3; }},
    {"k", [](groups_call& c) { c.problem.k = 200; }},
    {"k", [](groups_call& c) { c.problem.k = 0; }},
    {"group", [](groups_call& c) { c.problem.group = 0; }},
    {"group_rows", [](groups_call& c) { c.problem.group_rows = 0; }},
    {"rows", [](groups_call& c) { c.problem.group_rows = 2; }},
    {"rows", [](groups_call& c) { c.problem.rows = -1; }},
    {"scale_ub", [](groups_call& c) { c.problem.scale_ub = -1; }},
    {"layout", [](groups_call& c) { c.problem.layout = scale_layout::packed; }},
    {"static_scale", [](groups_call& c) { c.problem.has_static = true; }},
    {"static_scale", [](groups_call& c) { c.inputs.set("static_scale", tensor(dtype::f32, {1})); }},
    {"x", [](groups_call& c) { c.inputs.erase("x"); }},
    {"x", [](groups_call& c) { c.problem.rows = 4; }},
    {"x",
     [](groups_call& c) {
       c.inputs.set("x", tensor(dtype::f16, {3, 256}));
     }},
    {"x", [](groups_call& c) {
       c.inputs.set("x", tensor(dtype::bf16, {3, 256}, {1, 3}));
     }}};

constexpr refusal<weight_dequant_problem> weight_rows[] = {
    {"code", [](weight_call& c) { c.problem.code = dtype::bf16; }},
    {"block", [](weight_call& c) { c.problem.block = 0; }},
    {"out_type", [](weight_call& c) { c.problem.out_type = dtype::e4m3; }},
    {"m", [](weight_call& c) { c.problem.m = -1; }},
    {"weight", [](weight_call& c) { c.inputs.erase("weight"); }},
    {"weight", [](weight_call& c) { c.problem.m = 6; }},
    {"weight",
     [](weight_call& c) {
       c.inputs.set("weight", tensor(dtype::e4m3, {5, 9}, {1, 5}));
     }},
    {"scale", [](weight_call& c) { c.problem.block = 8; }},
    {"scale", [](weight_call& c) { c.inputs.erase("scale"); }},
    {"scale", [](weight_call& c) {
       c.inputs.set("scale", tensor(dtype::bf16, {2, 3}));
     }}};

constexpr refusal<scatter_problem> scatter_rows[] = {
    {"dtype", [](scatter_call& c) { c.problem.type = dtype::i8; }},
    {"stored", [](scatter_call& c) { c.problem.stored = dtype::e4m3; }},
    {"world", [](scatter_call& c) { c.problem.world = 0; }},
    {"rank", [](scatter_call& c) { c.problem.rank = 1; }},
    {"nope_width", [](scatter_call& c) { c.problem.nope_width = 0; }},
    {"nope", [](scatter_call& c) { c.inputs.erase("nope"); }},
    {"rope", [](scatter_call& c) { c.problem.rope_width = 5; }},
    {"buffer", [](scatter_call& c) { c.inputs.erase("buffer"); }},
    {"buffer", [](scatter_call& c) { c.problem.rows = 6; }},
    {"loc", [](scatter_call& c) { c.inputs.erase("loc"); }},
    {"loc", [](scatter_call& c) { c.inputs.at("loc").as<std::int32_t>()[0] = -1; }},
    {"loc", [](scatter_call& c) { c.inputs.at("loc").as<std::int32_t>()[0] = 5; }},
    {"loc", [](scatter_call& c) {
       std::int32_t* loc = c.inputs.at("loc").as<std::int32_t>();
       loc[0] = loc[1];
     }}};

}  // namespace

std::string broken_groups_refusals(const groups_subject&) {
  return first_accepted<groups_problem>(good_groups(), groups_rows);
}
std::string broken_weight_refusals(const weight_subject&) {
  return first_accepted<weight_dequant_problem>(good_weight(), weight_rows);
}
std::string broken_scatter_refusals(const scatter_subject&) {
  return first_accepted<scatter_problem>(good_scatter(), scatter_rows);
}

}  // namespace plumbline::laws
