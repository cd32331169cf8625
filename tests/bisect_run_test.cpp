// How plumbline bisect goes about it: what old builds get, what is left when it is ended, what it leaves
// alone and what it refuses.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "fixtures/store.hpp"
#include "tests/tiny_repository.hpp"

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(bisect_run)

// Programs from before the seal refuse an attribute that they do not know, and so an older option.
BOOST_AUTO_TEST_CASE(the_inputs_that_old_builds_get_carry_nothing_that_only_new_ones_know) {
  tiny_repository repo;
  repo.history(1, 1);
  BOOST_TEST_REQUIRE(repo.bisect().code == 0);
  const std::string input = repo.folder() + "/input.h5";
  BOOST_TEST(!plumbline::fixtures::is_sealed(input));
  const auto cases = plumbline::fixtures::list(input);
  BOOST_TEST_REQUIRE(cases.size() == 1);
  const auto one = plumbline::fixtures::read(input, cases.front());
  BOOST_TEST(one.attributes.size() == 1);
  BOOST_TEST(one.attributes.at("n") == "4");
  BOOST_TEST(one.tensors.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_worktree_that_somebody_removed_is_made_again) {
  tiny_repository repo;
  repo.history(3, 2);
  BOOST_TEST(repo.bisect().code == 0);
  fs::remove_all(repo.path() + "/build/plumbline/bisect");
  BOOST_TEST(repo.bisect().code == 0);
  fs::remove_all(repo.path() + "/build/plumbline/bisect/worktree/.git");
  BOOST_TEST(repo.bisect({"--fresh"}).code == 0);
  BOOST_TEST(repo.result()["first_bad"] == repo.hash("c2"));
}

BOOST_AUTO_TEST_CASE(a_lock_that_a_killed_git_left_is_in_nobodys_way) {
  tiny_repository repo;
  repo.history(5, 3);
  BOOST_TEST(repo.bisect().code == 0);
  repo.write(".git/worktrees/worktree/index.lock", "");
  const process_end end = repo.bisect({"--fresh"});
  BOOST_TEST(end.code == 0, end.err);
  BOOST_TEST(repo.result()["first_bad"] == repo.hash("c3"));
}

BOOST_AUTO_TEST_CASE(an_end_without_a_number_is_named_with_the_reason) {
  tiny_repository repo;
  repo.history(2, 1);
  repo.commit_kernel("#!/bin/sh\nif\n");
  const process_end end = repo.bisect();
  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.err, "--bad: no rms of " + repo.hash("main").substr(0, 10) + ": does not build"));
}

BOOST_AUTO_TEST_CASE(outputs_that_another_commit_left_are_not_taken_for_those_of_a_run_that_left_none) {
  tiny_repository repo;
  repo.history(2, 1);
  const std::string counter = repo.path() + "/stdcounter.txt";
  repo.commit_kernel("#!/bin/sh\necho x >> " + counter + "\n[ $(wc -l < " + counter +
                     ") -gt 1 ] && exit 1\nFAKE_ERROR=3 exec " PLUMBLINE_PROGRAM " \"$@\"\n");
  const process_end end = repo.bisect();
  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.err, "wrote no outputs (exit code 1)"), end.out << end.err);
}

BOOST_AUTO_TEST_CASE(what_was_ended_goes_on_without_building_a_commit_twice) {
  for (const int number : {SIGINT, SIGKILL}) BOOST_TEST_CONTEXT("signal " << number) {
      tiny_repository repo;
      repo.history(12, 9);
      const process_end ended = repo.bisect_until([&] { return repo.measured() >= 3; }, number);
      BOOST_TEST(ended.code == (number == SIGINT ? 130 : 1000 + SIGKILL));
      if (number == SIGINT) {
        BOOST_TEST(has(ended.out, "interrupted, partial result"));
        BOOST_TEST(repo.result()["partial"] == true);
      }
      const process_end end = repo.bisect();
      const std::size_t measured = repo.measured(), builds = repo.builds();
      BOOST_TEST_REQUIRE(end.code == 0, end.out << end.err);
      BOOST_TEST(repo.result()["first_bad"] == repo.hash("c9"));
      BOOST_TEST(builds <= measured + 1);  // the one that was under way
      BOOST_TEST(repo.bisect().code == 0);
      BOOST_TEST(repo.builds() == builds);
      BOOST_TEST(repo.bisect({"--fresh"}).code == 0);
      BOOST_TEST(repo.builds() > builds);
    }
}

