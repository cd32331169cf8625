// Promises of the program: exit codes, help, lists, and what is said where nothing can be run.
#include <sys/stat.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/program_process.hpp"

BOOST_AUTO_TEST_SUITE(program)

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_one_line_and_one_code_whatever_is_wrong_with_it) {
  const scratch_folder folder;
  const std::string path = folder.path();
  std::ofstream(path + "/text.h5") << "no HDF5";
  std::ofstream(path + "/empty.h5");
  std::ofstream(path + "/arrays.npz") << "PK\3\4";
  BOOST_REQUIRE(mkfifo((path + "/pipe.h5").c_str(), 0600) == 0);
  for (const char* file : {"nosuch.h5", ".", "text.h5", "empty.h5", "pipe.h5", "arrays.npz"})
    for (const char* verb : {"judge", "replay", "explain"}) {
      const process_end end = run_program({verb, file}, path);

      BOOST_TEST_CONTEXT(verb << " " << file << ": " << end.err) {
        BOOST_TEST(end.code == 3);
        BOOST_TEST(end.out.empty());
        BOOST_TEST(lines(end.err) == 1u);
        BOOST_TEST(has(end.err, verb == std::string("judge") ? "FILE: expected" : "CASE: expected"));
        BOOST_TEST(has(end.err, "plumbline fixtures record") == (file == std::string("arrays.npz")));
      }
    }
  const std::string line = "fake.sum/good:n=3;recorded=" + path;
  for (const char* file : {"/nosuch.h5#/sum/a", "/text.h5#/sum/a", "/pipe.h5#/sum/a"}) {
    const process_end end = run_program({"replay", line + file}, path);

    BOOST_TEST_CONTEXT(file << ": " << end.err) {
      BOOST_TEST(end.code == 3);
      BOOST_TEST(end.out.empty());
      BOOST_TEST(lines(end.err) == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_judged_nothing_could_not_run_and_says_why) {
  const scratch_folder folder;
  const auto verify = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"verify", "fake/good", "--dtype", "f32", "--recorded", "no"});
    return run_program(more, folder.path());
  };
  const process_end empty = verify({"--cases", "1", "--shard", "2/2"});
  const process_end skipped = run_program({"replay", "fake.sum/never:n=3"}, folder.path());

  BOOST_TEST(empty.code == 3);
  BOOST_TEST(has(empty.out, "nothing judged: shard 2/2 of 1 case is empty"));
  BOOST_TEST(verify({"--cases", "1", "--shard", "1/2"}).code == 0);
  BOOST_TEST(skipped.code == 3);
  BOOST_TEST(has(skipped.out, "nothing judged: every variant skipped"));
}

BOOST_AUTO_TEST_CASE(the_program_names_its_version) {
  const scratch_folder folder;
  const process_end end = run_program({"--version"}, folder.path());

  BOOST_TEST(end.code == 0);
  BOOST_TEST(end.out.rfind("plumbline 1, commit ", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(every_verb_has_help_with_an_example) {
  const scratch_folder folder;
  for (const char* verb : {"list", "verify", "replay", "judge"}) {
    const process_end end = run_program({verb, "--help"}, folder.path());

    BOOST_TEST(end.code == 0);
    BOOST_TEST(has(end.out, "Example"));
    BOOST_TEST(has(end.out, std::string("plumbline ") + verb));
  }
}

BOOST_AUTO_TEST_CASE(exit_codes_say_pass_failure_mistrust_and_could_not_run) {
  const scratch_folder folder;
  const auto verify = [&](const std::string& row, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"verify", row, "--cases", "40", "--recorded", "no"};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all, folder.path()).code;
  };

  BOOST_TEST(verify("fake/good") == 0);
  BOOST_TEST(verify("fake/picky") == 0);
  BOOST_TEST(verify("fake/wrong") == 1);
  BOOST_TEST(verify("fake/doubtful") == 1);
  BOOST_TEST(verify("fake/never") == 3);
  BOOST_TEST(verify("fake/never", {"fake/good"}) == 1);
  BOOST_TEST(verify("fake/good", {"--on", "gpu"}) == 3);
  BOOST_TEST(verify("fake/good", {"--on", "checked"}) == 3);
}

BOOST_AUTO_TEST_CASE(the_text_of_a_case_that_fails_under_one_schedule_names_it) {
  const scratch_folder folder;
  const process_end end =
      run_program({"replay", "plumbline1:fake.sum/unordered:n=0;regime=plain;seed=0"}, folder.path());

  BOOST_TEST(end.code == 1);
  BOOST_TEST(has(
      end.out, "plumbline replay 'plumbline1:fake.sum/unordered:n=0;regime=plain;seed=0;schedule=random:9'"));
}

BOOST_AUTO_TEST_CASE(an_executor_that_is_not_there_is_one_clear_line) {
  const scratch_folder folder;
  const process_end end = run_program({"verify", "--on", "gpu"}, folder.path());

  BOOST_TEST(end.code == 3);
  BOOST_TEST(end.err == "plumbline: gpu: no such device here\n");
}

BOOST_AUTO_TEST_CASE(missing_recorded_cases_are_no_pass) {
  const scratch_folder folder;
  const process_end end =
      run_program({"verify", "fake/good"}, folder.path(), {"PLUMBLINE_RECORDED=" + folder.path()});

  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.err, "no recorded cases in " + folder.path()));
  BOOST_TEST(has(end.err, "set PLUMBLINE_RECORDED"));
  BOOST_TEST(has(end.err, "--recorded no"));
  BOOST_TEST(lines(end.err) == 1u);
  BOOST_TEST(has(run_program({"verify", "--help"}, folder.path()).out, "PLUMBLINE_RECORDED"));
}

