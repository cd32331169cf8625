#include "ci/plumbline/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/interrupt.hpp"

namespace plumbline::program {

folder_lock::folder_lock(const std::string& folder, const std::string& what)
    : fd_(open((folder + "/lock").c_str(), O_CREAT | O_RDWR, 0666)) {
  for (int tries = 0; flock(fd_, LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (tries == 150 || interrupted_by()) {
      close(fd_);
      throw cannot_run(folder + ": another " + what + " works there");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

folder_lock::~folder_lock() { close(fd_); }

}  // namespace plumbline::program
