// Where a result goes that the user asked for by name: --json, --report, --outputs, and the folder --out.
//
// A result of an hour's run must not be lost to a typing error, so a place is tried when the command line is
// read, and nothing that was there is harmed by writing to it: an ordinary file is replaced in one rename
// that keeps its permissions, through symbolic links; a pipe, a device or a descriptor is opened and written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ci/plumbline/terminal.hpp"

namespace plumbline::program {

class result_file {
 public:
  /// `name` empty: nobody asked for it; `-`: standard output.  bad_argument naming `option` when it cannot be
  /// written: a folder, no such folder, no permission, ...
  result_file(std::string option, const std::string& name);

  bool wanted() const { return kind_ != place::none; }
  /// True when what is written lands on standard output, so that the text of the run must go elsewhere.
  bool takes_standard_output() const { return kind_ == place::descriptor && descriptor_ == 1; }
  /// Writes all of it; the line of what went wrong, or empty.  Does nothing when nobody asked.
  std::string write(std::string_view bytes) const;
  friend void require_a_file(const result_file&);
  friend void require_distinct(const result_file&, const result_file&);
  friend void require_not_read(const result_file&, const std::vector<std::string>&);

 private:
  enum class place : std::uint8_t { none, replaced, opened, descriptor };
  void look_at(const std::string& name);
  [[noreturn]] void refuse(const std::string& why) const;

  std::string option_, name_, target_;  // target: behind symbolic links
  place kind_ = place::none;
  int descriptor_ = -1;
};

/// bad_argument when it is standard output, a pipe or a device, which HDF5 cannot be written to piece by
/// piece.
void require_a_file(const result_file&);
/// bad_argument when two results go to one file.
void require_distinct(const result_file&, const result_file&);
/// bad_argument when a result would take the place of a file that the run reads, by whatever name or link.
void require_not_read(const result_file&, const std::vector<std::string>& files);

/// The two results that most verbs write.
struct result_files {
  result_files(const std::string& json_name, const std::string& page_name);
  /// Where the text goes: away from standard output when a result takes that.
  stream text() const;
  result_file json, page;
};

/// Makes the folder unless it is there, and tries to write in it; bad_argument naming `option`.
void require_folder(const std::string& option, const std::string& folder);

}  // namespace plumbline::program
