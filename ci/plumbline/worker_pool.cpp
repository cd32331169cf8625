#include "ci/plumbline/worker_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ci/plumbline/instrument.hpp"

extern char** environ;

namespace plumbline::program {

namespace {

constexpr std::size_t kept_noise = 2000;

struct two_ends {
  int read, write;
};

// Both ends stay above the numbers that a worker uses, so that no dup2 in it can meet its own source.
two_ends make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw cannot_run(fmt::format("pipe: {}", strerror(errno)));
  for (int& end : ends) {
    const int high = fcntl(end, F_DUPFD_CLOEXEC, 10);
    if (high < 0) throw cannot_run(fmt::format("pipe: {}", strerror(errno)));
    close(end);
    end = high;
  }
  return {ends[0], ends[1]};
}

void close_if_open(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

cpu_set_t allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) == 0) CPU_SET(0, &set);
  return set;
}

cpu_set_t share_of(const cpu_set_t& all, std::size_t which, std::size_t of) {
  const std::size_t count = static_cast<std::size_t>(CPU_COUNT(&all));
  cpu_set_t share;
  CPU_ZERO(&share);
  std::size_t seen = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &all)) {
      if (seen % of == which % of || (of > count && seen == which % count)) CPU_SET(core, &share);
      ++seen;
    }
  return CPU_COUNT(&share) ? share : all;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (WIFEXITED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  return "an unknown end";
}

// A worker whose line broke is nearly always on its way out; its own end is then the one to report.
bool ends_soon(int pid) {
  for (int tries = 0; tries < 200; ++tries) {
    siginfo_t info = {};
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
      return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

}  // namespace

int usable_cores() {
  const cpu_set_t set = allowed_cores();
  return CPU_COUNT(&set);
}

worker_pool::worker_pool(int jobs, double case_timeout, std::size_t pieces)
    : slots_(std::clamp<std::size_t>(pieces, 1, static_cast<std::size_t>(jobs > 0 ? jobs : usable_cores()))),
      timeout_(case_timeout) {
  signal(SIGPIPE, SIG_IGN);
}

worker_pool::~worker_pool() { stop(); }

void worker_pool::stop() {
  for (slot& s : slots_)
    if (s.pid) end(s), s.busy.reset();
  in_flight_ = 0;
}

void worker_pool::start(slot& s, std::size_t which) {
  const two_ends requests = make_pipe(), answers = make_pipe(), noise = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, noise.write, 1);
  posix_spawn_file_actions_adddup2(&actions, noise.write, 2);
  posix_spawn_file_actions_adddup2(&actions, requests.read, 3);
  posix_spawn_file_actions_adddup2(&actions, answers.write, 4);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // Ctrl-C reaches the parent alone
  posix_spawnattr_setpgroup(&attributes, 0);

  const cpu_set_t all = allowed_cores();
  const cpu_set_t share = share_of(all, which, slots_.size());
  sched_setaffinity(0, sizeof share, &share);
  char name[] = "plumbline", verb[] = "worker";
  char* arguments[] = {name, verb, nullptr};
  const int failed = posix_spawn(&s.pid, "/proc/self/exe", &actions, &attributes, arguments, environ);
  sched_setaffinity(0, sizeof all, &all);

  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(requests.read), close(answers.write), close(noise.write);
  s.to = requests.write, s.from = answers.read, s.noise = noise.read;
  fcntl(s.noise, F_SETFL, O_NONBLOCK);
  s.incoming.clear(), s.noise_tail.clear();
  if (failed) {
    s.pid = 0;
    close_if_open(s.to), close_if_open(s.from), close_if_open(s.noise);
    throw cannot_run(fmt::format("could not start a worker: {}", strerror(failed)));
  }
}

// A worker that already died keeps its status: the kill then only sweeps what it left in its process group.
int worker_pool::end(slot& s) {
  kill(-s.pid, SIGKILL), kill(s.pid, SIGKILL);
  int status = 0;
  while (waitpid(s.pid, &status, 0) < 0 && errno == EINTR) {
  }
  s.pid = 0;
  close_if_open(s.to), close_if_open(s.from), close_if_open(s.noise);
  return status;
}

