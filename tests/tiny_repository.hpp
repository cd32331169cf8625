// A repository of a dozen commits whose "build" copies a script: the script runs this world's program with an
// error of its own, as an old build would.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/program_process.hpp"

/// The script of a commit whose kernel is `error` off.
std::string with_error(const std::string& error);

class tiny_repository {
 public:
  tiny_repository();
  /// Of all there is; tagged c0, c1, ...
  void commit(const std::string& message);
  void commit_kernel(const std::string& script);
  /// c0 and `commits` after it; from number `bad` on the output is 3 off.
  void history(int commits, int bad);
  /// `plumbline bisect` between c0 and `bad`, of rms.
  process_end bisect(std::vector<std::string> more = {}, const std::string& bad = "main") const;
  process_end bisect_until(const std::function<bool()>& when, int number) const;
  /// Its JSON.
  nlohmann::json result() const;
  std::string hash(const std::string& name) const;
  void write(const std::string& file, const std::string& text) const;
  std::string read(const std::string& file) const { return scratch_.read(file); }
  void git(const std::string& arguments) const;
  const std::string& path() const { return scratch_.path(); }
  /// Of the one bisection that was made here.
  std::string folder() const;
  /// Commits whose measurement was written, and builds that were made.
  std::size_t measured() const;
  std::size_t builds() const;

 private:
  scratch_folder scratch_;
  int count_ = 0;
};
