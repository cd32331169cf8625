// Bad arguments of the updates and of varlen_states are refused before a launch, by name.
#include "properties/conv1d/inputs.hpp"
#include "properties/conv1d/laws.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using conv1d::update_problem;
using conv1d::update_speculative_problem;
using conv1d::varlen_states_problem;

namespace {

using update_call = refused_call<update_problem>;
using draft_call = refused_call<update_speculative_problem>;
using states_call = refused_call<varlen_states_problem>;

update_call good_update() {
  update_problem p;
  p.dim = 5;
  p.batch = 2;
  p.seqlen = 2;
  p.slots = 4;
  p.conv_state_indices = {3, -1};
  p.cache_seqlens = {7, 0};
  return {p, generate::draw_inputs(p, "normal", 1)};
}
draft_call good_draft() {
  update_speculative_problem p;
  p.dim = 5;
  p.batch = 2;
  p.seqlen = 3;
  p.slots = 4;
  p.state_len = 5;
  p.conv_state_indices = {3, 1};
  p.num_accepted_tokens = {3, 1};
  p.query_lens = {2, 0};
  return {p, generate::draw_inputs(p, "normal", 1)};
}
draft_call good_tree() {
  update_speculative_problem p;
  p.dim = 5;
  p.seqlen = 4;
  p.lines = 2;
  p.intermediate_state_indices = {1};
  p.tree = true;
  return {p, generate::draw_inputs(p, "normal", 1)};
}
states_call good_states() {
  varlen_states_problem p;
  p.dim = 5;
  p.lens = {2, 0};
  return {p, generate::draw_inputs(p, "normal", 1)};
}

constexpr refusal<update_problem> update_rows[] = {
    {"dtype", [](update_call& c) { c.problem.type = dtype::i32; }},
    {"width", [](update_call& c) { c.problem.width = 5; }},
    {"batch", [](update_call& c) { c.problem.batch = -1; }},
    {"seqlen", [](update_call& c) { c.problem.seqlen = 0; }},
    {"state_len", [](update_call& c) { c.problem.state_len = 2; }},
    {"slots", [](update_call& c) { c.problem.slots = 0; }},
    {"conv_state_indices",
     [](update_call& c) {
       c.problem.conv_state_indices = {3, 3};
     }},
    {"conv_state_indices",
     [](update_call& c) {
       c.problem.conv_state_indices = {4, -1};
     }},
    {"conv_state_indices", [](update_call& c) { c.problem.conv_state_indices = {3}; }},
    {"cache_seqlens",
     [](update_call& c) {
       c.problem.cache_seqlens = {7, -1};
     }},
    {"cache_seqlens", [](update_call& c) { c.problem.cache_seqlens = {7}; }},
    {"x", [](update_call& c) { c.inputs.erase("x"); }},
    {"x",
     [](update_call& c) {
       c.inputs.set("x", tensor(dtype::bf16, {2, 5, 3}));
     }},
    {"weight",
     [](update_call& c) {
       c.inputs.set("weight", tensor(dtype::f32, {5, 4}));
     }},
    {"bias", [](update_call& c) { c.inputs.erase("bias"); }},
    {"conv_state",
     [](update_call& c) {
       c.inputs.set("conv_state", tensor(dtype::f32, {4, 5, 3}));
     }},
    {"conv_state",
     [](update_call& c) {
       c.inputs.set("conv_state", tensor(dtype::bf16, {3, 5, 3}));
     }},
    {"conv_state_indices",
     [](update_call& c) { c.inputs.set("conv_state_indices", tensor(dtype::u8, {2})); }},
    {"cache_seqlens", [](update_call& c) { c.inputs.erase("cache_seqlens"); }},
    {"cache_seqlens", [](update_call& c) { c.problem.cache_seqlens.clear(); }}};

constexpr refusal<update_speculative_problem> draft_rows[] = {
    {"width", [](draft_call& c) { c.problem.width = 5; }},
    {"state_len", [](draft_call& c) { c.problem.state_len = 4; }},
    {"conv_state_indices",
     [](draft_call& c) {
       c.problem.conv_state_indices = {1, 1};
     }},
    {"num_accepted_tokens",
     [](draft_call& c) {
       c.problem.num_accepted_tokens = {0, 1};
     }},
    {"num_accepted_tokens",
     [](draft_call& c) {
       c.problem.num_accepted_tokens = {4, 1};
     }},
    {"num_accepted_tokens",
     [](draft_call& c) { c.inputs.at("num_accepted_tokens").as<std::int32_t>()[0] = 0; }},
    {"query_start_loc",
     [](draft_call& c) {
       c.problem.query_lens = {4, 0};
     }},
    {"query_start_loc", [](draft_call& c) { c.problem.num_accepted_tokens.clear(); }},
    {"query_start_loc", [](draft_call& c) { c.inputs.at("query_start_loc").as<std::int32_t>()[1] = 1; }},
    {"layout", [](draft_call& c) { c.problem.layout = conv1d::run_layout::token_last; }},
    {"intermediate_conv_window",
     [](draft_call& c) {
       c.problem.lines = 2;
       c.problem.intermediate_state_indices = {0, 1};
     }},
    {"retrieve_next_token", [](draft_call& c) { c.problem.tree = true; }},
    {"conv_state", [](draft_call& c) { c.inputs.erase("conv_state"); }}};

constexpr refusal<update_speculative_problem> tree_rows[] = {
    {"intermediate_state_indices", [](draft_call& c) { c.problem.intermediate_state_indices = {2}; }},
    {"intermediate_state_indices", [](draft_call& c) { c.problem.lines = 0; }},
    {"intermediate_conv_window", [](draft_call& c) { c.inputs.erase("intermediate_conv_window"); }},
    {"intermediate_conv_window",
     [](draft_call& c) {
       c.inputs.set("intermediate_conv_window", tensor(dtype::bf16, {2, 4, 5, 4}));
     }},
    {"retrieve_next_token",
     [](draft_call& c) { c.inputs.at("retrieve_next_token").as<std::int32_t>()[1] = 1; }},
    {"retrieve_next_token",
     [](draft_call& c) { c.inputs.at("retrieve_next_token").as<std::int32_t>()[0] = -1; }},
    {"retrieve_next_token", [](draft_call& c) { c.inputs.erase("retrieve_next_token"); }},
    {"retrieve_next_sibling",
     [](draft_call& c) { c.inputs.at("retrieve_next_sibling").as<std::int32_t>()[3] = 7; }}};

constexpr refusal<varlen_states_problem> states_rows[] = {
    {"dtype", [](states_call& c) { c.problem.type = dtype::i32; }},
    {"dim", [](states_call& c) { c.problem.dim = 0; }},
    {"state_len", [](states_call& c) { c.problem.state_len = 0; }},
    {"lens",
     [](states_call& c) {
       c.problem.lens = {3, -1};
     }},
    {"x",
     [](states_call& c) {
       c.problem.lens = {3, 0};
     }},
    {"x", [](states_call& c) { c.inputs.erase("x"); }},
    {"cu_seqlens", [](states_call& c) { c.inputs.at("cu_seqlens").as<std::int32_t>()[1] = 1; }},
    {"cu_seqlens", [](states_call& c) { c.inputs.erase("cu_seqlens"); }}};

}  // namespace

std::string broken_update_refusals(const update_subject&) {
  return first_accepted<update_problem>(good_update(), update_rows);
}
std::string broken_update_speculative_refusals(const update_speculative_subject&) {
  std::string why = first_accepted<update_speculative_problem>(good_draft(), draft_rows);
  return why.empty() ? first_accepted<update_speculative_problem>(good_tree(), tree_rows) : why;
}
std::string broken_varlen_states_refusals(const varlen_states_subject&) {
  return first_accepted<varlen_states_problem>(good_states(), states_rows);
}

}  // namespace plumbline::laws
