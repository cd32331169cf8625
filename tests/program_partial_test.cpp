// Promises about runs that do not end as planned: interrupted, killed from outside, too large, cut to a part.
#include <signal.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/program_process.hpp"

namespace {

using nlohmann::json;

std::vector<std::string> saved_in(const scratch_folder& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& e : std::filesystem::directory_iterator(folder.path() + "/build/plumbline/failures", none))
    if (e.path().extension() == ".h5") files.push_back(e.path().string());
  return files;
}

std::vector<std::string> lines_of(const std::string& variant, int n, const std::string& problem) {
  std::vector<std::string> lines;
  for (int i = 0; i < n; ++i)
    lines.push_back("fake.sum/" + variant + ":n=" + problem + ";seed=" + std::to_string(i));
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_partial_runs)

BOOST_AUTO_TEST_CASE(a_failure_is_on_the_disk_before_the_run_ends) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const scratch_folder folder;
    const process_end end = run_until(
        [&] { return !saved_in(folder).empty(); }, number,
        {"verify", "fake/wrong", "--recorded", "no", "--cases", "100000000", "--max-failures", "100000000"},
        folder.path());

    BOOST_TEST(end.code == 128 + number);
    BOOST_TEST(has(end.out, "partial result"));
    BOOST_REQUIRE(saved_in(folder).size() == 1u);
    BOOST_TEST(run_program({"replay", saved_in(folder).front()}, folder.path()).code == 1);
  }
}

