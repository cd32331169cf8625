#include "tests/program_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

extern char** environ;

namespace {

std::string read_all(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

process_end run(const std::vector<std::string>& arguments, const std::string& folder,
                const std::vector<std::string>& environment, standard_output where,
                const std::function<bool()>& when, int signal) {
  const std::string out = folder + "/stdout.txt", err = folder + "/stderr.txt";
  std::vector<std::string> words = {"plumbline"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv, envp;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::vector<std::string> extra = environment;
  for (char** e = environ; *e; ++e)  // how wide a page is, is for the test to say
    if (std::string_view(*e).rfind("COLUMNS=", 0) != 0) envp.push_back(*e);
  for (std::string& e : extra) envp.push_back(e.data());
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (where == standard_output::closed) posix_spawn_file_actions_addclose(&actions, 1);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  pid_t pid = 0;
  if (posix_spawn(&pid, PLUMBLINE_PROGRAM, &actions, nullptr, argv.data(), envp.data()) != 0)
    throw std::runtime_error("cannot start " PLUMBLINE_PROGRAM);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  bool sent = false;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (when && !sent && when()) kill(pid, signal), sent = true;
    poll(nullptr, 0, 5);
  }
  process_end end;
  end.seconds = since();
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  end.out = read_all(out), end.err = read_all(err);
  return end;
}

}  // namespace

process_end run_program(const std::vector<std::string>& arguments, const std::string& folder,
                        const std::vector<std::string>& environment, standard_output where) {
  return run(arguments, folder, environment, where, nullptr, 0);
}

process_end run_until(const std::function<bool()>& when, int signal,
                      const std::vector<std::string>& arguments, const std::string& folder,
                      const std::vector<std::string>& environment) {
  return run(arguments, folder, environment, standard_output::file, when, signal);
}

std::function<bool()> slow_runs(const std::string& folder, std::size_t times) {
  return [folder, times] { return read_all(folder + "/slow_runs").size() >= times; };
}

scratch_folder::scratch_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "plumbline-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code none;
  std::filesystem::remove_all(path_, none);
}

std::string scratch_folder::read(const std::string& file) const { return read_all(path_ + "/" + file); }
