// Bad arguments of prefill are refused before a launch, by name.
#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using conv1d::prefill_problem;

namespace {

using call = refused_call<prefill_problem>;

call good() {
  prefill_problem p;
  p.dim = 5;
  p.lens = {3, 0, 2};
  p.slots = 4;
  p.cache_indices = {2, -1, 0};
  p.initial = {1, 0, 0};
  return {p, generate::draw_inputs(p, "normal", 1)};
}

constexpr refusal<prefill_problem> rows[] = {
    {"dtype", [](call& c) { c.problem.type = dtype::e4m3; }},
    {"dim", [](call& c) { c.problem.dim = 0; }},
    {"width", [](call& c) { c.problem.width = 5; }},
    {"width", [](call& c) { c.problem.width = 1; }},
    {"gap", [](call& c) { c.problem.gap = -1; }},
    {"lens", [](call& c) { c.problem.lens[1] = -1; }},
    {"slots", [](call& c) { c.problem.slots = -1; }},
    {"slots",
     [](call& c) {
       c.problem.cache_indices.clear();
       c.problem.slots = 2;
     }},
    {"state_len", [](call& c) { c.problem.state_len = 2; }},
    {"cache_indices",
     [](call& c) {
       c.problem.cache_indices = {2, 2, 0};
     }},
    {"cache_indices",
     [](call& c) {
       c.problem.cache_indices = {2, 4, 0};
     }},
    {"cache_indices",
     [](call& c) {
       c.problem.cache_indices = {2, -2, 0};
     }},
    {"cache_indices",
     [](call& c) {
       c.problem.cache_indices = {2, 1};
     }},
    {"cache_indices", [](call& c) { c.problem.slots = 0; }},
    {"has_initial_state",
     [](call& c) {
       c.problem.slots = 0;
       c.problem.cache_indices.clear();
     }},
    {"has_initial_state",
     [](call& c) {
       c.problem.initial = {1, 0};
     }},
    {"has_initial_state",
     [](call& c) {
       c.problem.initial = {1, 2, 0};
     }},
    {"seq_lens_cpu",
     [](call& c) {
       c.problem.seq_lens_cpu = {2, 0, 2};
     }},
    {"seq_lens_cpu",
     [](call& c) {
       c.problem.seq_lens_cpu = {3, 0};
     }},
    {"x", [](call& c) { c.inputs.erase("x"); }},
    {"x",
     [](call& c) {
       c.inputs.set("x", tensor(dtype::f16, {5, 5}));
     }},
    {"x",
     [](call& c) {
       c.inputs.set("x", tensor(dtype::bf16, {5, 6}));
     }},
    {"weight",
     [](call& c) {
       c.inputs.set("weight", tensor(dtype::f32, {5, 4}));
     }},
    {"weight",
     [](call& c) {
       c.inputs.set("weight", tensor(dtype::bf16, {5, 3}));
     }},
    {"weight",
     [](call& c) {
       c.inputs.set("weight", tensor(dtype::bf16, {5, 4}, {1, 5}));
     }},
    {"bias", [](call& c) { c.inputs.erase("bias"); }},
    {"bias", [](call& c) { c.inputs.set("bias", tensor(dtype::bf16, {4})); }},
    {"bias", [](call& c) { c.problem.has_bias = false; }},
    {"query_start_loc", [](call& c) { c.inputs.at("query_start_loc").as<std::int32_t>()[0] = 1; }},
    {"query_start_loc", [](call& c) { c.inputs.at("query_start_loc").as<std::int32_t>()[1] = 4; }},
    {"query_start_loc", [](call& c) { c.inputs.set("query_start_loc", tensor(dtype::i32, {3})); }},
    {"conv_states", [](call& c) { c.inputs.erase("conv_states"); }},
    {"conv_states",
     [](call& c) {
       c.inputs.set("conv_states", tensor(dtype::f32, {4, 5, 3}));
     }},
    {"conv_states",
     [](call& c) {
       c.inputs.set("conv_states", tensor(dtype::bf16, {4, 5, 2}));
     }},
    {"cache_indices", [](call& c) { c.inputs.erase("cache_indices"); }},
    {"cache_indices", [](call& c) { c.inputs.at("cache_indices").as<std::int32_t>()[0] = 1; }},
    {"has_initial_state", [](call& c) { c.inputs.set("has_initial_state", tensor(dtype::i32, {3})); }}};

}  // namespace

std::string broken_prefill_refusals(const prefill_subject&) {
  return first_accepted<prefill_problem>(good(), rows);
}

}  // namespace plumbline::laws
