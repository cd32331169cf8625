// Bad arguments of every function are refused before a launch, by name.
#include <cmath>

#include "properties/dflash/accept_inputs.hpp"
#include "properties/dflash/attention_inputs.hpp"
#include "properties/dflash/crop_shapes.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/dflash/project_inputs.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using dflash::accept_problem;
using dflash::attention_problem;
using dflash::crop_problem;
using dflash::project_problem;

namespace {

using project_call = refused_call<project_problem>;
constexpr refusal<project_problem> project_rows[] = {
    {"dtype", [](project_call& c) { c.problem.type = dtype::f32; }},
    {"b", [](project_call& c) { c.problem.b = -1; }},
    {"block_size", [](project_call& c) { c.problem.block_size = 0; }},
    {"context_len", [](project_call& c) { c.problem.context_len = -1; }},
    {"hidden_size", [](project_call& c) { c.problem.hidden_size = 0; }},
    {"hq", [](project_call& c) { c.problem.hq = 3; }},
    {"d", [](project_call& c) { c.problem.d = 7; }},
    {"eps", [](project_call& c) { c.problem.eps = -1; }},
    {"gap", [](project_call& c) { c.problem.gap = -1; }},
    {"hidden", [](project_call& c) { c.inputs.erase("hidden"); }},
    {"context",
     [](project_call& c) {
       c.inputs.set("context", tensor(dtype::bf16, {2, 2, 8}));
     }},
    {"wk",
     [](project_call& c) {
       c.inputs.set("wk", tensor(dtype::bf16, {24, 9}));
     }},
    {"bq", [](project_call& c) { c.inputs.erase("bq"); }},
    {"q_norm", [](project_call& c) { c.inputs.set("q_norm", tensor(dtype::bf16, {8})); }},
    {"cos",
     [](project_call& c) {
       c.inputs.set("cos", tensor(dtype::f32, {2, 1, 3}));
     }},
    {"sin", [](project_call& c) {
       c.inputs.set("sin", tensor(dtype::f32, {2, 3, 3}));
     }}};

using attention_call = refused_call<attention_problem>;
constexpr refusal<attention_problem> attention_rows[] = {
    {"dtype", [](attention_call& c) { c.problem.type = dtype::e4m3; }},
    {"block_size", [](attention_call& c) { c.problem.block_size = 0; }},
    {"hq", [](attention_call& c) { c.problem.hq = 5; }},
    {"d", [](attention_call& c) { c.problem.d = 0; }},
    {"context_lens", [](attention_call& c) { c.problem.context_lens = {1}; }},
    {"context_lens",
     [](attention_call& c) {
       c.problem.context_lens = {-1, 1};
     }},
    {"cache_seqlens",
     [](attention_call& c) {
       c.problem.cache_seqlens = {3, -1};
     }},
    {"capacity", [](attention_call& c) { c.problem.capacity = 6; }},
    {"cache_batch_idx",
     [](attention_call& c) {
       c.problem.cache_batch_idx = {1, 1};
     }},
    {"cache_batch_idx",
     [](attention_call& c) {
       c.problem.cache_batch_idx = {0, 3};
     }},
    {"batch_cache", [](attention_call& c) { c.problem.cache_batch_idx.clear(), c.problem.batch_cache = 1; }},
    {"mask_rows", [](attention_call& c) { c.problem.mask_rows = 3; }},
    {"mask_batch", [](attention_call& c) { c.problem.cache_seqlens[0] = 2; }},
    {"softmax_scale", [](attention_call& c) { c.problem.softmax_scale = -1; }},
    {"mask", [](attention_call& c) { c.inputs.at("mask").poison(0); }},
    {"mask", [](attention_call& c) { c.inputs.at("mask").set_value(1, 2); }},
    {"mask", [](attention_call& c) { c.inputs.erase("mask"); }},
    {"k_cache", [](attention_call& c) { c.inputs.erase("k_cache"); }},
    {"cache_seqlens", [](attention_call& c) { c.inputs.at("cache_seqlens").set_value(0, 9); }},
    {"cu_seqlens_k_new", [](attention_call& c) { c.inputs.at("cu_seqlens_k_new").set_value(1, 0); }},
    {"wo", [](attention_call& c) {
       c.inputs.set("wo", tensor(dtype::bf16, {5, 31}));
     }}};

using accept_call = refused_call<accept_problem>;
constexpr refusal<accept_problem> accept_rows[] = {
    {"dtype", [](accept_call& c) { c.problem.type = dtype::e4m3; }},
    {"block_size", [](accept_call& c) { c.problem.block_size = 0; }},
    {"vocab_size", [](accept_call& c) { c.problem.vocab_size = 0; }},
    {"temperature", [](accept_call& c) { c.problem.temperature = -1; }},
    {"agree_percent", [](accept_call& c) { c.problem.agree_percent = 101; }},
    {"block", [](accept_call& c) { c.inputs.erase("block"); }},
    {"uniforms", [](accept_call& c) { c.inputs.erase("uniforms"); }},
    {"uniforms", [](accept_call& c) { c.inputs.at("uniforms").set_value(1, 1); }},
    {"uniforms", [](accept_call& c) { c.inputs.at("uniforms").set_value(0, -0.5); }},
    {"logits", [](accept_call& c) { c.inputs.at("logits").set_value(3, INFINITY); }},
    {"logits", [](accept_call& c) { c.inputs.at("logits").set_value(3, NAN); }},
    {"logits",
     [](accept_call& c) {
       for (int t = 0; t < 5; ++t) c.inputs.at("logits").set_value(t, -INFINITY);
     }},
    {"logits", [](accept_call& c) {
       c.inputs.set("logits", tensor(dtype::bf16, {2, 3, 5}));
     }}};

using crop_call = refused_call<crop_problem>;
constexpr refusal<crop_problem> crop_rows[] = {
    {"dtype", [](crop_call& c) { c.problem.type = dtype::f32; }},
    {"layers", [](crop_call& c) { c.problem.layers = 0; }},
    {"capacity", [](crop_call& c) { c.problem.capacity = -1; }},
    {"hk", [](crop_call& c) { c.problem.hk = 0; }},
    {"cache_seqlens",
     [](crop_call& c) {
       c.problem.cache_seqlens = {5, 0};
     }},
    {"cache_seqlens", [](crop_call& c) { c.problem.cache_seqlens = {1}; }},
    {"keep",
     [](crop_call& c) {
       c.problem.keep = {-1, 0};
     }},
    {"keep", [](crop_call& c) { c.inputs.at("keep").set_value(0, 3); }},
    {"keep", [](crop_call& c) { c.inputs.erase("keep"); }},
    {"v_cache", [](crop_call& c) {
       c.inputs.set("v_cache", tensor(dtype::bf16, {1, 2, 4, 1, 8}));
     }}};

}  // namespace