BOOST_AUTO_TEST_CASE(a_missed_coverage_floor_is_mistrusted_from_a_hundred_cases_on) {
  const scratch_folder folder;
  const auto verify = [&](const std::string& cases, const std::string& floor) {
    return run_program({"verify", "fake/good", "--recorded", "no", "--cases", cases}, folder.path(),
                       {"FAKE_FLOOR=" + floor});
  };
  const process_end few = verify("99", "0.9"), missed = verify("100", "0.9"), met = verify("100", "0.3");

  BOOST_TEST(few.code == 0);
  BOOST_TEST(missed.code == 1);
  BOOST_TEST(has(missed.out, "coverage floor was missed"));
  BOOST_TEST(met.code == 0);
}

BOOST_AUTO_TEST_CASE(budgets_are_listed_for_every_function) {
  const scratch_folder folder;
  const process_end text = run_program({"list", "--budgets"}, folder.path(), {"FAKE_RIVAL=1"});
  const process_end machine = run_program({"list", "--budgets", "--json"}, folder.path());

  BOOST_TEST(text.code == 0);
  BOOST_TEST(text.out == "fake.sum\n\n2 contracts\n\nrival.sum\n\n2 contracts\n");
  const auto budgets = nlohmann::json::parse(machine.out).at("budgets");
  BOOST_TEST(budgets.at(0).at("contracts").size() == 2u);
  BOOST_TEST(budgets.at(0).at("text") == "2 contracts\n");
}

BOOST_AUTO_TEST_CASE(a_list_of_what_cannot_run_here_says_so_beside_the_list) {
  const scratch_folder folder;
  const process_end end = run_program({"list", "--on", "gpu"}, folder.path());

  BOOST_TEST(end.code == 0);
  BOOST_TEST(has(end.out, "fake.sum"));
  BOOST_TEST(end.err == "plumbline: gpu: no such device here: listed as built, nothing can run there\n");
}

BOOST_AUTO_TEST_CASE(names_are_explained_on_request) {
  const scratch_folder folder;

  BOOST_TEST(has(run_program({"list", "-v"}, folder.path()).out, "plain   Integers from 1 on.\n"));
  BOOST_TEST(has(run_program({"list", "--json"}, folder.path()).out, "\"plain\": \"Integers from 1 on.\""));
}

BOOST_AUTO_TEST_CASE(help_and_lists_fit_a_page) {
  const scratch_folder folder;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                    {"list", "--help"},
                                                    {"verify", "--help"},
                                                    {"replay", "--help"},
                                                    {"explain", "--help"},
                                                    {"judge", "--help"},
                                                    {"fixtures", "--help"},
                                                    {"fixtures", "record", "--help"},
                                                    {"fixtures", "check", "--help"},
                                                    {"fixtures", "regenerate", "--help"},
                                                    {"fixtures", "bless", "--help"},
                                                    {"fixtures", "diff", "--help"},
                                                    {"fixtures", "dump", "--help"},
                                                    {"bisect", "--help"},
                                                    {"claims", "--help"},
                                                    {"probe", "--help"},
                                                    {"list"},
                                                    {"list", "-v"}}) {
    const std::size_t width = arguments.back() == "--help" ? 84 : 100;
    std::stringstream text(run_program(arguments, folder.path()).out);
    for (std::string line; std::getline(text, line);) BOOST_TEST(line.size() <= width, line);
  }
}

BOOST_AUTO_TEST_CASE(a_narrow_page_is_kept_and_loses_nothing) {
  const scratch_folder folder;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"list"},
        {"list", "-v"},
        {"verify", "fake/good", "fake/picky", "--cases", "9", "--recorded", "no", "--all-laws"}}) {
    const auto joined = [&](const char* columns) {
      const process_end end = run_program(words, folder.path(), {std::string("COLUMNS=") + columns});
      BOOST_TEST(end.code < 2, end.err);
      std::stringstream text(end.out);
      for (std::string line; std::getline(text, line);) BOOST_TEST(line.size() <= std::stoul(columns), line);
      std::multiset<char> all(end.out.begin(), end.out.end());
      for (const char c : {' ', '\n'}) all.erase(c);
      for (char digit = '0'; digit <= '9'; ++digit) all.erase(digit);  // seconds
      return all;
    };
    BOOST_TEST((joined("60") == joined("1000")), words.front());
    BOOST_TEST((joined("40") == joined("1000")), words.front());
  }
}

BOOST_AUTO_TEST_CASE(a_line_without_a_function_means_the_first_of_its_operator) {
  const scratch_folder folder;
  const process_end end = run_program({"replay", "fake/good:n=4"}, folder.path());

  BOOST_TEST(end.code == 0);
  BOOST_TEST(has(end.out, "plumbline1:fake.sum/good:n=4;seed=0"));
}

BOOST_AUTO_TEST_SUITE_END()
