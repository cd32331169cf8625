// Bad arguments are refused before a launch, by name.
//
// Each row damages one argument of a good call and says which argument the refusal must name.  The good call
// itself must be accepted, so that a check which refuses everything does not look like a strict one.
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;

namespace {

using call = refused_call<attend_problem>;

attend_problem good_problem(dtype type) {
  attend_problem p;
  p.type = type;
  p.b = 2;
  p.hq = 4;
  p.hk = 2;
  p.d = p.dv = 32;
  p.sq = 2;
  p.page_size = 4;
  p.max_pages = 3;
  p.num_pages = 6;
  p.capacity = 12;
  p.batch_cache = 3;
  p.has_batch_idx = true;
  p.cache_seqlens = {7, 9};
  p.cache_leftpad = {1, 0};
  p.seqlens_q = {1, 2};
  p.out_type = type == dtype::e4m3 ? dtype::bf16 : type;
  return p;
}

call good(dtype type = dtype::bf16) {
  const attend_problem p = good_problem(type);
  return {p, generate::draw_inputs(p, generate::regime::normal, 2)};
}

// The page-table entry that holds the first visible key of sequence 0.
std::int32_t& first_page(call& c) {
  const std::int64_t row = c.inputs.at("cache_batch_idx").as<std::int32_t>()[0];
  return c.inputs.at("page_table").as<std::int32_t>()[row * c.problem.max_pages];
}

constexpr refusal<attend_problem> rows[] = {
    {"dtype", [](call& c) { c.problem.type = dtype::e5m2; }},
    {"hq", [](call& c) { c.problem.hq = 5; }},
    {"hk", [](call& c) { c.problem.hk = 0; }},
    {"d", [](call& c) { c.problem.d = c.problem.dv = 264; }},
    {"d", [](call& c) { c.problem.d = c.problem.dv = 36; }},
    {"dv", [](call& c) { c.problem.d = 128, c.problem.dv = 64; }},
    {"capacity", [](call& c) { c.problem.capacity = 13; }},
    {"batch_cache", [](call& c) { c.problem.has_batch_idx = false; }},
    {"num_splits", [](call& c) { c.problem.num_splits = 257; }},
    {"softmax_scale", [](call& c) { c.problem.softmax_scale = -1; }},
    {"softcap", [](call& c) { c.problem.softcap = -1; }},
    {"window_left", [](call& c) { c.problem.window_left = -2; }},
    {"attention_chunk", [](call& c) { c.problem.attention_chunk = -1; }},
    {"out_type", [](call& c) { c.problem.out_type = dtype::f16; }},
    {"qv", [](call& c) { c.problem.has_qv = true; }},
    {"cache_seqlens",
     [](call& c) {
       c.problem.cache_seqlens = {13, 9};
     }},
    {"cache_seqlens",
     [](call& c) {
       c.problem.cache_seqlens = {0, 9};
     }},
    {"cache_seqlens", [](call& c) { c.problem.cache_seqlens = {7}; }},
    {"cache_seqlens", [](call& c) { c.inputs.set("cache_seqlens", tensor(dtype::f32, {2})); }},
    {"cache_leftpad", [](call& c) { c.problem.cache_leftpad = {1}; }},
    {"q", [](call& c) { c.inputs.erase("q"); }},
    {"q",
     [](call& c) {
       c.inputs.set("q", tensor(dtype::f16, {3, 4, 32}));
     }},
    {"q",
     [](call& c) {
       c.inputs.set("q", tensor(dtype::bf16, {3, 4, 32}, {256, 64, 2}));
     }},
    {"q",
     [](call& c) {
       c.inputs.set("q", tensor(dtype::bf16, {4, 4, 32}));
     }},
    {"k_cache",
     [](call& c) {
       c.inputs.set("k_cache", tensor(dtype::f16, {6, 4, 2, 32}));
     }},
    {"v_cache", [](call& c) { c.inputs.erase("v_cache"); }},
    {"cu_seqlens_q", [](call& c) { c.inputs.erase("cu_seqlens_q"); }},
    {"cu_seqlens_q", [](call& c) { c.inputs.at("cu_seqlens_q").as<std::int32_t>()[1] = 4; }},
    {"cache_batch_idx", [](call& c) { c.inputs.at("cache_batch_idx").as<std::int32_t>()[1] = 3; }},
    {"cache_batch_idx", [](call& c) { c.inputs.set("cache_batch_idx", tensor(dtype::i32, {3})); }},
    {"page_table",
     [](call& c) {
       c.inputs.set("page_table", tensor(dtype::i32, {2, 3}));
     }},
    {"page_table",
     [](call& c) {
       c.inputs.set("page_table", tensor(dtype::f32, {3, 3}));
     }},
    {"page_table", [](call& c) { first_page(c) = 6; }},
    {"page_table", [](call& c) { first_page(c) = -1; }},
    {"q_descale",
     [](call& c) {
       c.inputs.set("q_descale", tensor(dtype::f32, {2, 2}));
     }},
};

constexpr refusal<attend_problem> e4m3_rows[] = {
    {"k_descale",
     [](call& c) {
       c.inputs.set("k_descale", tensor(dtype::f32, {2, 4}));
     }},
    {"v_descale",
     [](call& c) {
       c.inputs.set("v_descale", tensor(dtype::bf16, {2, 2}));
     }},
    {"d", [](call& c) { c.problem.d = c.problem.dv = 24; }},
};

}  // namespace

std::string broken_attend_refusals(const attend_subject&) {
  std::string broken = first_accepted<attend_problem>(good(), rows);
  return broken.empty() ? first_accepted<attend_problem>(good(dtype::e4m3), e4m3_rows) : broken;
}

}  // namespace plumbline::laws
