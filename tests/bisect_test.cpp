// What plumbline bisect finds: the commit, or why there is none to find.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>

#include "tests/tiny_repository.hpp"
#include "tests/well_formed.hpp"

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(bisect)

BOOST_AUTO_TEST_CASE(the_first_bad_commit_is_found_at_the_first_a_middle_and_the_last_place) {
  for (const int place : {1, 7, 12}) BOOST_TEST_CONTEXT("place " << place) {
      tiny_repository repo;
      repo.history(12, place);
      const process_end end = repo.bisect({"--plot", "plot.svg"});
      const nlohmann::json r = repo.result();
      BOOST_TEST_REQUIRE(end.code == 0, end.out << end.err);
      BOOST_TEST(r["verdict"] == "found");
      BOOST_TEST(r["first_bad"] == repo.hash("c" + std::to_string(place)));
      BOOST_TEST(has(end.out, "first bad commit: " + repo.hash("c" + std::to_string(place))));
      BOOST_TEST(r["before"] == 0.25);
      BOOST_TEST(r["after"] == 3.25);
      BOOST_TEST(r["threshold"].get<double>() == std::sqrt(0.25 * 3.25), boost::test_tools::tolerance(1e-12));
      BOOST_TEST(r["visited"].size() <= 2 + 4 + 1);
      BOOST_TEST(well_formed(repo.read("plot.svg")));
      BOOST_TEST(has(repo.read("plot.svg"), "first bad"));
      std::size_t points = 0;
      const std::string svg = repo.read("plot.svg");
      for (std::size_t at = 0; (at = svg.find("<circle", at)) != std::string::npos; ++at) ++points;
      BOOST_TEST(points == r["visited"].size());
    }
}

BOOST_AUTO_TEST_CASE(the_way_is_told_before_it_is_gone_and_at_each_step) {
  tiny_repository repo;
  repo.history(9, 7);
  const process_end end = repo.bisect();
  const std::string ends = repo.hash("c0").substr(0, 10) + " to " + repo.hash("c9").substr(0, 10);
  BOOST_TEST(
      end.out.rfind("10 commits, " + ends + " with both ends: about 6 to build and measure\n", 0) == 0u,
      end.out);
  BOOST_TEST(has(end.out, "the first build compiles the whole program"));
  const std::size_t steps = repo.result()["visited"].size();
  BOOST_TEST(has(end.out, std::to_string(steps) + " of 10 commits measured"));
  for (std::size_t i = 1; i <= steps; ++i)
    BOOST_TEST(has(end.err, "bisect: step " + std::to_string(i) + " of about 6, building "), end.err);
  BOOST_TEST(!has(end.err, "step " + std::to_string(steps + 1)));

  BOOST_TEST(repo.result()["commits"] == 10);

  const process_end again = repo.bisect();
  BOOST_TEST(has(again.out, "to build and measure, " + std::to_string(steps) + " are measured already\n"));
  BOOST_TEST(!has(again.out, "the first build"));
}

BOOST_AUTO_TEST_CASE(each_range_has_a_plot_of_its_own) {
  tiny_repository repo;
  repo.history(4, 2);
  BOOST_TEST_REQUIRE(repo.bisect().code == 0);
  const std::string whole = repo.result()["plot"];
  const auto brief = [&](const char* name) { return repo.hash(name).substr(0, 7); };
  BOOST_TEST(has(whole, "/rms_" + brief("c0") + "_" + brief("c4") + ".svg"), whole);
  for (const char* measured : {"c1", "c2", "c3"})
    fs::remove(repo.folder() + "/commits/" + repo.hash(measured) + ".json");
  fs::remove(repo.folder() + "/commits/" + repo.hash("c4") + ".json");
  const process_end part = repo.bisect({}, "c3");
  BOOST_TEST_REQUIRE(part.code == 0, part.err);
  BOOST_TEST(has(part.out, "to build and measure, 1 is measured already\n"), part.out);
  BOOST_TEST(repo.result()["plot"] != whole);
  BOOST_TEST(fs::exists(whole));
}

