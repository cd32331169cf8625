// Probes can answer: every pair of alternatives differs on some vector, and the host, asked, says what the
// model says.
#include <boost/test/unit_test.hpp>
#include <set>

#include "kernels/host/host_executor.hpp"
#include "kernels/probe/probe.hpp"

namespace plumbline {

using probe::every_probe;

BOOST_AUTO_TEST_SUITE(tensor_core_probe)

BOOST_AUTO_TEST_CASE(every_probe_has_a_name_of_its_own_a_question_and_a_choice) {
  std::set<std::string> names;
  for (const probe::probe& p : every_probe()) {
    BOOST_TEST(names.insert(p.name).second, p.name);
    BOOST_TEST(!p.question.empty());
    BOOST_TEST(p.alternatives.size() >= 2u, p.name);
  }
  BOOST_TEST(names.size() > 40u);
}

BOOST_AUTO_TEST_CASE(any_two_alternatives_differ_on_some_vector) {
  for (const probe::probe& p : every_probe())
    for (std::size_t i = 0; i < p.alternatives.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        bool differ = false;
        for (const probe::vector& v : p.vectors)
          differ = differ || p.alternatives[i].predict(v) != p.alternatives[j].predict(v);
        BOOST_TEST(differ, p.name << ": '" << p.alternatives[i].name << "' and '" << p.alternatives[j].name
                                  << "' agree everywhere");
      }
}

BOOST_AUTO_TEST_CASE(the_host_answers_as_the_model_and_no_other_way) {
  host_executor host;
  for (const probe::probe& p : every_probe()) {
    const probe::answer a = ask(p, host);
    BOOST_REQUIRE_MESSAGE(a.got.why_not.empty(), p.name + ": " + a.got.why_not);
    const std::vector<std::string> matched = a.matched(p);
    BOOST_TEST(matched.size() == 1u, p.name);
    BOOST_TEST((!matched.empty() && matched[0] == p.alternatives[0].name), p.name);
  }
}

BOOST_AUTO_TEST_CASE(a_host_of_another_generation_answers_otherwise) {
  host_executor ampere("sm_80");
  for (const probe::probe& p : every_probe()) {
    if (p.name != "rule_mma_bf16_k16" && p.name != "rule_wgmma_bf16") continue;
    const probe::answer a = ask(p, ampere);
    BOOST_TEST(a.matched(p).empty());
    BOOST_TEST(a.got.why_not.empty() == !p.what.warpgroup);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
