// The module as a chain of kernels: every step agrees with the truth of what it was given, and a wrong step
// is named.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "properties/mla/forward_agreement.hpp"
#include "reference/mla_module_problem.hpp"
#include "tests/mla_kernels_data.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::called;

namespace {

forward_problem draw_problem(std::uint64_t seed) {
  random_stream r(seed, "forward");
  const auto one_of = [&](std::initializer_list<integer> list) {
    return *(list.begin() + r.integer(0, static_cast<integer>(list.size()) - 1));
  };
  forward_problem p;
  p.form = r.chance(0.5) ? attention_form::naive : attention_form::absorb;
  p.type = p.cache_type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
  p.weight_type = r.chance(0.3) ? dtype::e4m3 : p.type;
  p.b = r.chance(0.1) ? one_of({8, 16, 32}) : r.integer(1, 3);
  p.sq = p.b > 3 ? 1 : one_of({1, 2, 3, 32});
  p.start_pos = r.chance(0.4) ? 0 : r.integer(1, 70);
  p.dim = 8 * r.integer(1, 9) - (r.chance(0.2) ? 3 : 0);
  p.n_heads = one_of({1, 2, 3, 9});
  p.q_lora_rank = r.chance(0.5) ? 0 : 8 * r.integer(1, 5);
  p.kv_lora_rank = r.chance(0.2) ? r.integer(1, 40) : 8 * r.integer(1, 9);
  p.qk_nope_head_dim = 8 * r.integer(1, 4) - (r.chance(0.2) ? 3 : 0);
  p.qk_rope_head_dim = 2 * r.integer(1, 8);
  p.v_head_dim = 8 * r.integer(1, 4) - (r.chance(0.2) ? 3 : 0);
  p.max_batch_size = p.b + r.integer(0, 1);
  p.max_seq_len = p.end_pos() + r.integer(0, 3);
  p.rotary_rows = p.max_seq_len;
  p.causal = r.chance(0.5);
  return p;
}

// Sums keep the size of their terms; rows of caches that nobody may read hold NaN.
tensor_set draw_forward(const forward_problem& p, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) {
    random_stream r(seed, name);
    if (name == "cos" || name == "sin") {
      random_stream angle(seed, "angle");
      for (integer i = 0; i < t.size(); ++i) {
        const double turn = 6.28 * angle.uniform();
        t.set_value(i, name == "cos" ? std::cos(turn) : std::sin(turn));
      }
    } else if (name.find("cache") != std::string::npos) {
      fill(t, plain::junk);
      const integer width = t.size() / (p.max_batch_size * p.max_seq_len);
      for (integer s = 0; s < p.b; ++s)
        for (integer e = 0; e < p.start_pos * width; ++e)
          t.set_value(s * p.max_seq_len * width + e, r.normal());
    } else if (name.find("norm") != std::string::npos) {
      for (integer i = 0; i < t.size(); ++i) t.set_value(i, 1 + 0.3 * r.normal());
    } else if (name.find("scale") != std::string::npos) {
      for (integer i = 0; i < t.size(); ++i) t.set_value(i, 0.5 + r.uniform());
    } else {
      const double size = name == "x" ? 1 : 1 / std::sqrt(static_cast<double>(t.dim(t.rank() - 1)));
      draw(t, r, size);
    }
  }
  return inputs;
}

const variant<forward_problem>& chain() { return row_named<forward_problem>("chain"); }

tensor_set run_forward(const forward_problem& p, tensor_set& inputs) {
  const auto& row = chain();
  BOOST_TEST_REQUIRE(row.domain(p) == "");
  check(p, inputs);
  tensor_set outputs = make_outputs(p, inputs);
  for (auto& output : outputs)
    if (!inputs.has(output.name)) output.value.poison(0xff);
  const auto fault = test_executor().run(
      [&](const auto& args, auto& launcher) { row.run(p, args, launcher); }, inputs, outputs, {});
  BOOST_TEST_REQUIRE(!fault, to_text(p) << ": " << (fault ? fault->message : ""));
  return outputs;
}

verdict judged(const forward_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_outputs(p, *chain().contract_for(p.type), inputs, outputs);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_forward)

BOOST_AUTO_TEST_CASE(every_step_of_random_modules_agrees_with_the_truth) {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const forward_problem p = draw_problem(seed);
    tensor_set inputs = draw_forward(p, seed);
    const tensor_set outputs = run_forward(p, inputs);
    const verdict v = judged(p, inputs, outputs);
    BOOST_TEST((v.result == outcome::pass), to_text(p) << ": " << v.message);
    const double chain = chain_error(p, inputs, outputs);
    BOOST_TEST(std::isfinite(chain));
    worst = std::max(worst, chain);
  }
  BOOST_TEST_MESSAGE("the whole chain: at most " << worst << " ulp of the largest element of a row");
}

// Every output, one at a time: a value that is wrong by a factor of two is seen at its own step.
BOOST_AUTO_TEST_CASE(a_wrong_step_is_named) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    const forward_problem p = draw_problem(seed);
    tensor_set inputs = draw_forward(p, seed);
    const tensor_set good = run_forward(p, inputs);
    for (const auto& [name, value] : good) {
      if (name == "lse") continue;
      tensor_set bad = good;
      tensor& t = bad.at(name);
      const bool cache = inputs.has(name);
      const integer width = cache ? t.size() / (p.max_batch_size * p.max_seq_len) : 0;
      const integer from = p.start_pos * width, count = cache ? p.sq * width : t.size();
      for (integer i = from; i < from + count; ++i) t.set_value(i, 2 * t.value(i));
      const verdict v = judged(p, inputs, bad);
      BOOST_TEST((v.result == outcome::fail), name << " doubled");
      BOOST_TEST(v.message.rfind("step " + name + ":", 0) == 0, name << " doubled: " << v.message);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_latent_that_is_cached_without_its_norm_is_seen) {
  int modules = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    forward_problem p = draw_problem(seed);
    if (p.form != attention_form::absorb) continue;
    ++modules;
    tensor_set inputs = draw_forward(p, seed);
    tensor_set outputs = run_forward(p, inputs);
    tensor& cache = outputs.at("kv_cache");
    const integer rank = p.kv_lora_rank, width = rank + p.qk_rope_head_dim;
    for (integer t = 0; t < p.b * p.sq; ++t)
      for (integer c = 0; c < rank; ++c)
        cache.set_code(((t / p.sq * p.max_seq_len) + p.start_pos + t % p.sq) * rank + c,
                       outputs.at("kv").code(t * width + c));
    const verdict v = judged(p, inputs, outputs);
    BOOST_TEST((v.result == outcome::fail));
    BOOST_TEST(v.message.rfind("step kv_cache:", 0) == 0, v.message);
  }
  BOOST_TEST(modules > 0);
}

BOOST_AUTO_TEST_SUITE_END()