BOOST_AUTO_TEST_CASE(each_metric_has_a_plot_of_its_own) {
  tiny_repository repo;
  repo.history(4, 2);
  BOOST_TEST_REQUIRE(repo.bisect().code == 0);
  const std::string of_rms = repo.result()["plot"], drawn = repo.read(of_rms.substr(repo.path().size() + 1));
  const std::vector<std::string> bits = {
      "bisect",   "--good", "c0",     "--bad", "main", "--case", "fake.sum/good:n=4",
      "--metric", "bits",   "--json", "r.json"};
  BOOST_TEST_REQUIRE(run_program(bits, repo.path()).code == 0);
  const std::string of_bits = repo.result()["plot"];
  BOOST_TEST(of_rms != of_bits);
  BOOST_TEST(has(drawn, "rms of fake.sum/good"));
  BOOST_TEST(repo.read(of_rms.substr(repo.path().size() + 1)) == drawn);
}

BOOST_AUTO_TEST_CASE(bits_that_change_for_the_better_are_found_where_no_number_of_the_judge_got_worse) {
  tiny_repository repo;
  for (int i = 0; i <= 6; ++i) repo.commit_kernel(with_error(i < 3 ? "3" : "0"));
  BOOST_TEST(repo.bisect().code == 1);
  BOOST_TEST(repo.result()["verdict"] == "lost the bug");
  BOOST_TEST(
      has(repo.result()["message"].get<std::string>(),
          "rms is 3.25 at the good end and 0.25 at the bad one, which is better; worse at the bad one: "
          "--metric bits"));
  BOOST_TEST(repo.bisect({"--metric", "bits"}).code == 2);  // given twice
  const process_end end = run_program({"bisect", "--good", "c0", "--bad", "main", "--case",
                                       "fake.sum/good:n=4", "--metric", "bits", "--json", "r.json"},
                                      repo.path());
  BOOST_TEST_REQUIRE(end.code == 0, end.out << end.err);
  BOOST_TEST(repo.result()["first_bad"] == repo.hash("c3"));
  BOOST_TEST(repo.result()["after"] == 1);
}

BOOST_AUTO_TEST_CASE(commits_that_do_not_build_or_lack_the_variant_are_skipped) {
  tiny_repository repo;
  for (int i = 0; i <= 9; ++i)
    if (i == 4)
      repo.commit_kernel("#!/bin/sh\nif\n");
    else if (i == 5)
      repo.commit_kernel("#!/bin/sh\necho 'plumbline: CASE: expected a variant of fake.sum' >&2; exit 2\n");
    else
      repo.commit_kernel(with_error(i < 6 ? "0" : "3"));
  const process_end end = repo.bisect();
  const nlohmann::json r = repo.result();
  BOOST_TEST(end.code == 1);
  BOOST_TEST(r["verdict"] == "untestable");
  BOOST_TEST(r["candidates"].size() == 3);  // 4 and 5, of which nothing is known, and 6
  BOOST_TEST(has(end.out, "does not build: kernel.cpp: "));
  BOOST_TEST(has(end.out, "expected a variant of fake.sum"));
  for (const char* name : {"c4", "c5", "c6"}) BOOST_TEST(has(end.out, "  " + repo.hash(name)));

  tiny_repository beside;  // skipped, and not where the change is
  for (int i = 0; i <= 9; ++i)
    beside.commit_kernel(i == 5 ? "#!/bin/sh\nif\n" : with_error(i < 8 ? "0" : "3"));
  BOOST_TEST(beside.bisect().code == 0);
  BOOST_TEST(beside.result()["first_bad"] == beside.hash("c8"));
}

