// Bad arguments of block_gemm are refused before a launch, by name.
#include "properties/laws/refusal.hpp"
#include "properties/quantize/block_gemm_laws.hpp"
#include "properties/quantize/block_gemm_shapes.hpp"

namespace plumbline::laws {

using quantize::block_gemm_problem;

namespace {

using call = refused_call<block_gemm_problem>;

call good_call() {
  block_gemm_problem p;
  p.m = 3, p.n = 6, p.k = 20, p.block_n = 4, p.block_k = 8;
  return {p, generate::draw_inputs(p, "ordinary", 1)};
}

constexpr refusal<block_gemm_problem> rows[] = {
    {"code", [](call& c) { c.problem.code = dtype::bf16; }},
    {"out_type", [](call& c) { c.problem.out_type = dtype::e4m3; }},
    {"m", [](call& c) { c.problem.m = -1; }},
    {"n", [](call& c) { c.problem.n = -1; }},
    {"k", [](call& c) { c.problem.k = -1; }},
    {"block_n", [](call& c) { c.problem.block_n = 0; }},
    {"block_k", [](call& c) { c.problem.block_k = 0; }},
    {"a", [](call& c) { c.inputs.erase("a"); }},
    {"a", [](call& c) { c.problem.m = 4; }},
    {"a",
     [](call& c) {
       c.inputs.set("a", tensor(dtype::i8, {3, 20}));
     }},
    {"a",
     [](call& c) {
       c.inputs.set("a", tensor(dtype::e4m3, {3, 20}, {24, 1}));
     }},
    {"b", [](call& c) { c.problem.n = 7; }},
    {"b", [](call& c) { c.inputs.erase("b"); }},
    {"a_scale", [](call& c) { c.problem.block_k = 4; }},
    {"a_scale", [](call& c) { c.inputs.erase("a_scale"); }},
    {"b_scale", [](call& c) { c.problem.block_n = 2; }},
    {"b_scale", [](call& c) {
       c.inputs.set("b_scale", tensor(dtype::bf16, {2, 3}));
     }}};

}  // namespace

std::string broken_block_gemm_refusals(const block_gemm_subject&) {
  return first_accepted<block_gemm_problem>(good_call(), rows);
}

}  // namespace plumbline::laws
