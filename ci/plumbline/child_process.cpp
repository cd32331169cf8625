#include "ci/plumbline/child_process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/interrupt.hpp"

extern char** environ;

namespace plumbline::program {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t kept = 65536;
constexpr double last_seconds = 10;

double since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

std::vector<char*> environment_of_child() {
  std::vector<char*> all;
  for (char** one = environ; *one; ++one) {
    const std::string_view entry = *one;
    bool of_git = false;
    for (const char* name : {"GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_PREFIX="})
      of_git = of_git || entry.rfind(name, 0) == 0;
    if (!of_git) all.push_back(*one);
  }
  all.push_back(nullptr);
  return all;
}

/// The child and the end of the pipe that it talks into.
struct started {
  pid_t pid = 0;
  int from = -1;
};

started start(const std::vector<std::string>& command, const std::string& folder) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw cannot_run(std::string("pipe: ") + strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int one : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&defaults, one);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  std::vector<char*> words;
  for (const std::string& one : command) words.push_back(const_cast<char*>(one.c_str()));
  words.push_back(nullptr);
  std::vector<char*> environment = environment_of_child();
  started child;
  const int failed =
      posix_spawnp(&child.pid, words[0], &actions, &attributes, words.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  if (failed) {
    close(ends[0]);
    throw cannot_run("could not start " + command[0] + ": " + strerror(failed));
  }
  child.from = ends[0];
  return child;
}

}  // namespace

std::string child_end::last_line() const {
  std::size_t end = said.find_last_not_of(" \n");
  if (end == std::string::npos) return "";
  const std::size_t begin = said.rfind('\n', end);
  return said.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? -1 : begin));
}

child_end run_child(const std::vector<std::string>& command, const child_options& how) {
  std::ofstream log;
  if (!how.log.empty()) log.open(how.log, std::ios::app);
  const started child = start(command, how.folder);
  child_end end;
  const clock::time_point begin = clock::now();
  clock::time_point told;
  bool open = true, gone = false;
  int status = 0;
  std::string line;
  std::array<char, 16384> buffer;
  while (open || !gone) {
    pollfd ready = {child.from, POLLIN, 0};
    if (open)
      poll(&ready, 1, 100);
    else
      poll(nullptr, 0, 20);
    if (open && ready.revents) {
      const ssize_t n = read(child.from, buffer.data(), buffer.size());
      if (n == 0 || (n < 0 && errno != EINTR)) open = false;
      if (n > 0) {
        const std::string_view got(buffer.data(), static_cast<std::size_t>(n));
        log << got;
        end.said += got;
        if (end.said.size() > 2 * kept) end.said.erase(0, end.said.size() - kept);
        for (const char c : got)
          if (c != '\n')
            line += c;
          else if (how.on_line)
            how.on_line(line), line.clear();
          else
            line.clear();
      }
    }
    gone = gone || waitpid(child.pid, &status, WNOHANG) == child.pid;
    if (end.ended) {
      if (since(told) > last_seconds) kill(-child.pid, SIGKILL), open = false;
      continue;
    }
    end.late = how.timeout > 0 && since(begin) > how.timeout;
    const int signal = how.brief ? 0 : interrupted_by();
    if (!signal && !end.late && !(how.give_up && how.give_up())) continue;
    end.ended = true, told = clock::now();
    kill(-child.pid, signal ? signal : SIGTERM);
  }
  close(child.from);
  end.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return end;
}

}  // namespace plumbline::program
