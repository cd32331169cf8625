// Problems of the module around mla's attention: text both ways, layouts, and refusals by name.
#include <boost/test/unit_test.hpp>

#include <limits>

#include "reference/core/random.hpp"
#include "reference/mla_module_problem.hpp"
#include "tests/flash_decode_refusals.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using flash_decode::refusals::call;
using flash_decode::refusals::every_edit_is_refused;

namespace {

constexpr int problems = 3000;

dtype narrow(random_stream& r) { return r.chance(0.5) ? dtype::bf16 : dtype::f16; }

rms_norm_problem draw_rms_norm(random_stream& r) {
  rms_norm_problem p;
  p.type = narrow(r);
  p.weight_type = r.chance(0.5) ? dtype::f32 : p.type;
  p.tokens = r.integer(0, 9), p.dim = r.integer(1, 1600), p.gap = r.integer(0, 64);
  p.eps = r.chance(0.5) ? 1e-6 : r.uniform();
  return p;
}

rotary_problem draw_rotary(random_stream& r) {
  rotary_problem p;
  p.type = r.chance(0.2) ? dtype::f32 : narrow(r);
  p.b = r.integer(0, 4), p.sq = r.integer(0, 9), p.heads = r.integer(1, 9), p.d = 2 * r.integer(1, 64);
  p.start_pos = r.integer(0, 99), p.rotary_rows = p.start_pos + p.sq + r.integer(0, 2),
  p.gap = r.integer(0, 2);
  return p;
}

project_problem draw_project(random_stream& r) {
  project_problem p;
  p.kind = static_cast<projection>(r.integer(0, 2));
  p.type = narrow(r);
  p.weight_type = r.chance(0.5) ? dtype::e4m3 : p.type;
  p.tokens = r.integer(0, 9), p.gap = r.integer(0, 64);
  if (p.kind == projection::linear) {
    p.in_features = r.integer(1, 999), p.out_features = r.integer(1, 999);
  } else {
    p.heads = r.integer(1, 128), p.qk_nope_head_dim = r.integer(1, 128), p.v_head_dim = r.integer(1, 128);
    p.kv_lora_rank = r.integer(1, 512);
  }
  return p;
}

write_cache_problem draw_write_cache(random_stream& r) {
  write_cache_problem p;
  p.type = narrow(r);
  p.tokens = r.integer(0, 200), p.kv_lora_rank = r.integer(1, 512), p.qk_rope_head_dim = r.integer(0, 64);
  p.page_size = r.integer(1, 64), p.num_pages = r.integer(0, 9);
  p.gap = r.integer(0, 2), p.page_gap = r.integer(0, 2), p.skip_percent = r.integer(0, 100);
  return p;
}

forward_problem draw_forward(random_stream& r) {
  forward_problem p;
  p.form = static_cast<attention_form>(r.integer(0, 1));
  p.type = narrow(r);
  p.weight_type = r.chance(0.5) ? dtype::e4m3 : p.type;
  p.cache_type = r.chance(0.5) ? dtype::f64 : p.type;
  p.b = r.integer(0, 4), p.sq = r.integer(0, 300), p.start_pos = r.integer(0, 99);
  p.dim = r.integer(1, 7168), p.n_heads = r.integer(1, 128), p.q_lora_rank = r.integer(0, 1536);
  p.kv_lora_rank = r.integer(1, 512), p.qk_nope_head_dim = r.integer(1, 128);
  p.qk_rope_head_dim = 2 * r.integer(1, 32), p.v_head_dim = r.integer(1, 128);
  p.max_batch_size = p.b + r.integer(0, 1), p.max_seq_len = p.end_pos() + r.integer(0, 9);
  p.rotary_rows = p.end_pos() + r.integer(0, 9);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.eps = r.chance(0.5) ? 1e-6 : r.uniform();
  p.causal = r.chance(0.5);
  return p;
}

template <class Problem>
void reads_back(Problem (*draw)(random_stream&), Problem (*parse)(const keyed_text&)) {
  random_stream random(22, "problems");
  for (int n = 0; n < problems; ++n) {
    const Problem p = draw(random);
    BOOST_TEST_REQUIRE((parse(keyed_text(to_text(p))) == p), to_text(p));
  }
}

template <class Problem>
std::string refused_line(Problem (*parse)(const keyed_text&), const char* line) {
  try {
    parse(keyed_text(line));
  } catch (const bad_argument& e) {
    return e.argument();
  }
  return "";
}

template <class Problem>
call<Problem> made(const Problem& p) {
  return {p, empty_inputs(p)};
}

bool is(std::span<const std::int64_t> found, const std::vector<std::int64_t>& expected) {
  return std::vector<std::int64_t>(found.begin(), found.end()) == expected;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_module)

BOOST_AUTO_TEST_CASE(every_problem_reads_back_as_itself) {
  reads_back(draw_rms_norm, parse_rms_norm);
  reads_back(draw_rotary, parse_rotary);
  reads_back(draw_project, parse_project);
  reads_back(draw_write_cache, parse_write_cache);
  reads_back(draw_forward, parse_forward);
}

BOOST_AUTO_TEST_CASE(a_short_line_is_a_whole_problem) {
  const forward_problem p = parse_forward(keyed_text("b=2,sq=4,start_pos=60,weight_type=e4m3"));

  BOOST_TEST(p.max_seq_len == 64);
  BOOST_TEST(p.max_batch_size == 2);
  BOOST_TEST((p.form == attention_form::absorb && p.cache_type == dtype::bf16));
  BOOST_TEST(to_text(p) == "weight_type=e4m3,b=2,sq=4,start_pos=60");
  BOOST_TEST(to_text(parse_project(keyed_text("kind=absorb_output,heads=16,dtype=f16"))) ==
             "kind=absorb_output,dtype=f16,heads=16");
}

BOOST_AUTO_TEST_CASE(lines_that_are_no_problem_are_refused_by_name) {
  BOOST_TEST(refused_line(parse_forward, "form=flat") == "form");
  BOOST_TEST(refused_line(parse_forward, "max_seq_len=3,sq=4") == "max_seq_len");
  BOOST_TEST(refused_line(parse_forward, "max_batch_size=1,b=2") == "max_batch_size");
  BOOST_TEST(refused_line(parse_project, "in_features=3") == "in_features");
  BOOST_TEST(refused_line(parse_project, "kind=linear,heads=3") == "heads");
  BOOST_TEST(refused_line(parse_rotary, "d=3") == "d");
  BOOST_TEST(refused_line(parse_write_cache, "slots=3") == "slots");
  BOOST_TEST(refused_line(parse_rms_norm, "eps=nan") == "eps");
}

BOOST_AUTO_TEST_CASE(tensors_have_the_layout_of_the_problem) {
  const forward_problem p =
      parse_forward(keyed_text("weight_type=e4m3,b=2,sq=3,dim=300,n_heads=2,q_lora_rank=40,start_pos=1,max_"
                               "seq_len=7,max_batch_size=5"));
  const tensor_set inputs = empty_inputs(p);
  BOOST_TEST(is(inputs.at("wq_a").shape(), {40, 300}));
  BOOST_TEST(is(inputs.at("wq_a_scale").shape(), {1, 3}));
  BOOST_TEST(is(inputs.at("wq_b").shape(), {384, 40}));
  BOOST_TEST(is(inputs.at("wkv_a_scale").shape(), {5, 3}));
  BOOST_TEST(is(inputs.at("wkv_b").shape(), {512, 512}));
  BOOST_TEST(is(inputs.at("wo").shape(), {300, 256}));
  BOOST_TEST(is(inputs.at("kv_cache").shape(), {5, 7, 512}));
  BOOST_TEST(is(inputs.at("pe_cache").shape(), {5, 7, 64}));
  BOOST_TEST(is(make_outputs(p, inputs).at("out").shape(), {2, 3, 300}));
  BOOST_TEST(make_outputs(p, inputs).has("kv_cache"));
  forward_problem by_head = p;
  by_head.form = attention_form::naive;
  BOOST_TEST(is(empty_inputs(by_head).at("k_cache").shape(), {5, 7, 2, 192}));
  BOOST_TEST(is(empty_inputs(by_head).at("v_cache").shape(), {5, 7, 2, 128}));
  const project_problem q = parse_project(keyed_text("tokens=3,heads=2,gap=64"));
  BOOST_TEST(is(empty_inputs(q).at("x").strides(), {384, 192, 1}));
  BOOST_TEST(is(make_outputs(q).at("out").shape(), {3, 2, 512}));
}

BOOST_AUTO_TEST_CASE(steps_refuse_by_name) {
  rms_norm_problem norm;
  norm.dim = 8;
  every_edit_is_refused<call<rms_norm_problem>>(
      made(norm), {{"an fp8 row", "dtype", [](auto& c) { c.p.type = dtype::e4m3; }},
                   {"an integer weight", "weight_type", [](auto& c) { c.p.weight_type = dtype::i32; }},
                   {"no width", "dim", [](auto& c) { c.p.dim = 0; }},
                   {"negative tokens", "tokens", [](auto& c) { c.p.tokens = -1; }},
                   {"negative eps", "eps", [](auto& c) { c.p.eps = -1e-6; }},
                   {"a weight of another width", "weight",
                    [](auto& c) { c.inputs.set("weight", tensor(dtype::bf16, {9})); }}});
  rotary_problem turn;
  turn.sq = 2, turn.start_pos = 3, turn.rotary_rows = 5;
  every_edit_is_refused<call<rotary_problem>>(
      made(turn), {{"an odd width", "d", [](auto& c) { c.p.d = 63; }},
                   {"a position beyond the table", "rotary_rows", [](auto& c) { c.p.start_pos = 4; }},
                   {"a negative position", "start_pos", [](auto& c) { c.p.start_pos = -1; }},
                   {"no head", "heads", [](auto& c) { c.p.heads = 0; }},
                   {"bf16 cosines", "cos",
                    [](auto& c) {
                      c.inputs.set("cos", tensor(dtype::bf16, {5, 32}));
                    }},
                   {"no sines", "sin", [](auto& c) { c.inputs.erase("sin"); }}});
  project_problem up;
  up.weight_type = dtype::e4m3;
  up.heads = 2;
  every_edit_is_refused<call<project_problem>>(
      made(up), {{"f32 weights", "weight_type", [](auto& c) { c.p.weight_type = dtype::f32; }},
                 {"features of a linear layer", "out_features", [](auto& c) { c.p.out_features = 4; }},
                 {"no latent", "kv_lora_rank", [](auto& c) { c.p.kv_lora_rank = 0; }},
                 {"no head", "heads", [](auto& c) { c.p.heads = 0; }},
                 {"no scales", "weight_scale", [](auto& c) { c.inputs.erase("weight_scale"); }},
                 {"scales of another shape", "weight_scale",
                  [](auto& c) {
                    c.inputs.set("weight_scale", tensor(dtype::f32, {4, 5}));
                  }},
                 {"a transposed weight", "weight",
                  [](auto& c) {
                    c.inputs.set("weight", tensor(dtype::e4m3, {512, 512}, {1, 512}));
                  }},
                 {"a weight with strides", "weight", [](auto& c) {
                    c.inputs.set("weight", tensor(dtype::e4m3, {512, 512}, {520, 1}));
                  }}});
  write_cache_problem write;
  write.tokens = 2, write.num_pages = 2, write.page_size = 4;
  call<write_cache_problem> good = made(write);
  good.inputs.set("slot_mapping", flash_decode::refusals::integers({2}, {-1, 7}));
  every_edit_is_refused<call<write_cache_problem>>(
      good,
      {{"a row beyond the cache", "slot_mapping",
        [](auto& c) { c.inputs.at("slot_mapping").set_value(0, 8); }},
       {"a negative row", "slot_mapping", [](auto& c) { c.inputs.at("slot_mapping").set_value(0, -2); }},
       {"one row for two tokens", "slot_mapping",
        [](auto& c) { c.inputs.at("slot_mapping").set_value(0, 7); }},
       {"no page size", "page_size", [](auto& c) { c.p.page_size = 0; }},
       {"more than all skipped", "skip_percent", [](auto& c) { c.p.skip_percent = 101; }},
       {"a cache of another width", "k_cache", [](auto& c) {
          c.inputs.set("k_cache", tensor(dtype::bf16, {2, 4, 1, 512}));
        }}});
}

BOOST_AUTO_TEST_CASE(forward_refuses_by_name) {
  forward_problem p;
  p.b = 2, p.sq = 2, p.start_pos = 1, p.dim = 16, p.n_heads = 2, p.q_lora_rank = 4, p.kv_lora_rank = 8;
  p.qk_nope_head_dim = 4, p.qk_rope_head_dim = 2, p.v_head_dim = 4;
  p.max_batch_size = 2, p.max_seq_len = 3, p.rotary_rows = 3;
  every_edit_is_refused<call<forward_problem>>(
      made(p),
      {{"an fp8 x", "dtype", [](auto& c) { c.p.type = dtype::e4m3; }},
       {"f32 caches", "cache_type", [](auto& c) { c.p.cache_type = dtype::f32; }},
       {"more sequences than the caches have", "max_batch_size", [](auto& c) { c.p.max_batch_size = 1; }},
       {"more tokens than the caches have", "max_seq_len", [](auto& c) { c.p.start_pos = 2; }},
       {"positions beyond the tables", "rotary_rows", [](auto& c) { c.p.rotary_rows = 2; }},
       {"an odd rotary width", "qk_rope_head_dim", [](auto& c) { c.p.qk_rope_head_dim = 3; }},
       {"no head", "n_heads", [](auto& c) { c.p.n_heads = 0; }},
       {"a scale that is no number", "softmax_scale",
        [](auto& c) { c.p.softmax_scale = std::numeric_limits<double>::quiet_NaN(); }},
       {"wq beside the low-rank pair", "wq",
        [](auto& c) {
          c.inputs.set("wq", tensor(dtype::bf16, {12, 16}));
        }},
       {"no low-rank pair", "wq_a", [](auto& c) { c.inputs.erase("wq_a"); }},
       {"a transposed wo", "wo",
        [](auto& c) {
          c.inputs.set("wo", tensor(dtype::bf16, {8, 16}));
        }},
       {"a cache of the other form", "k_cache",
        [](auto& c) {
          c.inputs.set("k_cache", tensor(dtype::bf16, {2, 3, 2, 6}));
        }},
       {"a cache of another length", "pe_cache",
        [](auto& c) {
          c.inputs.set("pe_cache", tensor(dtype::bf16, {2, 4, 2}));
        }},
       {"a mask tensor", "mask", [](auto& c) {
          c.inputs.set("mask", tensor(dtype::f32, {2, 2}));
        }}});
}

BOOST_AUTO_TEST_SUITE_END()
