// Bad arguments of append are refused before a launch, by name.
#include "properties/flash_decode/append_inputs.hpp"
#include "properties/flash_decode/append_laws.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using flash_decode::append_problem;

namespace {

using call = refused_call<append_problem>;

call good() {
  append_problem p;
  p.b = 2;
  p.hq = 4;
  p.hk = 2;
  p.d = p.dv = 32;
  p.sn = 2;
  p.sq = 2;
  p.capacity = 12;
  p.batch_cache = 3;
  p.has_batch_idx = true;
  p.cache_seqlens = {7, 9};
  p.seqlens_new = {2, 1};
  p.rotary_dim = 16;
  p.seqlen_rotary = 14;
  p.rotary_seqlens = {3, 5};
  return {p, generate::draw_inputs(p, "normal", 2)};
}

constexpr refusal<append_problem> rows[] = {
    {"cache_seqlens",
     [](call& c) {
       c.problem.cache_seqlens = {11, 9};
     }},
    {"sn", [](call& c) { c.problem.sn = 1; }},
    {"sq", [](call& c) { c.problem.sq = 13; }},
    {"rotary_dim", [](call& c) { c.problem.rotary_dim = 24; }},
    {"rotary_dim", [](call& c) { c.problem.rotary_dim = 48; }},
    {"seqlen_rotary", [](call& c) { c.problem.seqlen_rotary = 5; }},
    {"rotary_seqlens", [](call& c) { c.problem.rotary_seqlens = {3}; }},
    {"rotary_seqlens", [](call& c) { c.inputs.erase("rotary_seqlens"); }},
    {"rotary_cos", [](call& c) { c.inputs.erase("rotary_cos"); }},
    {"rotary_sin", [](call& c) { c.inputs.erase("rotary_sin"); }},
    {"rotary_cos",
     [](call& c) {
       c.inputs.set("rotary_cos", tensor(dtype::f16, {14, 8}));
     }},
    {"rotary_sin",
     [](call& c) {
       c.inputs.set("rotary_sin", tensor(dtype::bf16, {14, 4}));
     }},
    {"k_new", [](call& c) { c.inputs.erase("k_new"); }},
    {"v_new", [](call& c) { c.inputs.erase("v_new"); }},
    {"k_new",
     [](call& c) {
       c.inputs.set("k_new", tensor(dtype::f16, {3, 2, 32}));
     }},
    {"v_new",
     [](call& c) {
       c.inputs.set("v_new", tensor(dtype::bf16, {3, 2, 16}));
     }},
    {"cu_seqlens_k_new", [](call& c) { c.inputs.at("cu_seqlens_k_new").as<std::int32_t>()[1] = 3; }},
    {"cache_batch_idx", [](call& c) { c.inputs.at("cache_batch_idx").as<std::int32_t>()[1] = -1; }},
    {"cache_batch_idx",
     [](call& c) {
       std::int32_t* rows_of = c.inputs.at("cache_batch_idx").as<std::int32_t>();
       rows_of[1] = rows_of[0];
     }},
};

}  // namespace

std::string broken_append_refusals(const append_subject&) {
  return first_accepted<append_problem>(good(), rows);
}

}  // namespace plumbline::laws
