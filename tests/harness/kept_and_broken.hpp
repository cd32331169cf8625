// Laws of one function, held by its right kernel and broken by planted ones.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "kernels/core/variants_of.hpp"
#include "properties/laws/subject.hpp"

namespace plumbline::planted {

template <class Problem>
const variant<Problem>& right() {
  return variants_of<Problem>(side::host)[0];
}

/// How often each law said what.
using counts = std::map<std::string, std::map<outcome, int>>;
inline int calls = 0;  // of the kernel, in the case under way

template <class Problem>
using run_function = void (*)(const Problem&, const kernel_arguments&, launcher&);

/// From the second call on the first byte of every output is another one.
template <class Problem>
void flips_later(const Problem& p, const kernel_arguments& a, launcher& place) {
  right<Problem>().run(p, a, place);
  if (++calls < 2) return;
  for (const char* name :
       {"out", "k_cache", "num_splits", "conv_states", "conv_state", "states", "q", "posterior", "attended"})
    if (const tensor_view t = a.out(name); t && t.shape[0] > 0) *static_cast<std::uint8_t*>(t.data) ^= 1;
}

/// Sixty cases under every law that concerns them.  `draw(i)` is a problem, `inputs(problem, i)` its inputs.
template <class Problem, class Draw, class Inputs>
counts outcomes_of(run_function<Problem> run, Draw draw, Inputs inputs_of,
                   std::span<const laws::law<Problem>> all) {
  variant<Problem> row = right<Problem>();
  row.run = run;
  counts seen;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Problem p = draw(i);
    if (!row.domain(p).empty()) continue;
    BOOST_REQUIRE_NO_THROW(check(p));
    const tensor_set inputs = inputs_of(p, i);
    tensor_set outputs;
    calls = 0;
    const laws::subject<Problem> s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    auto first = s.run(p, inputs);
    BOOST_REQUIRE_MESSAGE(!first.why_not, to_text(p)
                                              << ": " << (first.why_not ? first.why_not->message : ""));
    outputs = std::move(first.outputs);
    for (const auto& one : all) {
      if (!one.concerns(s).empty()) continue;
      calls = 1;
      const law_result result = laws::check_law(one, s);
      ++seen[std::string(one.name)][result.result];
      if (run == right<Problem>().run)
        BOOST_TEST((result.result != outcome::fail), one.name << " " << to_text(p) << ": " << result.message);
    }
  }
  return seen;
}

/// Every law is kept by the right kernel and sees some case pass; all but `spared` are broken by one that
/// changes from call to call.
template <class Problem, class Draw, class Inputs>
void require_kept_and_broken(Draw draw, Inputs inputs_of, std::span<const laws::law<Problem>> all,
                             std::initializer_list<std::string_view> spared) {
  counts kept = outcomes_of<Problem>(right<Problem>().run, draw, inputs_of, all);
  BOOST_TEST(kept.size() == all.size());
  for (auto& [name, by_outcome] : kept) BOOST_TEST(by_outcome[outcome::pass] > 0, name);

  counts broken = outcomes_of<Problem>(flips_later<Problem>, draw, inputs_of, all);
  for (auto& [name, by_outcome] : broken) {
    const bool expected = std::find(spared.begin(), spared.end(), name) == spared.end();
    BOOST_TEST((by_outcome[outcome::fail] > 0) == expected, name);
  }
}

/// That law is broken by this kernel in some case.
template <class Problem, class Draw, class Inputs>
bool breaks(std::string_view law, run_function<Problem> run, Draw draw, Inputs inputs_of,
            std::span<const laws::law<Problem>> all) {
  counts seen = outcomes_of<Problem>(run, draw, inputs_of, all);
  return seen[std::string(law)][outcome::fail] > 0;
}

}  // namespace plumbline::planted