bool worker_pool::send(slot& s, const std::string& line) {
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = write(s.to, line.data() + sent, line.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

void worker_pool::submit(work w) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slot& s = slots_[i];
    if (s.busy) continue;
    w.id = next_id_++;
    if (!s.pid) start(s, i);
    if (!send(s, to_line(w))) {
      const std::string how = how_it_ended(end(s));
      start(s, i);
      if (!send(s, to_line(w))) throw cannot_run("workers do not start: " + how);
    }
    s.about.clear(), s.noise_tail.clear();
    s.busy = std::move(w);
    s.deadline =
        clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(timeout_));
    ++in_flight_;
    return;
  }
  throw std::logic_error("submit: no idle worker");
}

finished worker_pool::give_up(slot& s, bool timed_out) {
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = read(s.noise, buffer.data(), buffer.size())) > 0;)
    s.noise_tail.append(buffer.data(), static_cast<std::size_t>(n));
  const bool alive = !timed_out && !ends_soon(s.pid);
  const int status = end(s);
  finished f;
  f.killed = !timed_out && !alive && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  f.asked = std::move(*s.busy), s.busy.reset(), --in_flight_;
  f.got.about = s.about;
  f.lost = timed_out ? fmt::format("no answer within {:g} s (hang), stopped", timeout_)
           : alive   ? "it closed its line to the program"
                     : how_it_ended(status);
  if (s.noise_tail.size() > kept_noise) s.noise_tail.erase(0, s.noise_tail.size() - kept_noise);
  while (!s.noise_tail.empty() && s.noise_tail.back() == '\n') s.noise_tail.pop_back();
  if (!s.noise_tail.empty()) f.lost += "; its last output: " + s.noise_tail;
  return f;
}

std::optional<finished> worker_pool::take_line(slot& s) {
  for (std::size_t eol; (eol = s.incoming.find('\n')) != std::string::npos;) {
    answer a = answer_from_line(std::string_view(s.incoming).substr(0, eol));
    s.incoming.erase(0, eol + 1);
    if (!s.busy || a.id != s.busy->id) continue;
    if (!a.done) {
      s.about = a.about;
      continue;
    }
    finished f;
    a.about = s.about;
    f.asked = std::move(*s.busy), f.got = std::move(a);
    s.busy.reset(), --in_flight_;
    return f;
  }
  return std::nullopt;
}

std::optional<finished> worker_pool::wait(double seconds) {
  const auto until =
      clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
  for (;;) {
    std::vector<pollfd> watched;
    std::vector<slot*> owner;
    auto wake = until;
    for (slot& s : slots_) {
      if (!s.pid) continue;
      if (s.busy) {
        if (auto f = take_line(s)) return f;
        if (clock::now() >= s.deadline) return give_up(s, true);
        wake = std::min(wake, s.deadline);
      }
      watched.push_back({s.from, POLLIN, 0}), owner.push_back(&s);
      watched.push_back({s.noise, POLLIN, 0}), owner.push_back(&s);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(wake - clock::now()).count() + 1;
    const int ready =
        poll(watched.data(), watched.size(), static_cast<int>(std::clamp<long>(left, 0, 60000)));
    if (ready < 0 && errno == EINTR) return std::nullopt;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (!watched[i].revents) continue;
      slot& s = *owner[i];
      if (!s.pid) continue;
      std::array<char, 65536> buffer;
      const ssize_t n = read(watched[i].fd, buffer.data(), buffer.size());
      const bool answers = watched[i].fd == s.from;
      if (n > 0 && answers) s.incoming.append(buffer.data(), static_cast<std::size_t>(n));
      if (n > 0 && !answers) {
        s.noise_tail.append(buffer.data(), static_cast<std::size_t>(n));
        if (s.noise_tail.size() > 4 * kept_noise) s.noise_tail.erase(0, s.noise_tail.size() - kept_noise);
      }
      if (n == 0 && answers) {
        if (s.busy) return give_up(s, false);
        end(s);
      }
      if (n == 0 && !answers && s.pid) close_if_open(s.noise);
    }
    if (clock::now() >= until) {
      for (slot& s : slots_)
        if (s.pid && s.busy)
          if (auto f = take_line(s)) return f;
      return std::nullopt;
    }
  }
}

}  // namespace plumbline::program
