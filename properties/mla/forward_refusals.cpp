// Bad arguments of forward are refused before a launch, by name.
#include "properties/laws/refusal.hpp"
#include "properties/mla/forward_inputs.hpp"
#include "properties/mla/forward_laws.hpp"

namespace plumbline::laws {

using mla::forward_problem;

namespace {

using call = refused_call<forward_problem>;

call good() {
  forward_problem p;
  p.weight_type = dtype::e4m3;
  p.sq = 2, p.dim = 8, p.n_heads = 2, p.q_lora_rank = 8, p.kv_lora_rank = 16;
  p.qk_nope_head_dim = 8, p.qk_rope_head_dim = 4, p.v_head_dim = 8;
  p.start_pos = 1, p.max_seq_len = p.rotary_rows = 4;
  return {p, generate::draw_inputs(p, "normal", 2)};
}

constexpr refusal<forward_problem> rows[] = {
    {"dtype", [](call& c) { c.problem.type = dtype::f32; }},
    {"weight_type", [](call& c) { c.problem.weight_type = dtype::f16; }},
    {"cache_type", [](call& c) { c.problem.cache_type = dtype::f16; }},
    {"b", [](call& c) { c.problem.b = -1; }},
    {"sq", [](call& c) { c.problem.sq = -1; }},
    {"dim", [](call& c) { c.problem.dim = 0; }},
    {"n_heads", [](call& c) { c.problem.n_heads = 0; }},
    {"q_lora_rank", [](call& c) { c.problem.q_lora_rank = -1; }},
    {"kv_lora_rank", [](call& c) { c.problem.kv_lora_rank = 0; }},
    {"qk_nope_head_dim", [](call& c) { c.problem.qk_nope_head_dim = 0; }},
    {"qk_rope_head_dim", [](call& c) { c.problem.qk_rope_head_dim = 3; }},
    {"v_head_dim", [](call& c) { c.problem.v_head_dim = 0; }},
    {"max_batch_size", [](call& c) { c.problem.max_batch_size = 0; }},
    {"max_seq_len", [](call& c) { c.problem.max_seq_len = 2; }},
    {"rotary_rows", [](call& c) { c.problem.rotary_rows = 2; }},
    {"start_pos", [](call& c) { c.problem.start_pos = -1; }},
    {"softmax_scale", [](call& c) { c.problem.softmax_scale = -1; }},
    {"eps", [](call& c) { c.problem.eps = -1; }},
    {"x", [](call& c) { c.inputs.erase("x"); }},
    {"wq_a", [](call& c) { c.inputs.erase("wq_a"); }},
    {"wq", [](call& c) { c.problem.q_lora_rank = 0; }},
    {"wkv_b",
     [](call& c) {
       c.inputs.set("wkv_b", tensor(dtype::bf16, {32, 16}));
     }},
    {"wkv_b_scale", [](call& c) { c.inputs.erase("wkv_b_scale"); }},
    {"kv_norm", [](call& c) { c.inputs.erase("kv_norm"); }},
    {"cos",
     [](call& c) {
       c.inputs.set("cos", tensor(dtype::f32, {4, 3}));
     }},
    {"k_cache", [](call& c) { c.problem.form = mla::attention_form::naive; }},
    {"pe_cache", [](call& c) { c.inputs.erase("pe_cache"); }}};

}  // namespace

std::string broken_forward_refusals(const forward_subject&) {
  return first_accepted<forward_problem>(good(), rows);
}

}  // namespace plumbline::laws
