// A case as one line of text: what to run, on which inputs, where.
//
//   plumbline1:OP.FUNCTION[/VARIANT]:key=value,...;regime=...;seed=...[;executor=...][;schedule=...][;os_threads=...]
//
// The number is the version of the generators: a line names the inputs bit for bit only for the generators
// that wrote it.  `flash_decode:b=4,...` (the operator's first function, version 1) is accepted on input.  A
// recorded case has `recorded=FILE#/group/case` instead of regime and seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plumbline {

inline constexpr int generator_version = 1;

struct case_spec {
  int version = generator_version;
  std::string op, function, variant;  // function empty: the operator's first; variant: all that accept it
  std::string problem;                // key=value,...
  std::string regime;
  std::uint64_t seed = 0;
  std::string recorded;  // FILE#/group/case, or empty
  std::string executor = "host";
  std::string schedule;
  int os_threads = 0;

  /// The whole line; the function must have been filled in.
  std::string str() const;
  /// Throws bad_argument with one clear line on anything malformed or of an unknown version.
  static case_spec parse(std::string_view text);
  friend bool operator==(const case_spec&, const case_spec&) = default;
};

}  // namespace plumbline
