// Whose turn it is to add to a file: one process at a time reads it, adds, and writes it anew.
//
// A file that is replaced by a rename cannot carry the lock itself.  So the lock is a file beside it,
// ".NAME.lock", and is gone again with its last user.
#pragma once

#include <string>

namespace plumbline::program {

class file_turn {
 public:
  /// Waits for whoever has the file, half a minute at most; then, and when interrupted, cannot_run saying so.
  explicit file_turn(const std::string& file);
  ~file_turn();
  file_turn(const file_turn&) = delete;
  file_turn& operator=(const file_turn&) = delete;

 private:
  std::string lock_;
  int fd_ = -1;
};

}  // namespace plumbline::program
