// block_gemm on one executor: the shipped kernel promotes every 128 columns, and one that does not is seen.
#include "tests/quantize_kernels.hpp"

#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/block_gemm_kernel.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

block_gemm_problem gemm_from(const char* text) { return parse_block_gemm(keyed_text(text)); }

tensor_set operands(const block_gemm_problem& p, std::uint64_t seed, bool one_sign) {
  random_stream draw(seed, "gemm");
  const std::int64_t blocks = (p.k + p.block_k - 1) / p.block_k;
  tensor_set inputs;
  inputs.set("a", matrix(p.code, p.m, p.k));
  inputs.set("b", matrix(p.code, p.n, p.k));
  inputs.set("a_scale", matrix(dtype::f32, p.m, blocks));
  inputs.set("b_scale", matrix(dtype::f32, (p.n + p.block_n - 1) / p.block_n, blocks));
  for (const char* name : {"a", "b"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i) {
      const double x = std::fmin(448, std::fabs(draw.normal()) * 100);
      inputs.at(name).set_value(i, one_sign || draw.chance(0.5) ? x : -x);
    }
  for (const char* name : {"a_scale", "b_scale"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i)
      inputs.at(name).set_value(i, std::ldexp(1 + draw.normal() * draw.normal(), -8));
  return inputs;
}

// The largest share of what a promoted accumulator may lose.  Drift is declared as 1.5e-3 sb and random parts
// as 6e-5 s1 / sqrt(blocks), 7.5 deviations of them (quantize_reference_gemm_test.cpp); the last rounding is
// the output type's own.
double worst(const block_gemm_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  const block_gemm_truth truth = block_gemm(p, inputs);
  const std::vector<double> out = outputs.at("out").values();
  double most = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double promotions = std::fmax(1, std::ceil(static_cast<double>(p.k) / 128)),
                 allowed = 1.5e-3 * truth.sb[i] + 7.5 * 6e-5 / std::sqrt(promotions) * truth.s1[i] +
                           unit_roundoff(p.out_type) * std::fabs(truth.out[i]),
                 error = std::fabs(out[i] - truth.out[i]);
    most = error <= allowed * most ? most : error / allowed;
  }
  return most;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_kernels_gemm)

BOOST_AUTO_TEST_CASE(products_agree_with_the_truth_at_every_edge_of_blocks_and_tiles) {
  for (const auto& row : variants_of<block_gemm_problem>(where))
    for (const char* text : {"m=1,n=128,k=128,out_type=f32", "m=65,n=70,k=256,out_type=f32", "m=3,n=5,k=7",
                             "m=64,n=64,k=0", "m=0,n=64,k=128", "m=7,n=130,k=320,out_type=f16,block_n=32",
                             "m=5,n=9,k=300,block_k=100,block_n=4,out_type=f32",
                             "m=4,n=64,k=1024,block_k=512,out_type=f32", "m=2,n=3,k=48,block_k=16"})
      BOOST_TEST_CONTEXT(row.name << " " << text) {
        const block_gemm_problem p = gemm_from(text);
        tensor_set inputs = operands(p, 1, false);
        BOOST_TEST_REQUIRE(row.domain(p) == "");

        const tensor_set outputs = run_row(row, p, inputs, poisoned(make_outputs(p)));

        BOOST_TEST(worst(p, inputs, outputs) <= 1);
      }
}

BOOST_AUTO_TEST_CASE(an_accumulator_that_is_never_emptied_drifts_on_data_of_one_sign) {
  const block_gemm_problem p = gemm_from("m=4,n=8,k=4096,block_k=4096,out_type=f32");
  tensor_set inputs = operands(p, 2, true);
  const auto& shipped = variants_of<block_gemm_problem>(where).front();

  const tensor_set promoted = run_row(shipped, p, inputs, poisoned(make_outputs(p)));

  BOOST_TEST(worst(p, inputs, promoted) <= 1);
  if (where != side::host) return;  // the other one is compiled for the host alone
  variant<block_gemm_problem> never = shipped;
  never.name = "block_gemm_unpromoted";
  never.run = launch_block_gemm<promotion<1 << 30>>;
  BOOST_TEST(worst(p, inputs, run_row(never, p, inputs, poisoned(make_outputs(p)))) > 2);
}

BOOST_AUTO_TEST_CASE(one_block_of_small_integers_is_exact) {
  const block_gemm_problem p = gemm_from("m=70,n=66,k=128,out_type=f32");
  random_stream draw(3, "integers");
  tensor_set inputs = operands(p, 3, false);
  for (const char* name : {"a", "b"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i)
      inputs.at(name).set_value(i, static_cast<double>(draw.integer(-2, 2)));
  for (const char* name : {"a_scale", "b_scale"})
    for (std::int64_t i = 0; i < inputs.at(name).size(); ++i)
      inputs.at(name).set_value(i, std::ldexp(1, static_cast<int>(i % 5)));

  const tensor_set outputs =
      run_row(variants_of<block_gemm_problem>(where).front(), p, inputs, poisoned(make_outputs(p)));

  BOOST_TEST(outputs.at("out").values() == block_gemm(p, inputs).out, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