BOOST_AUTO_TEST_CASE(ends_that_do_not_reproduce_have_lost_the_bug) {
  tiny_repository repo;
  repo.history(4, 100);
  const auto ends_are = [](const tiny_repository& in, const process_end& end, const char* good,
                           const char* bad) {
    BOOST_TEST(has(end.out, in.hash("c0").substr(0, 10) + "  good end  rms " + good), end.out);
    BOOST_TEST(has(end.out, in.hash("main").substr(0, 10) + "  bad end   rms " + bad), end.out);
    BOOST_TEST(in.result()["visited"].front()["side"] == "good end");
    BOOST_TEST(in.result()["visited"].back()["side"] == "bad end");
  };
  const process_end end = repo.bisect();
  BOOST_TEST(end.code == 1);
  BOOST_TEST(repo.result()["verdict"] == "lost the bug");
  BOOST_TEST(has(end.out, "lost the bug: the end points do not reproduce: rms is 0.25 at both ends\n"));
  BOOST_TEST(repo.result()["visited"].size() == 2);
  ends_are(repo, end, "0.25", "0.25");
  ends_are(repo, repo.bisect({"--threshold", "0.1"}), "0.25", "0.25");

  tiny_repository changed;
  changed.history(4, 2);
  for (const auto& [threshold, lies] : {std::pair{"5", "above"}, {"0.125", "below"}}) {
    const process_end beyond = changed.bisect({"--threshold", threshold});
    BOOST_TEST(beyond.code == 1);
    BOOST_TEST(changed.result()["verdict"] == "lost the bug");
    ends_are(changed, beyond, "0.25", "3.25");
    BOOST_TEST(
        has(beyond.out, std::string("rms is 0.25 at the good end and 3.25 at the bad one; --threshold ") +
                            threshold + " lies " + lies + " both\n"),
        beyond.out);
  }
  BOOST_TEST(changed.bisect({"--threshold", "3"}).code == 0);
  BOOST_TEST(changed.result()["first_bad"] == changed.hash("c2"));

  tiny_repository mended;
  for (const char* error : {"3", "3", "0"}) mended.commit_kernel(with_error(error));
  const process_end better = mended.bisect();
  ends_are(mended, better, "3.25", "0.25");
  BOOST_TEST(has(better.out, "0.25 at the bad one, which is better"), better.out);
}

BOOST_AUTO_TEST_CASE(a_number_that_changes_from_run_to_run_is_called_flaky) {
  const auto in_turn = [](const std::string& counter) {
    return "#!/bin/sh\necho x >> " + counter + "\ncase $(($(wc -l < " + counter +
           ") % 2)) in 0) FAKE_ERROR=0;; *) FAKE_ERROR=3;; esac\nexport FAKE_ERROR\nexec " PLUMBLINE_PROGRAM
           " \"$@\"\n";
  };
  tiny_repository end_flaky;
  end_flaky.history(3, 100);
  end_flaky.commit_kernel(in_turn(end_flaky.path() + "/stdcounter.txt"));
  const process_end end = end_flaky.bisect();
  BOOST_TEST(end.code == 1);
  BOOST_TEST(end_flaky.result()["verdict"] == "flaky");
  BOOST_TEST(has(end.out, "0.25 to 3.25 at the bad one"));

  tiny_repository middle_flaky;
  for (int i = 0; i <= 8; ++i)
    middle_flaky.commit_kernel(i == 4 ? in_turn(middle_flaky.path() + "/stdcounter.txt")
                                      : with_error(i < 7 ? "0" : "3"));
  BOOST_TEST(middle_flaky.bisect().code == 0);
  const nlohmann::json r = middle_flaky.result();
  BOOST_TEST(r["first_bad"] == middle_flaky.hash("c7"));
  for (const auto& v : r["visited"])
    if (v["commit"] == middle_flaky.hash("c4")) BOOST_TEST(v["side"] == "skipped");
}

