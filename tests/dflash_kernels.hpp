// Running rows of dflash's tables, and calls drawn for tests of the kernels.
#pragma once

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "tests/dflash_data.hpp"

#ifndef PLUMBLINE_TEST_EXECUTOR
#define PLUMBLINE_TEST_EXECUTOR "host"
#endif

namespace plumbline::dflash::called {

inline constexpr std::string_view executor_name = PLUMBLINE_TEST_EXECUTOR;
inline constexpr side where = executor_name == "gpu"       ? side::gpu
                              : executor_name == "checked" ? side::checked
                                                           : side::host;

inline executor& test_executor() {
  static const std::unique_ptr<executor> on = [] {
    std::string why_not;
    auto made = make_executor(executor_name, why_not);
    BOOST_TEST_REQUIRE(made != nullptr, why_not);
    return made;
  }();
  return *on;
}

/// The row of that name on the executor of the test.
template <class Problem>
const variant<Problem>& row_named(std::string_view name) {
  for (const auto& row : variants_of<Problem>(where))
    if (row.name == name) return row;
  BOOST_FAIL("no variant " << name);
  std::abort();
}

/// Outputs of a call: what is updated in place as the inputs have it, all others poisoned.
template <class Problem>
tensor_set outputs_of(const Problem& p, const tensor_set& inputs) {
  tensor_set outputs;
  if constexpr (requires { make_outputs(p, inputs); })
    outputs = make_outputs(p, inputs);
  else
    outputs = make_outputs(p);
  for (auto& [name, value] : outputs)
    if (inputs.find(name) == nullptr) value.poison(0xff);
  return outputs;
}

template <class Problem>
tensor_set run_row(const variant<Problem>& row, const Problem& p, tensor_set& inputs,
                   const run_options& options = {}) {
  BOOST_TEST_REQUIRE(row.domain(p) == "");
  check(p, inputs);
  tensor_set outputs = outputs_of(p, inputs);
  const auto fault = test_executor().run(
      [&](const auto& args, auto& launcher) { row.run(p, args, launcher); }, inputs, outputs, options);
  BOOST_TEST_REQUIRE(!fault, row.name << " on " << to_text(p) << ": " << (fault ? fault->message : ""));
  return outputs;
}

inline void require_same(const tensor_set& a, const tensor_set& b) {
  for (const auto& entry : a)
    BOOST_TEST(same_elements(entry.value, b.at(entry.name)), entry.name << " differs");
}

}  // namespace plumbline::dflash::called
