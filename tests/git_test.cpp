// What bisect asks git for, in repositories of a few commits.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ci/plumbline/git.hpp"
#include "tests/harness/scratch_folder.hpp"

using plumbline::program::git_repository;
namespace fs = std::filesystem;

namespace {

struct small_repository : plumbline::testing::scratch_folder {
  small_repository() { git("init -q -b main ."); }

  void git(const std::string& words) const {
    BOOST_REQUIRE(std::system(("git -C '" + file("") + "' " + words + " >/dev/null 2>&1").c_str()) == 0);
  }
  /// `date` in days.
  std::string commit(const std::string& name, int date, const std::string& message = "") const {
    git("add -A");
    const std::string day = "2020-01-0" + std::to_string(date) + "T00:00:00Z";
    ::setenv("GIT_COMMITTER_DATE", day.c_str(), 1);
    git("-c user.name=n -c user.email=n@example.org commit -q --allow-empty -m '" + name + message + "'");
    ::unsetenv("GIT_COMMITTER_DATE");
    git("tag " + name);
    return asked().commit("--rev", name);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }
  git_repository asked() const { return git_repository("--folder", file("")); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(git)

BOOST_AUTO_TEST_CASE(what_git_says_is_kept_whole_however_long) {
  const small_repository repo;
  const std::string first = repo.commit("first", 1);
  for (int i = 0; i < 1000; ++i) repo.write(std::string(200, 'f') + std::to_string(i), "");
  const std::string second = repo.commit("second", 2);
  BOOST_TEST(repo.asked().changed(first, second).size() == 1000U);
}

BOOST_AUTO_TEST_CASE(a_file_that_moved_is_one_that_went_and_one_that_came) {
  const small_repository repo;
  repo.write("old.cpp", "int main() { return 0; }\n");
  const std::string first = repo.commit("first", 1);
  repo.git("config diff.renames true");
  repo.git("mv old.cpp new.cpp");
  const std::vector<std::string> both = {"new.cpp", "old.cpp"};
  BOOST_TEST(repo.asked().changed(first, repo.commit("second", 2)) == both, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(commits_lie_behind_their_parents_whatever_their_dates_and_branches) {
  const small_repository repo;
  const std::string root = repo.commit("root", 9), main = repo.commit("main_1", 2);
  repo.git("checkout -q -b side root");
  const std::string side_1 = repo.commit("side_1", 1), side_2 = repo.commit("side_2", 3);
  repo.git("checkout -q main");
  repo.git("-c user.name=n -c user.email=n@example.org merge -q --no-ff -m merge side");
  const std::string merge = repo.asked().commit("--rev", "HEAD");
  const std::vector<std::string> all = repo.asked().between(root, merge);
  const auto at = [&](const std::string& one) {
    return std::find(all.begin(), all.end(), one) - all.begin();
  };
  BOOST_REQUIRE(all.size() == 4U);
  BOOST_TEST(at(side_2) == at(side_1) + 1);  // branches do not alternate as their dates do
  BOOST_TEST(at(merge) == 3);
  BOOST_TEST(repo.asked().parent(merge) == main);
  BOOST_TEST(repo.asked().parent(root) == "");
}

BOOST_AUTO_TEST_CASE(a_worktree_of_another_repository_is_not_ours) {
  const small_repository repo, other;
  const std::string own = repo.commit("own", 1);
  other.commit("foreign", 1);
  const std::string place = repo.file("worktree");
  other.git("worktree add --detach '" + place + "' foreign");
  repo.asked().require_worktree(place, own);
  BOOST_TEST(git_repository("--folder", place).commit("--rev", "HEAD") == own);
}

BOOST_AUTO_TEST_CASE(a_lock_that_its_git_still_holds_is_waited_for) {
  const small_repository repo;
  const std::string own = repo.commit("own", 1), place = repo.file("worktree");
  repo.asked().require_worktree(place, own);
  const std::string lock = repo.file(".git/worktrees/worktree/index.lock");
  std::ofstream(lock) << "";
  bool held = false;
  std::thread ending([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    held = fs::remove(lock);  // false: somebody took it away
  });
  repo.asked().require_worktree(place, own);
  ending.join();
  BOOST_TEST(held);
  BOOST_TEST(!fs::exists(lock));
}

BOOST_AUTO_TEST_SUITE_END()
