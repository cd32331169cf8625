#include "ci/plumbline/result_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

constexpr int most_links = 40;

std::string folder_of(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string beside(const std::string& file) {
  static unsigned count = 0;
  return folder_of(file) + "/.plumbline-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

// Not below 0: this process's own descriptor of that name ("/dev/stdout", "/proc/self/fd/3", ...).
int own_descriptor(const std::string& file) {
  std::error_code none;
  const fs::path folder = fs::canonical(folder_of(file), none);
  const std::string number = fs::path(file).filename().string();
  if (none || folder != "/proc/" + std::to_string(::getpid()) + "/fd" || number.empty() ||
      number.size() > 6 ||
      !std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return -1;
  return std::stoi(number);
}

std::string write_to(int out, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(out, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return strerror(n < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return "";
}

// A file that did not exist a moment ago; gone again unless it was renamed.
class fresh_file {
 public:
  explicit fresh_file(const std::string& near) : name_(beside(near)) {
    out_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  ~fresh_file() {
    if (out_ < 0) return;
    ::close(out_);
    ::unlink(name_.c_str());
  }
  fresh_file(const fresh_file&) = delete;
  fresh_file& operator=(const fresh_file&) = delete;
  int number() const { return out_; }
  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  int out_;
};

std::string replace(const std::string& target, std::string_view bytes) {
  const fresh_file fresh(target);
  if (fresh.number() < 0) return strerror(errno);
  struct stat old = {};
  if (::stat(target.c_str(), &old) == 0) {
    if (::fchown(fresh.number(), old.st_uid, old.st_gid) != 0) errno = 0;  // somebody else's stays ours
    if (::fchmod(fresh.number(), old.st_mode & 07777) != 0) return strerror(errno);
  }
  if (const std::string why = write_to(fresh.number(), bytes); !why.empty()) return why;
  if (::fsync(fresh.number()) != 0 || ::rename(fresh.name(), target.c_str()) != 0) return strerror(errno);
  return "";
}

std::string write_through(const std::string& file, std::string_view bytes) {
  const int out = ::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (out < 0) return strerror(errno);
  std::string why = write_to(out, bytes);
  if (::close(out) != 0 && why.empty()) why = strerror(errno);
  return why;
}

}  // namespace

result_file::result_file(std::string option, const std::string& name)
    : option_(std::move(option)), name_(name) {
  if (name == "-")
    kind_ = place::descriptor, descriptor_ = 1;
  else if (!name.empty())
    look_at(name);
}

void result_file::refuse(const std::string& why) const {
  throw bad_argument(option_, "expected a file that can be written, got '" + name_ + "': " + why);
}

void result_file::look_at(const std::string& name) {
  target_ = name;
  for (int links = 0;; ++links) {
    if (descriptor_ = own_descriptor(target_); descriptor_ >= 0) {
      const int how = ::fcntl(descriptor_, F_GETFL);
      if (how < 0 || (how & O_ACCMODE) == O_RDONLY) refuse("no descriptor to write to");
      kind_ = place::descriptor;
      return;
    }
    std::error_code none;
    const fs::path to = fs::read_symlink(target_, none);
    if (none) break;
    if (links == most_links) refuse("too many symbolic links");
    target_ = to.is_absolute() ? to.string() : folder_of(target_) + "/" + to.string();
  }
  struct stat there = {};
  if (::stat(target_.c_str(), &there) != 0) {
    if (errno != ENOENT) refuse(strerror(errno));
    const std::string folder = folder_of(target_);
    std::error_code none;
    if (!fs::is_directory(folder, none)) refuse("no such folder: " + folder);
    if (fs::path(target_).filename().empty()) refuse("a folder");
    kind_ = place::replaced;
  } else if (S_ISDIR(there.st_mode)) {
    refuse("a folder");
  } else {
    if (::access(target_.c_str(), W_OK) != 0) refuse(strerror(errno));
    kind_ = S_ISREG(there.st_mode) ? place::replaced : place::opened;
  }
  if (kind_ != place::replaced) return;
  const fresh_file trial(target_);
  const int why = errno;
  if (trial.number() >= 0) return;
  if (::access(target_.c_str(), F_OK) != 0) refuse(strerror(why));
  kind_ = place::opened;  // a file of ours in a folder that is not
}

std::string result_file::write(std::string_view bytes) const {
  std::string why;
  if (kind_ == place::replaced) why = replace(target_, bytes);
  if (kind_ == place::opened) why = write_through(target_, bytes);
  if (kind_ == place::descriptor) {
    std::fflush(nullptr);
    why = write_to(descriptor_, bytes);
  }
  return why.empty() ? "" : option_ + ": could not write '" + name_ + "': " + why;
}

void require_a_file(const result_file& to) {
  struct stat there = {};
  if (to.kind_ == result_file::place::descriptor ||
      (to.kind_ == result_file::place::opened && ::stat(to.target_.c_str(), &there) == 0 &&
       !S_ISREG(there.st_mode)))
    throw bad_argument(to.option_, "expected a file that can be replaced, got '" + to.name_ + "'");
}

void require_distinct(const result_file& a, const result_file& b) {
  if (!a.wanted() || !b.wanted() || a.kind_ == result_file::place::opened) return;
  std::error_code none;
  const bool same =
      a.kind_ == result_file::place::descriptor
          ? b.descriptor_ == a.descriptor_
          : b.descriptor_ < 0 &&
                (fs::path(a.target_).lexically_normal() == fs::path(b.target_).lexically_normal() ||
                 fs::weakly_canonical(a.target_, none) == fs::weakly_canonical(b.target_, none));
  if (same)
    throw bad_argument(b.option_, "expected another file than " + a.option_ + ", got '" + b.name_ + "'");
}

void require_not_read(const result_file& to, const std::vector<std::string>& files) {
  struct stat there = {}, read = {};
  if (!to.wanted()) return;
  const bool found = to.kind_ == result_file::place::descriptor ? ::fstat(to.descriptor_, &there) == 0
                                                                : ::stat(to.target_.c_str(), &there) == 0;
  if (!found || !S_ISREG(there.st_mode)) return;
  for (const std::string& file : files)
    if (::stat(file.c_str(), &read) == 0 && read.st_dev == there.st_dev && read.st_ino == there.st_ino)
      throw bad_argument(to.option_, "expected another file than the one that is read (" + file + "), got '" +
                                         to.name_ + "'");
}

result_files::result_files(const std::string& json_name, const std::string& page_name)
    : json("--json", json_name), page("--report", page_name) {
  require_distinct(json, page);
}

stream result_files::text() const {
  return json.takes_standard_output() || page.takes_standard_output() ? stream::error : stream::output;
}

void require_folder(const std::string& option, const std::string& folder) {
  const auto refuse = [&](const std::string& why) {
    throw bad_argument(option, "expected a folder that can be written, got '" + folder + "': " + why);
  };
  std::error_code none;
  fs::create_directories(folder, none);
  if (none) refuse(none.message());
  if (!fs::is_directory(folder, none)) refuse("not a folder");
  const fresh_file trial(folder + "/trial");
  if (trial.number() < 0) refuse(strerror(errno));
}

}  // namespace plumbline::program
