#include "tests/tiny_repository.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace {

constexpr const char* build_by_copy = R"(cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES NONE)
add_custom_target(plumbline
  COMMAND sh -n ${CMAKE_SOURCE_DIR}/kernel.cpp
  COMMAND ${CMAKE_COMMAND} -E make_directory bin
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/kernel.cpp bin/plumbline
  COMMAND sh -c "echo built >> ${CMAKE_BINARY_DIR}/../builds" VERBATIM)
)";

std::vector<std::string> words(std::vector<std::string> more, const std::string& bad) {
  std::vector<std::string> all = {"bisect",   "--good", "c0",     "--bad", bad, "--case", "fake.sum/good:n=4",
                                  "--metric", "rms",    "--json", "r.json"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

std::string with_error(const std::string& error) {
  return "#!/bin/sh\nFAKE_ERROR=" + error + " exec " PLUMBLINE_PROGRAM " \"$@\"\n";
}

tiny_repository::tiny_repository() {
  git("init -q -b main .");
  write("CMakeLists.txt", build_by_copy);
  write(".gitignore", "/build/\nstd*.txt\n");
}

void tiny_repository::commit(const std::string& message) {
  git("add -A");
  git("-c user.name=n -c user.email=n@example.org commit -q --allow-empty -m '" + message + "'");
  git("tag c" + std::to_string(count_++));
}

void tiny_repository::commit_kernel(const std::string& script) {
  write("kernel.cpp", script + "# " + std::to_string(count_) + "\n");
  fs::permissions(path() + "/kernel.cpp", fs::perms::all);
  commit("number " + std::to_string(count_));
}

void tiny_repository::history(int commits, int bad) {
  for (int i = 0; i <= commits; ++i) commit_kernel(with_error(i < bad ? "0" : "3"));
}

process_end tiny_repository::bisect(std::vector<std::string> more, const std::string& bad) const {
  return run_program(words(std::move(more), bad), path());
}

process_end tiny_repository::bisect_until(const std::function<bool()>& when, int number) const {
  return run_until(when, number, words({}, "main"), path());
}

nlohmann::json tiny_repository::result() const {
  return nlohmann::json::parse(scratch_.read("r.json"), nullptr, false);
}

std::string tiny_repository::hash(const std::string& name) const {
  git("rev-parse " + name + " > '" + path() + "/stdrev.txt'");
  return scratch_.read("stdrev.txt").substr(0, 40);
}

void tiny_repository::write(const std::string& file, const std::string& text) const {
  std::ofstream(path() + "/" + file) << text;
}

void tiny_repository::git(const std::string& arguments) const {
  BOOST_REQUIRE(std::system(("git -C '" + path() + "' " + arguments + " 2>/dev/null").c_str()) == 0);
}

std::string tiny_repository::folder() const {
  for (const auto& e : fs::directory_iterator(path() + "/build/plumbline/bisect"))
    if (fs::exists(e.path() / "plan.json")) return e.path().string();
  return "";
}

std::size_t tiny_repository::measured() const {
  std::size_t count = 0;
  std::error_code none;
  // What comes and goes while somebody bisects is no error.
  for (fs::recursive_directory_iterator e(path() + "/build/plumbline/bisect", none), end; !none && e != end;
       e.increment(none))
    count += e->path().parent_path().filename() == "commits" && e->path().extension() == ".json";
  return count;
}

std::size_t tiny_repository::builds() const {
  return scratch_.read("build/plumbline/bisect/worktree/build/builds").size() / 6;
}
