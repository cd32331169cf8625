// Cases in upstream's terms: each becomes a call of ours, a wrong number of theirs fails, nothing is passed
// over.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "properties/mla/forward_inputs.hpp"
#include "properties/mla/module_noise.hpp"
#include "properties/mla/upstream.hpp"
#include "properties/recorded_options.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_module.hpp"
#include "reference/mla_problem.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;
using namespace plumbline::mla;

namespace {

recorded_case named(const char* group, std::map<std::string, std::string> options) {
  recorded_case c;
  c.function = group;
  c.name = "by_hand";
  c.options = std::move(options);
  return c;
}

tensor filled(dtype type, std::vector<std::int64_t> shape, const std::vector<double>& values) {
  tensor t(type, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i)
    t.set_value(i, values[static_cast<std::size_t>(i) % values.size()]);
  return t;
}

// Sets what both kinds of result say: rounded, and in double.
void expect(recorded_case& c, const std::string& name, dtype type, std::vector<std::int64_t> shape,
            const std::vector<double>& values) {
  c.tensors.set("expected_" + name, filled(type, shape, values));
  c.tensors.set("expected_" + name + "_float64", filled(dtype::f64, shape, values));
}

// Two queries of zeros on a page that is not the first: query 0 sees keys 1 and 2, query 1 also key 4.
recorded_case dense() {
  recorded_case c =
      named("flash_mla_dense_decode", {{"head_dim_v", "8"}, {"softmax_scale", "0.25"}, {"causal", "1"}});
  c.tensors.set("q", tensor(dtype::bf16, {1, 2, 1, 16}));
  tensor cache = filled(dtype::bf16, {2, 4, 1, 16}, {NAN});
  const double keys[] = {1, 2, 4};
  for (int j = 0; j < 3; ++j)
    for (int i = 0; i < 16; ++i) cache.set_value(64 + j * 16 + i, keys[j]);
  c.tensors.set("k_cache", cache);
  c.tensors.set("block_table", filled(dtype::i32, {1, 2}, {1, 2147480000}));
  c.tensors.set("cache_seqlens", filled(dtype::i32, {1}, {3}));
  std::vector<double> out;
  for (int i = 0; i < 16; ++i) out.push_back(i < 8 ? 1.5 : 7.0 / 3);
  expect(c, "out", dtype::bf16, {1, 2, 1, 8}, out);
  expect(c, "lse", dtype::f32, {1, 1, 2}, {std::log(2.0), std::log(3.0)});
  return c;
}

// One query of zeros, a sink at 0, and two rows of 656 bytes: of codes 1 and 3 under scale 2.
recorded_case listed() {
  recorded_case c = named("flash_mla_sparse_decode", {{"head_dim_v", "512"},
                                                      {"softmax_scale", "0.0625"},
                                                      {"kv_cache_format", "V3.2, 656-byte rows"},
                                                      {"page_block_size", "4"},
                                                      {"num_blocks", "1"}});
  c.tensors.set("q", tensor(dtype::bf16, {1, 1, 1, 576}));
  tensor cache(dtype::u8, {1, 4, 656});
  std::memset(cache.data(), 0x7f, 4 * 656);
  for (int row : {1, 3}) {
    const float scale[4] = {2, 2, 2, 2};
    std::memset(cache.data() + row * 656, static_cast<int>(encode(dtype::e4m3, row)), 512);
    std::memcpy(cache.data() + row * 656 + 512, scale, 16);
    std::memset(cache.data() + row * 656 + 528, 0, 128);
  }
  c.tensors.set("k_cache", cache);
  c.tensors.set("indices", filled(dtype::i32, {1, 1, 3}, {3, -1, 1}));
  c.tensors.set("attn_sink", filled(dtype::f32, {1}, {0}));
  expect(c, "out", dtype::bf16, {1, 1, 1, 512}, {(2 + 6) / 3.0});
  expect(c, "lse", dtype::f32, {1, 1, 1}, {std::log(2.0)});
  return c;
}

// Two queries of zeros over three rows: 1 and 2, one of them twice; then nothing.
recorded_case prefill() {
  recorded_case c = named("flash_mla_sparse_prefill", {{"head_dim_v", "8"}, {"softmax_scale", "0.5"}});
  c.tensors.set("q", tensor(dtype::bf16, {2, 1, 16}));
  tensor kv(dtype::bf16, {3, 1, 16});
  for (std::int64_t i = 0; i < 48; ++i) kv.set_value(i, static_cast<double>(i / 16));
  c.tensors.set("kv", kv);
  c.tensors.set("indices", filled(dtype::i32, {2, 1, 4}, {1, 2, 1, 7, -5, 3, 114514, -1}));
  std::vector<double> out(16, 0.0);
  std::fill_n(out.begin(), 8, 4 / 3.0);
  expect(c, "out", dtype::bf16, {2, 1, 8}, out);
  expect(c, "lse", dtype::f32, {2, 1}, {std::log(3.0), INFINITY});
  expect(c, "max_logits", dtype::f32, {2, 1}, {0, -INFINITY});
  return c;
}

recorded_case places() {
  recorded_case c = named("logical_to_physical_indices", {{"page_block_size", "4"}, {"invalid_index", "-1"}});
  c.tensors.set("indices", filled(dtype::i32, {2, 1, 3}, {0, 5, -1, 3, 4, 7}));
  c.tensors.set("block_table", filled(dtype::i32, {2, 2}, {3, 2, 0, 9}));
  c.tensors.set("expected_indices", filled(dtype::i32, {2, 1, 3}, {12, 9, -1, 3, 36, 39}));
  return c;
}

// A module of both forms on two sequences with a history, which says of itself what the reference finds.
recorded_case module() {
  forward_problem p = parse_forward(
      keyed_text("form=naive,b=2,sq=2,start_pos=3,dim=24,n_heads=2,kv_lora_rank=16,qk_nope_head_dim=8,"
                 "qk_rope_head_dim=4,v_head_dim=8,cache_type=f64,causal=1"));
  p.softmax_scale = model_softmax_scale(12, 8, 4, 40, 0.5);
  recorded_case c = named("mla_forward", {{"start_pos", "3"},
                                          {"n_heads", "2"},
                                          {"q_lora_rank", "0"},
                                          {"kv_lora_rank", "16"},
                                          {"qk_nope_head_dim", "8"},
                                          {"qk_rope_head_dim", "4"},
                                          {"v_head_dim", "8"},
                                          {"max_seq_len", "8"},
                                          {"original_seq_len", "4"},
                                          {"rope_factor", "40"},
                                          {"mscale", "0.5"},
                                          {"rms_norm_eps", "1e-6"},
                                          {"softmax_scale", real_text(p.softmax_scale)}});
  const tensor_set inputs = generate::draw_inputs(p, "normal", 7);
  for (const auto& [name, value] : inputs)
    if (name.find("_cache") == std::string::npos) c.tensors.set(name, value);
  tensor mask(dtype::f32, {2, 5});
  mask.set_value(4, -INFINITY);
  c.tensors.set("mask", mask);

  forward_problem first = p;
  first.sq = 3, first.start_pos = 0, first.cache_type = p.type;
  const tensor_set before = generate::draw_inputs(first, "normal", 8);
  tensor_set earlier = before;
  for (const auto& [name, value] : inputs)
    if (name != "x" && name.find("_cache") == std::string::npos) earlier.set(name, value);
  c.tensors.set("x_previous", before.at("x"));
  const std::vector<double> k = forward(first, earlier, {}).k_new, v = forward(first, earlier, {}).v_new;
  c.tensors.set("k_cache_before", filled(dtype::f64, {2, 3, 2, 12}, k));
  c.tensors.set("v_cache_before", filled(dtype::f64, {2, 3, 2, 8}, v));

  tensor_set call = inputs;
  for (std::int64_t s = 0; s < 2; ++s) {
    for (std::int64_t i = 0; i < 72; ++i)
      call.at("k_cache").set_value(s * 120 + i, k[static_cast<std::size_t>(s * 72 + i)]);
    for (std::int64_t i = 0; i < 48; ++i)
      call.at("v_cache").set_value(s * 80 + i, v[static_cast<std::size_t>(s * 48 + i)]);
  }
  const forward_truth truth = forward(p, call, {});
  for (const char* form : {"naive", "absorb"})
    for (const auto& [suffix, type] :
         {std::pair{"", dtype::f64}, {"_float32", dtype::f32}, {"_bfloat16", dtype::bf16}})
      c.tensors.set("expected_output_" + std::string(form) + suffix, filled(type, {2, 2, 24}, truth.out));
  c.tensors.set("expected_k_cache_new", filled(dtype::f64, {2, 2, 2, 12}, truth.k_new));
  c.tensors.set("expected_v_cache_new", filled(dtype::f64, {2, 2, 2, 8}, truth.v_new));
  c.tensors.set("expected_kv_cache_new", filled(dtype::f64, {2, 2, 16}, truth.latent));
  c.tensors.set("expected_pe_cache_new", filled(dtype::f64, {2, 2, 4}, truth.k_pe));
  return c;
}

external_judgement judged(const recorded_case& c) { return judge_upstream(c, ""); }

void require_pass(const recorded_case& c) {
  const external_judgement one = judged(c);
  BOOST_TEST((one.result == outcome::pass), c.function << ": " << one.message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_upstream)

BOOST_AUTO_TEST_CASE(what_upstream_returned_passes) {
  for (const recorded_case& c : {dense(), listed(), prefill(), places()}) require_pass(c);
}

BOOST_AUTO_TEST_CASE(a_result_that_is_off_by_a_unit_fails_whatever_it_was_computed_in) {
  for (const recorded_case& c : {dense(), listed(), prefill()})
    for (const auto& [name, share] : {std::pair{"expected_out", 0x1p-6},
                                      {"expected_out_float64", 1e-12},
                                      {"expected_lse", 1e-4},
                                      {"expected_lse_float64", 1e-12}}) {
      recorded_case wrong = c;
      tensor& t = wrong.tensors.at(name);
      t.set_value(0, t.value(0) * (1 + share));
      const external_judgement one = judged(wrong);
      BOOST_TEST((one.result == outcome::fail), c.function << ", " << name);
      BOOST_TEST(!one.message.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_row_that_sees_nothing_is_held_too) {
  for (const char* name : {"expected_out", "expected_lse", "expected_max_logits", "expected_out_float64",
                           "expected_lse_float64", "expected_max_logits_float64"}) {
    recorded_case wrong = prefill();
    tensor& t = wrong.tensors.at(name);
    t.set_value(t.size() - 1, 1);
    BOOST_TEST((judged(wrong).result == outcome::fail), name);
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_is_another_fails) {
  for (std::int64_t i = 0; i < 6; ++i) {
    recorded_case wrong = places();
    tensor& t = wrong.tensors.at("expected_indices");
    t.set_value(i, t.value(i) + 1);
    BOOST_TEST((judged(wrong).result == outcome::fail));
  }
}

BOOST_AUTO_TEST_CASE(a_tensor_that_nothing_takes_and_a_form_that_nobody_knows_fail_by_name) {
  recorded_case stray = dense(), rank = dense(), format = listed(), short_of = prefill();
  stray.tensors.set("expected_surprise", tensor(dtype::f32, {1}));
  rank.tensors.set("q", tensor(dtype::bf16, {2, 16}));
  format.options["kv_cache_format"] = "nobody's";
  short_of.tensors.erase("kv");

  for (const auto& [c, word] :
       {std::pair{stray, "expected_surprise"}, {rank, "q"}, {format, "kv_cache_format"}, {short_of, "kv"}}) {
    const external_judgement one = judged(c);
    BOOST_TEST((one.result == outcome::fail));
    BOOST_TEST(one.kind == "unreadable");
    BOOST_TEST((one.message.find(word) != std::string::npos), one.message);
  }
}

BOOST_AUTO_TEST_CASE(a_module_is_held_as_a_whole_in_every_precision_and_form) {
  const recorded_case right = module();
  require_pass(right);
  for (const auto& [name, value] : right.tensors) {
    if (name.rfind("expected_", 0) != 0 && name.find("_before") == std::string::npos) continue;
    recorded_case wrong = right;
    tensor& t = wrong.tensors.at(name);
    const double share = t.type() == dtype::f64 ? 1e-11 : t.type() == dtype::f32 ? 1e-3 : 0.5;
    const std::vector<double> all = t.values();
    const auto largest = std::max_element(all.begin(), all.end());
    t.set_value(largest - all.begin(), *largest * (1 + share));
    const external_judgement one = judged(wrong);
    BOOST_TEST((one.result == outcome::fail), name);
    BOOST_TEST((one.message.find(name) != std::string::npos || name.find("_before") != std::string::npos),
               name << ": " << one.message);
  }
}

BOOST_AUTO_TEST_CASE(a_module_under_another_scale_or_mask_or_without_its_history_fails) {
  recorded_case scale = module(), square = module(), open = module(), history = module();
  scale.options["mscale"] = "1";
  square.tensors.set("mask", tensor(dtype::f32, {2, 2}));
  open.tensors.at("mask").set_value(4, 0);
  history.tensors.erase("x_previous");

  for (const auto& [c, word] :
       {std::pair{scale, "softmax_scale"}, {square, "mask"}, {open, "mask"}, {history, "x_previous"}}) {
    const external_judgement one = judged(c);
    BOOST_TEST((one.result == outcome::fail));
    BOOST_TEST((one.message.find(word) != std::string::npos), one.message);
  }
}

// The noise is that of the roundings: sixteen times finer ones leave a sixteenth.
BOOST_AUTO_TEST_CASE(deviations_of_a_module_grow_with_its_roundings) {
  const forward_problem p =
      parse_forward(keyed_text("sq=3,dim=24,n_heads=2,kv_lora_rank=16,qk_nope_head_dim=8,"
                               "qk_rope_head_dim=4,v_head_dim=8"));
  const tensor_set inputs = generate::draw_inputs(p, "normal", 7);

  const auto coarse = module_deviation(p, inputs, nullptr, {0x1p-16, 0x1p-16}),
             fine = module_deviation(p, inputs, nullptr, {0x1p-20, 0x1p-20}),
             below = module_deviation(p, inputs, nullptr, {0x1p-53, 0x1p-53});

  for (std::size_t i = 0; i < coarse.out.size(); ++i) {
    BOOST_TEST(coarse.out[i] > 0);
    BOOST_TEST(coarse.out[i] / fine.out[i] == 16, boost::test_tools::tolerance(0.01));
    BOOST_TEST(coarse.out[i] / below.out[i] == 0x1p37, boost::test_tools::tolerance(0.01));
  }
}

// FlashMLA and DeepSeek raise; a batch above the caches is refused here too, and so is a mask without a
// column for every key.  A forward that is causal over a history has such columns, and is answered.
BOOST_AUTO_TEST_CASE(what_upstreams_module_refuses_ours_refuses_by_its_argument) {
  for (const char* name : {"mla_batch_above_max", "mla_square_mask_with_history"}) {
    recorded_case c = named("errors", {{"operator", "mla_forward"}});
    c.name = name;
    require_pass(c);
  }
  recorded_case other = named("errors", {{"operator", "mla_forward"}});
  BOOST_TEST(judged(other).kind == "unsupported");
}

BOOST_AUTO_TEST_CASE(each_function_runs_its_own_calls) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  const struct {
    const char* function;
    recorded_case c;
    bool runs;
  } all[] = {{"decode", dense(), true},
             {"decode_indices", listed(), true},
             {"prefill_indices", prefill(), true},
             {"decode_indices", places(), false}};
  for (const auto& [function, c, runs] : all) {
    const operation& one = operation_named("mla." + std::string(function));
    case_spec spec;
    spec.op = "mla", spec.function = function;
    const case_result ran = one.examine_recorded(c, spec, *host, {});
    BOOST_TEST(one.claims_group(c.function), c.function);
    BOOST_TEST((ran.result == (runs ? outcome::pass : outcome::skipped)), c.function << ": " << ran.message);
  }
  BOOST_TEST(!operation_named("mla.decode").claims_group("flash_mla_sparse_decode"));
}

BOOST_AUTO_TEST_SUITE_END()
