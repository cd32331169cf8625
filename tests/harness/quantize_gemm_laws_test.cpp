// block_gemm through its judge and laws: the shipped kernel is accepted, one whose accumulator is never
// emptied is not.
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/block_gemm_kernel.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/quantize/block_gemm_judge.hpp"
#include "properties/quantize/block_gemm_laws.hpp"
#include "properties/quantize/block_gemm_shapes.hpp"

using namespace plumbline;
using namespace plumbline::quantize;

namespace {

const variant<block_gemm_problem>& shipped() { return variants_of<block_gemm_problem>(side::host)[0]; }

int calls = 0;
void flips_later(const block_gemm_problem& p, const kernel_arguments& args, launcher& on) {
  shipped().run(p, args, on);
  if (++calls > 1) *static_cast<std::uint8_t*>(args.out("out").data) ^= 0x40;
}

executor& host() {
  static std::string why_not;
  static const auto one = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(one, why_not);
  return *one;
}

verdict judged(void (*run)(const block_gemm_problem&, const kernel_arguments&, launcher&),
               const block_gemm_problem& p, const tensor_set& inputs) {
  variant<block_gemm_problem> row = shipped();
  row.run = run;
  const tensor_set none;
  const laws::block_gemm_subject s{p, inputs, none, row, row.contracts[0], host(), {}, 1};
  const auto done = s.run(p, inputs);
  BOOST_REQUIRE(!done.why_not);
  return judge_block_gemm(p, row.contracts[0], inputs, done.outputs);
}

std::map<std::string, std::map<outcome, int>> outcomes_of(void (*run)(const block_gemm_problem&,
                                                                      const kernel_arguments&, launcher&)) {
  variant<block_gemm_problem> row = shipped();
  row.run = run;
  std::map<std::string, std::map<outcome, int>> seen;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const block_gemm_problem p = generate::draw_block_gemm(row.contracts[0], "ordinary", 3, i);
    const tensor_set inputs = generate::draw_inputs(p, "ordinary", i);
    for (const auto& one : generate::smaller(p)) BOOST_REQUIRE_NO_THROW(check(one));
    tensor_set outputs;
    const laws::block_gemm_subject s{p, inputs, outputs, row, row.contracts[0], host(), {}, i};
    calls = 0;
    outputs = s.run(p, inputs).outputs;
    for (const auto& one : laws::block_gemm_laws())
      if (one.concerns(s).empty()) ++seen[std::string(one.name)][laws::check_law(one, s).result];
  }
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_gemm_laws)

BOOST_AUTO_TEST_CASE(positive_data_tell_an_accumulator_that_is_emptied_every_128_from_one_that_is_not) {
  for (const std::int64_t k : {512, 1024, 4096})
    for (const dtype out : {dtype::bf16, dtype::f32})
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        block_gemm_problem p;
        p.m = 4, p.n = 16, p.k = p.block_k = k, p.out_type = out;
        const tensor_set inputs = generate::draw_inputs(p, "positive", seed);

        const verdict promoted = judged(shipped().run, p, inputs);
        const verdict never = judged(launch_block_gemm<promotion<1 << 30>>, p, inputs);

        BOOST_TEST((promoted.result == outcome::pass), promoted.message);
        BOOST_TEST((never.result == outcome::fail), k << " " << name_of(out));
        BOOST_TEST(never.metrics.at("bias") < 0);
      }
}

BOOST_AUTO_TEST_CASE(every_regime_makes_products_that_are_finite_and_not_all_zero) {
  for (const std::string_view regime : generate::product_regimes)
    for (std::uint64_t i = 0; i < 60; ++i) {
      const block_gemm_problem p = generate::draw_block_gemm(shipped().contracts[0], regime, 5, i);
      const verdict v = judged(shipped().run, p, generate::draw_inputs(p, regime, i));

      BOOST_TEST((v.result == outcome::pass), regime << " " << to_text(p) << ": " << v.message);
    }
}

BOOST_AUTO_TEST_CASE(laws_of_block_gemm_are_kept_and_can_be_broken) {
  auto kept = outcomes_of(shipped().run);
  BOOST_TEST(kept.size() == laws::block_gemm_laws().size());
  for (auto& [name, by_outcome] : kept) {
    BOOST_TEST(by_outcome[outcome::fail] == 0, name);
    BOOST_TEST(by_outcome[outcome::pass] > 0, name);
  }
  for (auto& [name, by_outcome] : outcomes_of(flips_later))
    BOOST_TEST((by_outcome[outcome::fail] > 0) == (name != "bad_arguments_refused"), name);
}

BOOST_AUTO_TEST_SUITE_END()
