// Batches larger than the second axis of a CUDA grid, which ends at 65535.
#include <boost/test/unit_test.hpp>

#include "kernels/core/variants_of.hpp"
#include "tests/flash_decode_naive.hpp"

namespace fd = plumbline::flash_decode;
using plumbline::side;

namespace {

constexpr std::int64_t sequences = 65536 + 3;

/// Runs a variant on the host, gives its outputs.
template <class Problem>
plumbline::tensor_set run(const plumbline::variant<Problem>& row, const Problem& problem,
                          plumbline::tensor_set inputs, plumbline::tensor_set outputs) {
  std::string why_not;
  const auto on = plumbline::make_executor("host", why_not);
  const auto fault = on->run([&](const auto& args, auto& launcher) { row.run(problem, args, launcher); },
                             inputs, outputs, {});
  if (fault) BOOST_FAIL(fault->message);
  return outputs;
}

template <class Problem>
Problem one_key_a_sequence() {
  Problem problem;
  problem.b = problem.batch_cache = sequences;
  problem.d = problem.dv = 16;
  problem.capacity = 1;
  return problem;
}

BOOST_AUTO_TEST_SUITE(flash_decode_grid)

BOOST_AUTO_TEST_CASE(every_attend_variant_takes_a_large_batch) {
  int taken = 0;
  for (const auto& row : variants_of<fd::attend_problem>(side::host)) {
    auto problem = one_key_a_sequence<fd::attend_problem>();
    problem.type = row.contracts.front().in;
    problem.cache_seqlens.assign(sequences, 1);
    problem.num_splits = 1;
    if (!row.domain(problem).empty()) continue;
    ++taken;
    auto inputs = fd::naive::make_inputs(problem, 1);
    for (std::int64_t n = 0; n < sequences; ++n) {
      inputs.at("v_cache").set_value(16 * n, n % 2 ? 2 : -2);
      if (inputs.has("v_descale")) inputs.at("v_descale").set_value(n, 1);
    }

    const auto outputs = run(row, problem, inputs, fd::make_outputs(problem));

    for (std::int64_t n = 65530; n < sequences; ++n)
      BOOST_TEST(outputs.at("out").value(16 * n) == (n % 2 ? 2 : -2), row.name << ", sequence " << n);
  }
  BOOST_TEST(taken > 0);
}

BOOST_AUTO_TEST_CASE(append_takes_a_large_batch) {
  auto problem = one_key_a_sequence<fd::append_problem>();
  problem.cache_seqlens.assign(sequences, 0);
  problem.sq = problem.sn = 1;
  const auto inputs = fd::naive::make_inputs(problem, 1);

  const auto outputs = run(variants_of<fd::append_problem>(side::host).front(), problem, inputs,
                           fd::make_outputs(problem, inputs));

  for (std::int64_t n = 65530; n < sequences; ++n)
    BOOST_TEST(outputs.at("k_cache").code(16 * n) == inputs.at("k_new").code(16 * n), "sequence " << n);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
