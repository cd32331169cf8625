// Options of a recorded case, read by name.
//
// Whoever wrote the file meant every option; one that nobody read is reported by name, as is a tensor that no
// function knows: nothing is ignored silently.  Provenance (source_*, licence, note, ...) is for people.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "properties/operation.hpp"

namespace plumbline {

/// Options of a recorded case; remembers which were read.
class recorded_options {
 public:
  explicit recorded_options(const recorded_case& c) : from_(c) {}
  std::int64_t integer(const std::string& name, std::int64_t fallback);
  bool flag(const std::string& name, bool fallback);  // 0 or 1
  double real(const std::string& name, double fallback);
  std::string word(const std::string& name, const std::string& fallback);
  /// An option that says nothing when it has this value, and is unsupported when it has another.
  void neutral(const std::string& name, const std::string& value);
  /// Options that say what the tensors show, or where they come from: whatever they hold is right.
  void only_said(std::initializer_list<const char*> names);
  bool has(const std::string& name) const { return from_.options.count(name) != 0; }
  /// Throws bad_argument naming every option that nobody read and that is no provenance, and every tensor not
  /// in `known_tensors`.
  void require_known(std::span<const std::string_view> known_tensors) const;
  /// The same, where these are the tensors of the call that the options say: inputs, and outputs as NAME,
  /// `out_NAME` and `expected_NAME`.
  void require_known(const tensor_set& inputs, const tensor_set& outputs) const;

 private:
  const recorded_case& from_;
  std::map<std::string, bool> read_;
};

/// The shortest text that reads back as the same number.
std::string real_text(double);

}  // namespace plumbline