BOOST_AUTO_TEST_CASE(a_bisection_of_the_users_own_and_his_files_stay_as_they_are) {
  tiny_repository repo;
  repo.history(6, 3);
  repo.git("bisect start main c0 >/dev/null");
  const std::string head = repo.hash("HEAD"), bad = repo.hash("refs/bisect/bad");
  repo.write("kernel.cpp", "edited");
  BOOST_TEST(repo.bisect().code == 0);
  BOOST_TEST(repo.hash("HEAD") == head);
  BOOST_TEST(repo.hash("refs/bisect/bad") == bad);
  BOOST_TEST(repo.read("kernel.cpp") == "edited");
}

BOOST_AUTO_TEST_CASE(all_that_bisections_left_can_be_taken_away) {
  tiny_repository repo;
  repo.history(3, 2);
  const std::string base = repo.path() + "/build/plumbline/bisect";
  const auto worktrees = [&] {
    repo.git("worktree list > '" + repo.path() + "/stdlist.txt'");
    const std::string all = repo.read("stdlist.txt");
    return std::count(all.begin(), all.end(), '\n');
  };
  const auto clean = [&] { return run_program({"bisect", "--clean"}, repo.path()); };
  const process_end bisected = repo.bisect();
  BOOST_TEST_REQUIRE(bisected.code == 0, bisected.err);
  BOOST_TEST(has(bisected.out, "plumbline bisect --clean removes"), bisected.out);
  BOOST_TEST(worktrees() == 2);
  const process_end end = clean();
  BOOST_TEST(end.code == 0, end.err);
  BOOST_TEST(has(end.out, "removed " + base));
  BOOST_TEST(worktrees() == 1);
  BOOST_TEST(!fs::exists(base));

  const process_end nothing = clean();
  BOOST_TEST(nothing.code == 0, nothing.err);
  BOOST_TEST(has(nothing.out, "nothing to remove"));

  BOOST_TEST(repo.bisect().code == 0);
  fs::remove_all(base);  // git keeps its entry
  BOOST_TEST(worktrees() == 2);
  BOOST_TEST(clean().code == 0);
  BOOST_TEST(worktrees() == 1);
}

BOOST_AUTO_TEST_CASE(what_a_bisection_is_at_work_in_is_not_taken_away) {
  tiny_repository repo;
  repo.history(3, 2);
  BOOST_TEST(repo.bisect().code == 0);
  const std::string base = repo.path() + "/build/plumbline/bisect";
  const int held = open((base + "/lock").c_str(), O_RDWR);
  BOOST_TEST_REQUIRE(flock(held, LOCK_EX | LOCK_NB) == 0);
  const process_end refused = run_program({"bisect", "--clean"}, repo.path());
  BOOST_TEST(refused.code == 3);
  BOOST_TEST(has(refused.err, "another bisection works there"), refused.err);
  BOOST_TEST(fs::exists(base + "/worktree/.git"));
  close(held);
  BOOST_TEST(run_program({"bisect", "--clean"}, repo.path()).code == 0);

  const scratch_folder elsewhere;  // a worktree of another repository is its own to remove
  tiny_repository other;
  other.history(1, 1);
  BOOST_TEST(repo.bisect({"--out", elsewhere.path()}).code == 0);
  const process_end foreign = run_program({"bisect", "--clean", "--out", elsewhere.path()}, other.path());
  BOOST_TEST(foreign.code == 3);
  BOOST_TEST(has(foreign.err, "another repository"), foreign.err);
  BOOST_TEST(fs::exists(elsewhere.path() + "/bisect/worktree/.git"));
}