BOOST_AUTO_TEST_CASE(what_was_printed_before_a_signal_is_saved_before_the_end) {
  for (const char* slow_seconds : {"0.3", "60"}) {  // the second: longer than is waited for outputs
    const scratch_folder folder;
    const process_end end = run_until(
        [&] { return has(folder.read("stdout.txt"), "FAIL"); }, SIGINT,
        {"verify", "fake/wrong", "--recorded", "no", "--cases", "100000000", "--max-failures", "100000000"},
        folder.path(), {std::string("FAKE_SLOW_RECORD=") + slow_seconds});

    BOOST_TEST(end.code == 130);
    BOOST_TEST(has(end.out, "saved: "));
    BOOST_REQUIRE(saved_in(folder).size() == 1u);
    BOOST_TEST(run_program({"replay", saved_in(folder).front()}, folder.path()).code == 1);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_saved_behind_a_signal_says_so) {
  const scratch_folder folder;
  const process_end end = run_until(
      [&] { return has(folder.read("stdout.txt"), "FAIL"); }, SIGINT,
      {"verify", "fake/wrong", "--recorded", "no", "--cases", "100000000", "--max-failures", "100000000"},
      folder.path(), {"FAKE_SLOW_RECORD=60", "FAKE_SLOW_INPUTS=1"});

  BOOST_TEST(end.code == 130);
  BOOST_TEST(has(end.out, "not saved: fake.sum/wrong f32 agrees_with_truth: the run was ended before"));
  BOOST_TEST(end.seconds < 30);
}

BOOST_AUTO_TEST_CASE(leftovers_of_processes_that_are_gone_are_swept_and_no_others) {
  const scratch_folder folder;
  const std::string out = folder.path() + "/build/plumbline";
  const auto write = [](const std::string& file) {
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << "x";
  };
  const std::string gone = "999999999", alive = std::to_string(::getpid());
  for (const std::string& pid : {gone, alive}) {
    write(out + "/failures/a.h5.writing-" + pid + "-0");
    write(out + "/outputs-" + pid + "/0.h5");
  }
  run_program({"verify", "fake/good", "--recorded", "no", "--cases", "2"}, folder.path());

  BOOST_TEST(!std::filesystem::exists(out + "/failures/a.h5.writing-" + gone + "-0"));
  BOOST_TEST(!std::filesystem::exists(out + "/outputs-" + gone));
  BOOST_TEST(std::filesystem::exists(out + "/failures/a.h5.writing-" + alive + "-0"));
  BOOST_TEST(std::filesystem::exists(out + "/outputs-" + alive));
}

BOOST_AUTO_TEST_CASE(a_replay_that_ends_before_its_first_case_ends_by_its_signal) {
  const scratch_folder folder;
  const process_end end =
      run_until(slow_runs(folder.path(), 1), SIGINT, {"replay", "fake.sum/slow:n=12", "--outputs", "o.h5"},
                folder.path(), {"FAKE_SLOW_RUN=2000"});

  BOOST_TEST(end.code == 130);
  BOOST_TEST(has(end.out, "interrupted, partial result: 0 of 1 case\n"));
}

BOOST_AUTO_TEST_CASE(the_smallest_case_replaces_the_one_that_was_found) {
  const scratch_folder folder;
  run_program({"verify", "fake/wrong", "--recorded", "no", "--cases", "20"}, folder.path());

  BOOST_REQUIRE(saved_in(folder).size() == 1u);
  BOOST_TEST(has(run_program({"replay", saved_in(folder).front()}, folder.path()).out, "n=5;"));
}

BOOST_AUTO_TEST_CASE(an_interrupted_judgement_says_so) {
  const scratch_folder folder;
  std::vector<std::string> arguments = {"replay"};
  for (const std::string& line : lines_of("good", 60, "4")) arguments.push_back(line);
  arguments.insert(arguments.end(), {"--outputs", "o.h5"});
  BOOST_REQUIRE(run_program(arguments, folder.path()).code == 0);

  const process_end end =
      run_until(slow_runs(folder.path(), 3), SIGINT, {"judge", "o.h5", "--json", "j.json", "--jobs", "1"},
                folder.path(), {"FAKE_SLOW_JUDGE=1"});
  const json partial = json::parse(folder.read("j.json"));
  run_program({"judge", "o.h5", "--json", "j.json"}, folder.path());
  const json whole = json::parse(folder.read("j.json"));

  BOOST_TEST(end.code == 130);
  BOOST_TEST(has(end.out, "interrupted, partial result: "));
  BOOST_TEST(partial.at("partial") == true);
  BOOST_TEST(partial.at("cases").size() < 60u);
  BOOST_TEST(whole.at("partial") == false);
  BOOST_TEST(whole.at("cases").size() == 60u);
}

BOOST_AUTO_TEST_CASE(an_interrupted_replay_says_so_and_writes_the_outputs_it_has) {
  const scratch_folder folder;
  std::vector<std::string> arguments = {"replay"};
  for (const std::string& line : lines_of("slow", 100, "12")) arguments.push_back(line);
  arguments.insert(arguments.end(), {"--outputs", "o.h5", "--json", "r.json", "--jobs", "1"});

  const process_end end = run_until(slow_runs(folder.path(), 4), SIGINT, arguments, folder.path());

  BOOST_TEST(end.code == 130);
  BOOST_TEST(has(end.out, "interrupted, partial result: "));
  const json all = json::parse(folder.read("r.json"));
  BOOST_TEST(all.at("partial") == true);
  BOOST_TEST(all.at("cases").size() > 0u);
  BOOST_TEST(all.at("cases").size() < 100u);
  BOOST_TEST(run_program({"judge", "o.h5"}, folder.path()).code == 0);
}

BOOST_AUTO_TEST_CASE(what_stops_after_its_failures_does_not_depend_on_the_number_of_workers) {
  const auto run = [](const char* jobs) {
    const scratch_folder folder;
    const process_end end = run_program({"verify", "fake/wrong", "--recorded", "no", "--cases", "400",
                                         "--max-failures", "50", "--json", "r.json", "--jobs", jobs},
                                        folder.path());
    json all = json::parse(folder.read("r.json"));
    for (json& row : all.at("variants")) row.erase("seconds");
    const std::size_t smallest = end.out.find("smallest after");
    return std::tuple(all.at("variants"), all.at("failures"), end.out.substr(smallest, 40));
  };
  const auto one = run("1"), two = run("2"), five = run("5");

  BOOST_TEST(std::get<0>(one).at(0).at("fail") == 50);
  BOOST_TEST((one == two));
  BOOST_TEST((one == five));
}

BOOST_AUTO_TEST_CASE(a_worker_killed_from_outside_is_no_failure_of_the_kernel) {
  const scratch_folder folder;
  const process_end once = run_program(
      {"verify", "fake/killed", "--recorded", "no", "--cases", "20", "--json", "r.json"}, folder.path());
  const json row = json::parse(folder.read("r.json")).at("variants").at(0);
  const process_end always =
      run_program({"verify", "fake/always_killed", "--recorded", "no", "--cases", "20"}, folder.path());

  BOOST_TEST(once.code == 1);
  BOOST_TEST(row.at("fail") == 0);
  BOOST_TEST(row.at("mistrusted") == 1);
  BOOST_TEST(row.at("pass") == 19);
  BOOST_TEST(has(once.out, "worker was killed (out of memory?); run again alone, the case passes"));
  BOOST_TEST(always.code == 1);
  BOOST_TEST(has(always.out, "worker was killed twice"));
  BOOST_TEST(!has(always.out, "FAIL"));
  BOOST_TEST(saved_in(folder).empty());
}

BOOST_AUTO_TEST_CASE(a_case_larger_than_memory_is_refused_in_one_line) {
  const scratch_folder folder;
  const process_end end = run_program({"replay", "fake.sum/good:n=1000000"}, folder.path());

  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.err, "needs about 9.31e+08 GiB"));
  BOOST_TEST(end.out.empty());
}

