// Runs a program and keeps what it said: the only way the tests of the program look at it.
#pragma once

#include <string>
#include <vector>

struct process_end {
  int code = -1;  // exit code, or 1000 + signal
  std::string out, err;
  double seconds = 0;
};

/// Runs the program with fake operations in a folder of its own; `environment` entries are NAME=value.
/// `interrupt_after`: seconds until it gets `signal`; 0: never.  Its standard output is a file, or closed.
enum class standard_output { file, closed };
process_end run_fake(const std::vector<std::string>& arguments, const std::string& folder,
                     const std::vector<std::string>& environment = {}, double interrupt_after = 0,
                     int signal = 0, standard_output = standard_output::file);

/// A fresh, empty folder that is removed with the object.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  const std::string& path() const { return path_; }
  std::string read(const std::string& file) const;

 private:
  std::string path_;
};
