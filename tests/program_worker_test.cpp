// Promises about workers: what a kernel does to its process costs one case, and is named.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/program_process.hpp"

namespace {

using nlohmann::json;

process_end verify(const scratch_folder& folder, const std::string& row,
                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {"verify", row, "--recorded", "no", "--json", "r.json"};
  all.insert(all.end(), more.begin(), more.end());
  return run_program(all, folder.path());
}

json row_of(const scratch_folder& folder) { return json::parse(folder.read("r.json")).at("variants").at(0); }

std::size_t files_in(const std::string& folder) {
  std::size_t n = 0;
  std::error_code none;
  for (const auto& e : std::filesystem::directory_iterator(folder, none)) n += e.path().extension() == ".h5";
  return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_workers)

BOOST_AUTO_TEST_CASE(a_crash_costs_its_case_and_names_the_signal) {
  const scratch_folder folder;
  const process_end end = verify(folder, "fake/crash", {"--cases", "40"});

  const json row = row_of(folder);
  BOOST_TEST(end.code == 1);
  BOOST_TEST(row.at("cases") == 40);
  BOOST_TEST(row.at("fail") == 2);  // n = 13 twice in 40 draws
  BOOST_TEST(row.at("pass") == 38);
  BOOST_TEST(has(end.out, "signal 6"));
  BOOST_TEST(has(end.out, "assertion failed: n != 13"));
  BOOST_TEST(has(end.out, "plumbline replay 'plumbline1:fake.sum/crash:n=13"));
}

BOOST_AUTO_TEST_CASE(an_exit_costs_its_case_and_names_the_code) {
  const scratch_folder folder;
  const process_end end = verify(folder, "fake/exit", {"--cases", "40"});

  BOOST_TEST(end.code == 1);
  BOOST_TEST(row_of(folder).at("pass") == 38);
  BOOST_TEST(has(end.out, "exit code 7"));
}

BOOST_AUTO_TEST_CASE(a_hang_costs_its_case_after_the_time_limit) {
  const scratch_folder folder;
  const process_end end = verify(folder, "fake/hang", {"--cases", "20", "--case-timeout", "0.3"});

  BOOST_TEST(end.code == 1);
  BOOST_TEST(row_of(folder).at("pass") == 19);
  BOOST_TEST(has(end.out, "no answer within 0.3 s"));
  BOOST_TEST(end.seconds < 10);
}

BOOST_AUTO_TEST_CASE(what_a_kernel_prints_does_no_harm) {
  const scratch_folder folder;
  const process_end end = verify(folder, "fake/noisy", {"--cases", "40"});

  BOOST_TEST(end.code == 0);
  BOOST_TEST(row_of(folder).at("pass") == 40);
  BOOST_TEST(!has(end.out, "own words"));
}

BOOST_AUTO_TEST_CASE(the_case_is_printed_before_it_is_shrunk_and_the_smallest_is_saved) {
  const scratch_folder folder;
  const process_end end = verify(folder, "fake/wrong", {"--cases", "20"});

  const std::size_t printed = end.out.find("FAIL"), shrunk = end.out.find("smallest failing case");
  BOOST_TEST(end.code == 1);
  BOOST_TEST(printed != std::string::npos);
  BOOST_TEST(printed < shrunk);
  BOOST_TEST(has(end.out, "plumbline replay 'plumbline1:fake.sum/wrong:n=5"));
  BOOST_TEST(files_in(folder.path() + "/build/plumbline/failures") == 1u);
}

BOOST_AUTO_TEST_CASE(a_saved_failure_leaves_when_it_fails_no_longer_even_where_it_shows_nothing_else) {
  for (const char* how : {"right", "zero"}) {
    const scratch_folder folder;
    verify(folder, "fake/wrong", {"--cases", "20"});
    run_program({"verify", "fake/wrong", "--recorded", "no", "--json", "r.json", "--cases", "1"},
                folder.path(), {"FAKE_MENDED=" + std::string(how)});

    BOOST_TEST(json::parse(folder.read("r.json")).at("replayed").at(0).at("verdict") == "pass");
    BOOST_TEST(files_in(folder.path() + "/build/plumbline/failures") == 0u);
    BOOST_TEST(files_in(folder.path() + "/build/plumbline/fixed") == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_saved_failure_is_replayed_first_and_stays_while_it_fails) {
  const scratch_folder folder;
  verify(folder, "fake/wrong", {"--cases", "20"});
  const std::string failures = folder.path() + "/build/plumbline/failures";
  const std::string file = std::filesystem::directory_iterator(failures)->path().string();

  const process_end again = verify(folder, "fake/wrong", {"--cases", "1"});
  BOOST_TEST(again.code == 1);
  BOOST_TEST(json::parse(folder.read("r.json")).at("replayed").at(0).at("verdict") == "fail");
  BOOST_TEST(files_in(failures) == 1u);

  const process_end other = verify(folder, "fake/good", {"--cases", "1"});
  BOOST_TEST(other.code == 0);
  BOOST_TEST(files_in(failures) == 1u);

  const process_end replayed = run_program({"replay", file}, folder.path());
  BOOST_TEST(replayed.code == 1);
  BOOST_TEST(has(replayed.out, "n=5"));
}

BOOST_AUTO_TEST_CASE(no_time_and_no_steps_mean_no_shrinking) {
  const scratch_folder folder;
  const process_end end = verify(folder, "fake/wrong", {"--cases", "20", "--shrink-steps", "0"});

  BOOST_TEST(end.code == 1);
  BOOST_TEST(!has(end.out, "smallest after"));
  BOOST_TEST(files_in(folder.path() + "/build/plumbline/failures") == 1u);
}

BOOST_AUTO_TEST_CASE(an_interrupt_prints_the_partial_result_and_leaves_no_worker) {
  for (const int number : {SIGINT, SIGTERM}) {
    const scratch_folder folder;
    const process_end end = run_until(
        slow_runs(folder.path(), 6), number,
        {"verify", "fake/slow", "--recorded", "no", "--cases", "100000", "--json", "r.json"}, folder.path());

    const json row = row_of(folder);
    BOOST_TEST(end.code == 128 + number);
    BOOST_TEST(has(end.out, "partial result"));
    BOOST_TEST(row.at("cases") > 0);
    BOOST_TEST(row.at("cases") < 100000);
    BOOST_TEST(end.seconds < 5);
  }
}

BOOST_AUTO_TEST_CASE(results_do_not_depend_on_the_number_of_workers) {
  const auto rows = [](const std::string& jobs) {
    const scratch_folder folder;
    verify(folder, "fake", {"--cases", "20", "--jobs", jobs, "--case-timeout", "2", "--shrink-steps", "0"});
    json all = json::parse(folder.read("r.json"));
    for (json& row : all.at("variants")) row.erase("seconds");
    return std::pair(all.at("variants"), all.at("laws"));
  };
  const auto one = rows("1"), two = rows("2"), five = rows("5");

  BOOST_TEST(one.first == two.first);
  BOOST_TEST(one.second == two.second);
  BOOST_TEST(one.first == five.first);
}

BOOST_AUTO_TEST_CASE(shards_share_the_cases) {
  const scratch_folder folder;
  std::int64_t all = 0;
  for (const char* part : {"1/3", "2/3", "3/3"}) {
    verify(folder, "fake.sum/good", {"--dtype", "f32", "--cases", "100", "--shard", part});
    all += row_of(folder).at("cases").get<std::int64_t>();
  }

  BOOST_TEST(all == 100);
}

BOOST_AUTO_TEST_SUITE_END()
