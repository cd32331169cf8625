#include "ci/plumbline/bisect_build.hpp"

#include <filesystem>
#include <sstream>

#include "ci/plumbline/child_process.hpp"
#include "ci/plumbline/worker_pool.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  std::error_code none;
  for (std::string one; std::getline(folders, one, ':');)
    if (fs::exists(fs::path(one) / name, none)) return true;
  return false;
}

std::vector<std::string> configuring(const bisect_plan& p) {
  std::vector<std::string> command = {"cmake", "-S",    p.worktree,
                                      "-B",    p.build, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"};
  if (has_program("ninja")) command.insert(command.end(), {"-G", "Ninja"});
  if (has_program("ccache"))
    for (const char* language : {"C", "CXX", "CUDA"})
      command.push_back(std::string("-DCMAKE_") + language + "_COMPILER_LAUNCHER=ccache");
  if (p.on != "gpu") command.push_back("-DPLUMBLINE_CUDA=OFF");
  if (p.on != "checked") command.push_back("-DPLUMBLINE_CHECKED=OFF");
  command.insert(command.end(), p.cmake.begin(), p.cmake.end());
  return command;
}

// The line that says most of what a tool was angry about.
std::string complaint(const child_end& end) {
  std::istringstream lines(end.said);
  std::string first, last;
  for (std::string line; std::getline(lines, line);)
    if (line.find("error:") != std::string::npos || line.rfind("CMake Error", 0) == 0) {
      first = line;
      break;
    } else if (!line.empty() && line.rfind("ninja: build stopped", 0) != 0) {
      last = line;
    }
  return first.empty() ? last : first;
}

std::string without(std::string text, const std::string& part) {
  for (std::size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
  return text;
}

}  // namespace

built_commit_program build_commit(const bisect_plan& p, const std::string& commit, const std::string& log,
                                  const std::function<bool()>& give_up) {
  built_commit_program made;
  child_options how;
  how.log = log, how.give_up = give_up;
  const auto worked = [&](const std::vector<std::string>& command, const char* what) {
    const child_end end = run_child(command, how);
    made.ended = end.ended;
    if (end.code != 0) made.reason = std::string(what) + ": " + without(complaint(end), p.worktree + "/");
    return end.code == 0 && !end.ended;
  };
  const std::string program = p.build + "/bin/plumbline";
  std::error_code none;
  fs::remove(program, none);  // that of another commit is not this one's
  if (!worked({"git", "-C", p.worktree, "checkout", "--quiet", "--force", "--detach", commit},
              "cannot be checked out") ||
      !worked(configuring(p), "does not configure") ||
      !worked({"cmake", "--build", p.build, "--target", "plumbline", "--parallel",
               std::to_string(p.jobs > 0 ? p.jobs : usable_cores())},
              "does not build"))
    return made;
  made.built = toolchain_of(p.build, p.worktree);
  if (fs::exists(program, none))
    made.program = program;
  else
    made.reason = "its build makes no bin/plumbline";
  return made;
}

}  // namespace plumbline::program
