// Verdicts of what was proposed upstream; one that rejects comes with a line that fails when it is replayed.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/program_process.hpp"

BOOST_AUTO_TEST_SUITE(claims)

BOOST_AUTO_TEST_CASE(verdicts_are_on_record_and_each_counterexample_replays_as_a_failure) {
  const scratch_folder folder;
  const process_end all = run_program({"claims", "--no-figures", "--json", "-"}, folder.path());
  const auto claims = nlohmann::json::parse(all.out).at("claims");

  BOOST_TEST(all.code == 0, all.err);
  BOOST_TEST(claims.size() > 10u);
  for (const auto& one : claims) {
    const std::string line = one.at("counterexample"), verdict = one.at("verdict");
    BOOST_TEST_CONTEXT(one.at("id") << ": " << line) {
      BOOST_TEST(one.at("as_expected") == true);
      BOOST_TEST((verdict == "rejected" || verdict == "conditional") == !line.empty());
      if (!line.empty()) BOOST_TEST(run_program({"replay", line}, folder.path()).code == 1);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
