// Runs a program and keeps what it said: the only way the tests of the program look at it.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

struct process_end {
  int code = -1;  // exit code, or 1000 + signal
  std::string out, err;
  double seconds = 0;
};

enum class standard_output { file, closed };

/// Runs the program that this test was built for (with fake operations, or as it is) in a folder of its own;
/// `environment` entries are NAME=value. Its standard output is a file, or closed.
process_end run_program(const std::vector<std::string>& arguments, const std::string& folder,
                        const std::vector<std::string>& environment = {},
                        standard_output = standard_output::file);
/// ... and sends it `signal` as soon as `when` holds.
process_end run_until(const std::function<bool()>& when, int signal,
                      const std::vector<std::string>& arguments, const std::string& folder,
                      const std::vector<std::string>& environment = {});
/// True once the slow operations (the variant `slow`, FAKE_SLOW_JUDGE) have run so often in this folder.
std::function<bool()> slow_runs(const std::string& folder, std::size_t times);

inline std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

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