BOOST_AUTO_TEST_CASE(flags_that_differ_where_no_source_does_are_the_toolchain) {
  tiny_repository repo;
  const auto build = [](const char* error) {
    return std::string(
               "cmake_minimum_required(VERSION 3.25)\nproject(tiny LANGUAGES CXX)\n"
               "set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)\nadd_executable(plumbline "
               "m.cpp)\n"
               "target_compile_definitions(plumbline PRIVATE ERROR=") +
           error + ")\n";
  };
  repo.write(
      "m.cpp",
      "#include <stdlib.h>\n#include <unistd.h>\n#define TEXT(x) #x\n#define TEXT_OF(x) TEXT(x)\n"
      "int main(int, char** v) { setenv(\"FAKE_ERROR\", TEXT_OF(ERROR), 1); return execv(\"" PLUMBLINE_PROGRAM
      "\", v); }\n");
  for (int i = 0; i <= 3; ++i) {
    repo.write("CMakeLists.txt", build(i < 2 ? "0" : "3"));
    repo.commit("flags " + std::to_string(i));
  }
  const process_end end = repo.bisect();
  BOOST_TEST_REQUIRE(end.code == 1, end.out << end.err);
  BOOST_TEST(repo.result()["verdict"] == "toolchain, not commits");
  BOOST_TEST(
      has(end.out,
          "toolchain, not commits: no source differs between the ends, but flags -DERROR=0 -> -DERROR=3"));

  repo.write("other.cpp", "// a source\n");  // then it is looked for, and its commit says what it changed
  repo.commit("source");
  BOOST_TEST(repo.bisect().code == 0);
  BOOST_TEST(repo.result()["first_bad"] == repo.hash("c2"));
  BOOST_TEST(repo.result()["same_sources"] == true);
  BOOST_TEST(has(repo.result()["toolchain"].get<std::string>(), "-DERROR=3"));
}

BOOST_AUTO_TEST_CASE(the_stage_that_changed_is_named_where_the_builds_show_any) {
  const auto showing = [](const std::string& error, const std::string& script = "") {
    return "#!/bin/sh\n" + script + "FAKE_TAPS=1 FAKE_ERROR=" + error +
           " exec " PLUMBLINE_PROGRAM " \"$@\"\n";
  };
  tiny_repository repo;
  for (const char* error : {"0", "0", "3", "3"}) repo.commit_kernel(showing(error));
  const process_end end = repo.bisect();
  BOOST_TEST(has(end.out, "stage: row_sum changes first and leaves its budget\n"), end.out << end.err);
  BOOST_TEST(repo.result()["stage"] == "row_sum");
  BOOST_TEST(repo.result()["visited"][0]["stages"]["scores"] == 0.25);

  tiny_repository within;
  for (const char* error : {"0", "0", "0.5", "0.5"}) within.commit_kernel(showing(error));
  BOOST_TEST(has(within.bisect().out, "stage: row_sum changes first; every stage keeps its budget\n"));

  const auto changed_first = [&](const std::string& made_at) {
    tiny_repository one;
    for (const char* error : {"0", "0", "3", "3"})
      one.commit_kernel(showing(error, "export FAKE_ERROR_AT=" + made_at + "\n"));
    const process_end found = one.bisect();
    return found.code == 0 ? one.result()["stage"].get<std::string>() : found.out + found.err;
  };
  BOOST_TEST(changed_first("score") == "scores");
  BOOST_TEST(changed_first("key") == "scores");
  BOOST_TEST(changed_first("out") == "combined_out");

  tiny_repository old;  // a build from before taps refuses the option
  const std::string refuses = "case \"$*\" in *--taps*) exit 2 ;; esac\n";
  for (const char* error : {"0", "0", "3", "3"}) old.commit_kernel(showing(error, refuses));
  const process_end without = old.bisect();
  BOOST_TEST(without.code == 0, without.out << without.err);
  BOOST_TEST(has(without.out, "stage: not known, the build of " + old.hash("c1").substr(0, 10) +
                                  " wrote none (log: " + old.folder() + "/logs/" + old.hash("c1") +
                                  ".log)\n"));
}

BOOST_AUTO_TEST_SUITE_END()
