// One run a folder at a time.  Whatever the run starts inherits the lock, so it ends with the last of them.
// The run that has it may remove the folder; who waits then makes it again.
#pragma once

#include <string>

namespace plumbline::program {

class folder_lock {
 public:
  /// Waits fifteen seconds for whoever has it, whose children may still be ending; then cannot_run saying
  /// that another `what` works there.
  folder_lock(const std::string& folder, const std::string& what);
  ~folder_lock();
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

 private:
  int fd_;
};

}  // namespace plumbline::program
