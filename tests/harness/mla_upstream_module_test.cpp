// Upstream's module: every precision and form is held, every deviation from its call is seen.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

#include "properties/mla/forward_inputs.hpp"
#include "properties/mla/module_noise.hpp"
#include "properties/recorded_options.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_module.hpp"
#include "reference/mla_problem.hpp"
#include "tests/harness/mla_upstream_case.hpp"

using namespace plumbline;
using namespace plumbline::mla;

namespace {

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

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_upstream_module)

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

// Two cached values of 1 and -1 under equal weights: what is left of their sum is the error of each exp, 8
// units of it, and of the sum.
BOOST_AUTO_TEST_CASE(an_exp_of_the_softmax_errs_by_itself) {
  const forward_problem p = parse_forward(keyed_text(
      "sq=1,start_pos=2,dim=1,n_heads=1,kv_lora_rank=1,qk_nope_head_dim=1,qk_rope_head_dim=2,v_head_dim=1"));
  tensor_set inputs = generate::draw_inputs(p, "normal", 7);
  inputs.at("x").set_value(0, 0);
  for (const char* name : {"wkv_b", "wo"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i) inputs.at(name).set_value(i, 1);
  inputs.at("kv_cache").set_value(0, 1);
  inputs.at("kv_cache").set_value(1, -1);

  const double unit = 0x1p-16;
  const double found = module_deviation(p, inputs, nullptr, {0x1p-30, unit}).out[0];

  // Moves are uniform, so of variance 1/3: twice (8/3 units)^2 for the exps, (sqrt(3) 2/3 units)^2 for the
  // sum.
  const double expected = std::sqrt((2 * 64 / 9.0 + 4 / 3.0) / 3) * unit;
  BOOST_TEST(found == expected, boost::test_tools::tolerance(3 / 8.0));  // of 32 runs, known to an eighth
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

BOOST_AUTO_TEST_SUITE_END()