std::string broken_dflash_refusals(const dflash_project_subject&) {
  project_problem p;
  p.b = 2, p.block_size = 3, p.hidden_size = 9, p.hk = 2, p.d = 6, p.has_bias = true;
  return first_accepted<project_problem>({p, generate::draw_inputs(p, "normal", 1)}, project_rows);
}

std::string broken_dflash_refusals(const dflash_attention_subject&) {
  attention_problem p;
  p.b = 2, p.block_size = 4, p.hk = 2, p.d = 8, p.hidden_size = 5;
  p.context_lens = {1, 1}, p.cache_seqlens = {3, 3};
  p.cache_batch_idx = {2, 0}, p.batch_cache = 3, p.capacity = 8;
  p.mask_batch = 2, p.mask_rows = 4;
  return first_accepted<attention_problem>({p, generate::draw_inputs(p, "normal", 1)}, attention_rows);
}

std::string broken_dflash_refusals(const dflash_accept_subject&) {
  accept_problem p;
  p.b = 2, p.block_size = 3, p.vocab_size = 5, p.temperature = 1;
  return first_accepted<accept_problem>({p, generate::draw_inputs(p, "normal", 1)}, accept_rows);
}

std::string broken_dflash_refusals(const dflash_crop_subject&) {
  crop_problem p;
  p.b = 2, p.capacity = 4, p.hk = 2, p.d = 8;
  p.cache_seqlens = {4, 2}, p.keep = {1, 7};
  return first_accepted<crop_problem>({p, generate::draw_inputs(p, "any_pattern", 1)}, crop_rows);
}

}  // namespace plumbline::laws
