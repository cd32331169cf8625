// Raw inputs that come as numpy arrays: an .npz file becomes a file of one case, and goes on as any other.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ci/plumbline/requests.hpp"

namespace plumbline::program {

class array_cases {
 public:
  /// The cases asked for, each .npz file among them replaced by a file of one case under `folder`, with the
  /// options of the request: `function` names its group (attend unless given).  cannot_run when one cannot be
  /// read; bad_argument when options for arrays are given and there are none.
  array_cases(const fixtures_request&, const std::filesystem::path& folder);

  const std::vector<std::string>& names() const { return names_; }
  /// True for a case that was made of an .npz file, which the command line says the rest of.
  bool made(const std::string& recorded) const;
  /// A text that may name those files, with the names that were given in their place.
  std::string as_given(std::string text) const;
  /// What a refusal of such a case leaves its author to try: how to say that wide floats hold narrow numbers,
  /// where the refusal is of a dtype; else nothing.
  std::string advice(const std::string& recorded, const std::string& refusal) const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::string> wide_;                 // arrays of f32 and f64, by file
  std::vector<std::pair<std::string, std::string>> given_;  // by what was made of it
};

}  // namespace plumbline::program
