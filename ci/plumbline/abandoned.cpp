#include "ci/plumbline/abandoned.hpp"

#include <signal.h>

#include <cerrno>
#include <charconv>
#include <vector>

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

// The number behind `word` in a name, or 0.
pid_t process_behind(const std::string& name, const std::string& word) {
  const std::size_t at = name.rfind(word);
  if (at == std::string::npos) return 0;
  pid_t pid = 0;
  const char* const digits = name.data() + at + word.size();
  std::from_chars(digits, name.data() + name.size(), pid);
  return pid;
}

}  // namespace

void remove_abandoned(const fs::path& folder, const std::string& word, std::chrono::seconds untouched) {
  std::error_code none;
  std::vector<fs::path> stale;
  for (const fs::directory_entry& e : fs::directory_iterator(folder, none)) {
    const pid_t pid = process_behind(e.path().filename().string(), word);
    if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH) continue;
    const fs::file_time_type written = fs::last_write_time(e.path(), none);
    if (fs::file_time_type::clock::now() - written >= untouched) stale.push_back(e.path());
  }
  for (const fs::path& one : stale) fs::remove_all(one, none);
}

}  // namespace plumbline::program
