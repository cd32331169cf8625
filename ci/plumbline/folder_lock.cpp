#include "ci/plumbline/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/interrupt.hpp"

namespace plumbline::program {

namespace {

// Whoever had the lock may have removed the folder, and the file with it.
bool is_still_there(int fd, const std::string& file) {
  struct stat held = {}, there = {};
  return fstat(fd, &held) == 0 && stat(file.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
         held.st_dev == there.st_dev;
}

}  // namespace

folder_lock::folder_lock(const std::string& folder, const std::string& what) : fd_(-1) {
  const std::string file = folder + "/lock";
  for (int tries = 0;; ++tries) {
    std::error_code none;
    std::filesystem::create_directories(folder, none);
    fd_ = open(file.c_str(), O_CREAT | O_RDWR, 0666);
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0 && is_still_there(fd_, file)) return;
    close(fd_);
    if (tries == 150 || interrupted_by()) throw cannot_run(folder + ": another " + what + " works there");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

folder_lock::~folder_lock() { close(fd_); }

}  // namespace plumbline::program
