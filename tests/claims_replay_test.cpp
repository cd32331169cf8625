// A verdict that rejects comes with a line that anybody can replay, and it fails there too.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/program_process.hpp"

BOOST_AUTO_TEST_SUITE(claims_replay)

BOOST_AUTO_TEST_CASE(each_counterexample_replays_as_a_failure) {
  const scratch_folder folder;
  const process_end all = run_program({"claims", "--no-figures", "--json", "-"}, folder.path());
  const auto claims = nlohmann::json::parse(all.out).at("claims");

  for (const auto& one : claims) {
    const std::string line = one.at("counterexample"), verdict = one.at("verdict");
    BOOST_TEST_CONTEXT(one.at("id") << ": " << line) {
      BOOST_TEST((verdict == "rejected" || verdict == "conditional") == !line.empty());
      if (!line.empty()) BOOST_TEST(run_program({"replay", line}, folder.path()).code == 1);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
