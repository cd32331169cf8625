#include "ci/plumbline/file_turn.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/interrupt.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds patience{30000}, pause{20};

std::string lock_of(const std::string& file) {
  std::error_code none;
  const fs::path real = fs::weakly_canonical(file, none);
  return (real.parent_path() / ("." + real.filename().string() + ".lock")).string();
}

// The last user removes the file: who locked a removed one has no turn.
bool is_still(const std::string& lock, int fd) {
  struct stat named = {}, held = {};
  return ::stat(lock.c_str(), &named) == 0 && ::fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
         named.st_ino == held.st_ino;
}

}  // namespace

file_turn::file_turn(const std::string& file) : lock_(lock_of(file)) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    fd_ = ::open(lock_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (fd_ < 0) throw cannot_run(lock_ + ": " + strerror(errno));
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0 && is_still(lock_, fd_)) return;
    ::close(fd_);
    if (interrupted_by() != 0 || std::chrono::steady_clock::now() > until)
      throw cannot_run(file + ": another process adds to it");
    std::this_thread::sleep_for(pause);
  }
}

file_turn::~file_turn() {
  ::unlink(lock_.c_str());
  ::close(fd_);
}

}  // namespace plumbline::program
