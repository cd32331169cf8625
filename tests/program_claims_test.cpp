// Promises of the verb claims, with subjects that are right, wrong, or wrong in a way that nobody sees.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/program_process.hpp"

namespace {

using nlohmann::json;

struct claims_end {
  process_end end;
  json claims;
};
claims_end claims_of(const std::vector<std::string>& ids) {
  const scratch_folder folder;
  std::vector<std::string> arguments = {"claims", "--json", "-"};
  arguments.insert(arguments.end(), ids.begin(), ids.end());
  claims_end all = {run_program(arguments, folder.path()), {}};
  all.claims = json::parse(all.end.out).at("claims");
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_claims)

BOOST_AUTO_TEST_CASE(verdicts_are_those_of_the_subjects) {
  const claims_end all = claims_of({"right", "wrong", "kept", "words"});

  BOOST_TEST(all.end.code == 0);
  BOOST_REQUIRE(all.claims.size() == 4u);
  BOOST_TEST(all.claims[0].at("verdict") == "accepted");
  BOOST_TEST(all.claims[0].at("counterexample") == "");
  BOOST_TEST(all.claims[1].at("verdict") == "rejected");
  BOOST_TEST(all.claims[1].at("repaired") == "accepted");
  BOOST_TEST(all.claims[2].at("verdict") == "conditional");
  BOOST_TEST(all.claims[2].at("condition") == "n is small");
  BOOST_TEST(all.claims[3].at("verdict") == "not_executable");
}

BOOST_AUTO_TEST_CASE(the_counterexample_is_the_smallest_and_replays) {
  const claims_end all = claims_of({"wrong"});
  const std::string line = all.claims[0].at("counterexample");
  const scratch_folder folder;

  BOOST_TEST(has(line, "claims.sum/wrong:n=5;"));
  BOOST_TEST(run_program({"replay", line}, folder.path()).code == 1);
}

BOOST_AUTO_TEST_CASE(another_verdict_than_that_on_record_fails) {
  const claims_end all = claims_of({"other"});

  BOOST_TEST(all.end.code == 1);
  BOOST_TEST(all.claims[0].at("verdict") == "rejected");
  BOOST_TEST(all.claims[0].at("as_expected") == false);
}

BOOST_AUTO_TEST_CASE(an_acceptance_that_could_not_have_failed_is_mistrusted) {
  for (const char* id : {"blind", "alone", "never", "absent"}) {
    const claims_end all = claims_of({id});

    BOOST_TEST_CONTEXT(id) {
      BOOST_TEST(all.end.code == 1);
      BOOST_TEST(all.claims[0].at("verdict") == "mistrusted");
      BOOST_TEST(all.claims[0].at("message") != "");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_id_means_its_parts_too) {
  const claims_end all = claims_of({"alone"}), part = claims_of({"alone-in_words"});

  BOOST_TEST(all.claims.size() == 2u);
  BOOST_TEST(part.claims.size() == 1u);
}

BOOST_AUTO_TEST_CASE(figures_are_left_out_on_demand) {
  const scratch_folder folder;

  BOOST_TEST(has(run_program({"claims"}, folder.path()).out, "3 us"));
  const process_end end = run_program({"claims", "--no-figures"}, folder.path());
  BOOST_TEST(!has(end.out, "3 us"));
  BOOST_TEST(has(end.out, "out of scope"));
}

BOOST_AUTO_TEST_CASE(a_narrow_page_is_kept_and_lines_to_paste_stay_whole) {
  const scratch_folder folder;
  std::stringstream text(run_program({"claims"}, folder.path(), {"COLUMNS=40"}).out);
  int pasted = 0;
  for (std::string line; std::getline(text, line);) {
    const bool to_paste = has(line, "    plumbline replay '");
    pasted += to_paste;
    BOOST_TEST((to_paste ? line.back() == '\'' : line.size() <= 40), line);
  }
  BOOST_TEST(pasted > 0);
}

BOOST_AUTO_TEST_CASE(verify_and_list_do_not_know_subjects) {
  const scratch_folder folder;

  BOOST_TEST(run_program({"verify", "claims"}, folder.path()).code == 2);
  BOOST_TEST(!has(run_program({"list"}, folder.path()).out, "claims.sum"));
}

BOOST_AUTO_TEST_CASE(an_unknown_claim_is_bad_usage) {
  const scratch_folder folder;
  const process_end end = run_program({"claims", "S99"}, folder.path());

  BOOST_TEST(end.code == 2);
  BOOST_TEST(has(end.err, "plumbline: ID: expected one of right, wrong"));
}

BOOST_AUTO_TEST_CASE(a_signal_ends_it_with_the_partial_result) {
  const scratch_folder folder;
  const process_end end =
      run_until(slow_runs(folder.path(), 1), SIGINT,
                {"claims", "slow", "words", "--cases", "100000", "--json", "-"}, folder.path());

  BOOST_TEST(end.code == 130);
  const json partial = json::parse(end.out);
  BOOST_TEST(partial.at("partial") == true);
  BOOST_REQUIRE(partial.at("claims").size() == 1u);
  BOOST_TEST(partial.at("claims")[0].at("id") == "words");
}

BOOST_AUTO_TEST_SUITE_END()
