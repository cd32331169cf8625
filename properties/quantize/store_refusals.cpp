// Bad arguments of store are refused before a launch, by name.
#include "properties/laws/refusal.hpp"
#include "properties/quantize/cache_inputs.hpp"
#include "properties/quantize/store_laws.hpp"

namespace plumbline::laws {

using quantize::cache_layout;
using quantize::store_problem;

namespace {

using call = refused_call<store_problem>;

call good() {
  store_problem p;
  p.tokens = 3;
  p.page_size = 4;
  p.num_pages = 2;
  p.has_slots = true;
  return {p, generate::draw_inputs(p, "ordinary", 1)};
}

constexpr refusal<store_problem> rows[] = {
    {"tile", [](call& c) { c.problem.tile = 60; }},
    {"tile", [](call& c) { c.problem.tile = 0; }},
    {"hk", [](call& c) { c.problem.hk = 2; }},
    {"d", [](call& c) { c.problem.d = 511; }},
    {"dv", [](call& c) { c.problem.dv = 0; }},
    {"dtype", [](call& c) { c.problem.type = dtype::e4m3; }},
    {"scale_type", [](call& c) { c.problem.scale_type = dtype::e8m0; }},
    {"policy", [](call& c) { c.problem.rule = *quantize::policy_named("group_int8"); }},
    {"page_size", [](call& c) { c.problem.page_size = 0; }},
    {"page_size", [](call& c) { c.problem.layout = cache_layout::split; }},
    {"tokens", [](call& c) { c.problem.tokens = -1; }},
    {"k", [](call& c) { c.problem.tokens = 4; }},
    {"k", [](call& c) { c.inputs.erase("k"); }},
    {"k",
     [](call& c) {
       c.inputs.set("k", tensor(dtype::f16, {3, 576}));
     }},
    {"k",
     [](call& c) {
       c.inputs.set("k", tensor(dtype::bf16, {3, 576}, {1, 3}));
     }},
    {"k_nope", [](call& c) { c.problem.separate = true; }},
    {"k_rope",
     [](call& c) {
       c.inputs.set("k_rope", tensor(dtype::bf16, {3, 64}));
     }},
    {"cache", [](call& c) { c.inputs.erase("cache"); }},
    {"cache", [](call& c) { c.problem.num_pages = 3; }},
    {"cache", [](call& c) { c.problem.page_gap = 16; }},
    {"slots", [](call& c) { c.inputs.erase("slots"); }},
    {"slots", [](call& c) { c.inputs.at("slots").as<std::int32_t>()[1] = 8; }},
    {"slots", [](call& c) { c.inputs.at("slots").as<std::int32_t>()[1] = -2; }},
    {"slots",
     [](call& c) {
       std::int32_t* slots = c.inputs.at("slots").as<std::int32_t>();
       slots[0] = slots[1] = 5;
     }},
    {"slots", [](call& c) { c.problem.has_slots = false; }}};

}  // namespace

std::string broken_store_refusals(const store_subject&) {
  return first_accepted<store_problem>(good(), rows);
}

}  // namespace plumbline::laws