BOOST_AUTO_TEST_CASE(a_case_that_was_never_drawn_offers_no_line_to_replay) {
  const scratch_folder folder;
  const process_end end = run_program(
      {"verify", "fake/good", "--recorded", "no", "--cases", "2", "--dtype", "f32", "--case-timeout", "1e-9"},
      folder.path());

  BOOST_TEST(end.code == 1);
  BOOST_TEST(has(end.out, "while it was drawn"));
  BOOST_TEST(!has(end.out, "plumbline replay"));
}

BOOST_AUTO_TEST_CASE(rows_that_a_filter_takes_out_are_named) {
  const scratch_folder folder;
  const process_end end = run_program(
      {"verify", "fake", "--recorded", "no", "--cases", "2", "--dtype", "bf16", "--json", "r.json"},
      folder.path());

  BOOST_TEST(end.code == 0);
  BOOST_TEST(has(end.out, "fake.sum/wrong: takes no bf16"));
  BOOST_TEST(json::parse(folder.read("r.json")).at("left_out").size() == 12u);
}

BOOST_AUTO_TEST_CASE(one_case_of_a_file_is_judged_or_replayed_by_its_path_whatever_the_file_is_called) {
  const scratch_folder folder;
  const std::string path = folder.path();
  run_program({"replay", "fake.sum/good:n=4", "fake.sum/good:n=6", "--outputs", "results.dat"}, path);

  BOOST_TEST(has(run_program({"judge", "results.dat#/sum/case1"}, path).out, "1 pass, 0 fail"));
  BOOST_TEST(has(run_program({"judge", "results.dat#/sum"}, path).out, "2 pass, 0 fail"));
  BOOST_TEST(run_program({"judge", "results.dat#/sum/nosuch"}, path).code == 2);
  BOOST_TEST(run_program({"replay", "results.dat#/sum/case1"}, path).code == 0);
  BOOST_TEST(run_program({"replay", "results.dat"}, path).code == 0);
}

BOOST_AUTO_TEST_CASE(a_file_in_which_nothing_could_be_judged_is_no_success) {
  const scratch_folder folder;
  const std::string path = folder.path();
  run_program({"verify", "fake/crash", "--recorded", "no", "--cases", "20"}, path);  // saved without outputs
  BOOST_REQUIRE(saved_in(folder).size() == 1u);

  const process_end end = run_program({"judge", saved_in(folder).front()}, path);

  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.out, "nothing judged: holds no outputs: replay it"));
}

BOOST_AUTO_TEST_SUITE_END()
