// Bad arguments of schedule and combine are refused before a launch, by name.
#include <cmath>

#include "properties/laws/refusal.hpp"
#include "properties/mla/split_inputs.hpp"
#include "properties/mla/split_laws.hpp"

namespace plumbline::laws {

using mla::combine_problem;
using mla::schedule_problem;

namespace {

using schedule_call = refused_call<schedule_problem>;
using combine_call = refused_call<combine_problem>;

schedule_call good_schedule() {
  schedule_problem p;
  p.b = 3, p.num_sm_parts = 4, p.cache_seqlens = {1000, 0, 3000};
  return {p, generate::draw_inputs(p, "ragged", 1)};
}
combine_call good_combine() {
  combine_problem p;
  p.b = 2, p.sq = 2, p.hq = 3, p.dv = 8, p.splits = {2, 3}, p.has_sink = true;
  return {p, generate::draw_inputs(p, "normal", 1)};
}

constexpr refusal<schedule_problem> schedule_rows[] = {
    {"b", [](schedule_call& c) { c.problem.b = -1; }},
    {"num_sm_parts", [](schedule_call& c) { c.problem.num_sm_parts = 0; }},
    {"block_size", [](schedule_call& c) { c.problem.block_size = 0; }},
    {"fixed_overhead", [](schedule_call& c) { c.problem.fixed_overhead = -1; }},
    {"topk", [](schedule_call& c) { c.problem.topk = -2; }},
    {"cache_seqlens", [](schedule_call& c) { c.problem.cache_seqlens.pop_back(); }},
    {"cache_seqlens", [](schedule_call& c) { c.problem.cache_seqlens[1] = -1; }},
    {"cache_seqlens", [](schedule_call& c) { c.inputs.erase("cache_seqlens"); }},
    {"cache_seqlens", [](schedule_call& c) { c.inputs.at("cache_seqlens").as<std::int32_t>()[2] = 2999; }},
    {"topk_length",
     [](schedule_call& c) {
       c.problem.topk_length = {1, 1, 1};
     }},
    {"extra_topk", [](schedule_call& c) { c.problem.extra_topk = 1; }}};

constexpr refusal<combine_problem> combine_rows[] = {
    {"b", [](combine_call& c) { c.problem.b = -1; }},
    {"dv", [](combine_call& c) { c.problem.dv = 0; }},
    {"splits", [](combine_call& c) { c.problem.splits = {2}; }},
    {"splits",
     [](combine_call& c) {
       c.problem.splits = {5, 0};
     }},
    {"out_type", [](combine_call& c) { c.problem.out_type = dtype::e4m3; }},
    {"empty_percent", [](combine_call& c) { c.problem.empty_percent = 101; }},
    {"out_partial", [](combine_call& c) { c.inputs.erase("out_partial"); }},
    {"out_partial",
     [](combine_call& c) {
       c.problem.splits = {2, 4};
     }},
    {"out_partial",
     [](combine_call& c) {
       c.inputs.set("out_partial", tensor(dtype::bf16, {5, 2, 3, 8}));
     }},
    {"lse_partial", [](combine_call& c) { c.inputs.erase("lse_partial"); }},
    {"lse_partial", [](combine_call& c) { c.inputs.at("lse_partial").set_value(3, NAN); }},
    {"lse_partial", [](combine_call& c) { c.inputs.at("lse_partial").set_value(3, INFINITY); }},
    {"num_splits", [](combine_call& c) { c.inputs.erase("num_splits"); }},
    {"num_splits", [](combine_call& c) { c.inputs.at("num_splits").as<std::int32_t>()[1] = 3; }},
    {"attn_sink", [](combine_call& c) { c.inputs.erase("attn_sink"); }},
    {"attn_sink", [](combine_call& c) { c.problem.has_sink = false; }}};

}  // namespace

std::string broken_schedule_refusals(const schedule_subject&) {
  return first_accepted<schedule_problem>(good_schedule(), schedule_rows);
}
std::string broken_combine_refusals(const mla_combine_subject&) {
  return first_accepted<combine_problem>(good_combine(), combine_rows);
}

}  // namespace plumbline::laws