BOOST_AUTO_TEST_CASE(bad_arguments_get_one_line_and_exit_code_2) {
  tiny_repository repo;
  repo.history(2, 1);
  const auto said = [&](const std::vector<std::string>& words) {
    const process_end end = run_program(words, repo.path());
    BOOST_TEST(end.code == 2, end.err);
    BOOST_TEST(std::count(end.err.begin(), end.err.end(), '\n') == 1);
    return end.err;
  };
  const std::string good_case = "fake.sum/good:n=4";
  BOOST_TEST(has(said({"bisect", "--good", "c0", "--bad", "mian", "--case", good_case}),
                 "--bad: expected a commit of " + repo.path() + ", got 'mian'; did you mean 'main'?"));
  BOOST_TEST(
      has(said({"bisect", "--good", "main", "--bad", "c0", "--case", good_case}),
          "--good: expected an ancestor of --bad, got 'main', which c0 does not come from; the ends may be "
          "exchanged: --good c0 --bad main"));
  BOOST_TEST(has(said({"bisect", "--good", "main", "--bad", "c2", "--case", good_case}),
                 "--bad: expected another commit than --good"));
  BOOST_TEST(has(said({"bisect", "--good", "c0", "--bad", "main", "--case", "fake.sum/good:n=x"}), "n"));
  BOOST_TEST(has(said({"bisect", "--good", "c0", "--bad", "main", "--case", "fake.sum:n=4"}),
                 "--case: expected one variant"));
  const auto said_of = [&](const std::string& text) {
    const std::string err = said({"bisect", "--good", "c0", "--bad", "main", "--case", text});
    BOOST_TEST(err.rfind("plumbline: --case: ", 0) == 0u, err);
    BOOST_TEST(!has(err, "case: case: "), err);
    return err;
  };
  BOOST_REQUIRE(run_program({"replay", good_case + ";seed=1", "--outputs", "one.h5"}, repo.path()).code == 0);
  BOOST_TEST(has(said_of("one.h5#/x"), "no group or case /x"));
  BOOST_TEST(has(said_of("fake.sum/nosuch:n=4"), "expected a variant of fake.sum"));
  BOOST_TEST(has(said_of("fake.sum.good:n=4"), "OP.FUNCTION"));
  BOOST_TEST(has(said_of("odd=1"), "expected OP:key=value"));
  BOOST_TEST(has(said_of("fake.sum/good:m=4"), "m: "));
  const process_end absent =
      run_program({"bisect", "--good", "c0", "--bad", "main", "--case", "nosuch.h5"}, repo.path());
  BOOST_TEST(absent.code == 3);
  BOOST_TEST(has(absent.err, "--case: expected an HDF5 file of cases, got 'nosuch.h5'"), absent.err);
  BOOST_TEST(
      has(said({"bisect", "--good", "c0", "--bad", "main", "--case", good_case, "--metric", "rsm"}),
          "--metric: expected one of budget_used, max_ulp, rms, bias, bits, got 'rsm'; did you mean 'rms'?"));
  BOOST_TEST(
      has(said({"bisect", "--good", "c0", "--bad", "main", "--case", good_case, "--metric", "bias"}),
          "--metric: expected one that fake.sum/good has (budget_used, max_ulp, rms, bits), got 'bias'"));
  BOOST_TEST(has(said({"bisect", "--good", "c0", "--bad", "main"}),
                 "--case: expected a line of text or FILE#/group/case, got none"));
  BOOST_TEST(
      has(said({"bisect", "--clean", "--good", "c0"}), "--clean: expected alone or with --out, got --good"));
  const scratch_folder nowhere;
  const process_end end =
      run_program({"bisect", "--good", "c0", "--bad", "main", "--case", good_case}, nowhere.path());
  BOOST_TEST(end.code == 2);
  BOOST_TEST(has(end.err, "current folder: expected one of a git repository"));
}

BOOST_AUTO_TEST_SUITE_END()
