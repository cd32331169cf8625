// How something was compiled: a number can get worse where no source did.
#pragma once

#include <string>
#include <vector>

#include "ci/plumbline/git.hpp"

namespace plumbline::program {

struct toolchain {
  std::string compiler;            // "GNU 12.2.0 (/usr/bin/c++)"
  std::vector<std::string> flags;  // every word of the compile commands that is an option, once, by name
  friend bool operator==(const toolchain&, const toolchain&) = default;
};

/// That of a folder that CMake configured, with its compile commands exported.
toolchain toolchain_of(const std::string& build, const std::string& sources);

/// The first line that the compiler which CMake would take says of itself; empty: there is none.
std::string default_compiler();

/// "compiler GNU 12.2.0 -> Clang 14.0.6; flags -O2 -> -O3"; empty: the same.
std::string difference(const toolchain& before, const toolchain& after);

/// True when no file that is compiled differs between two commits.
bool same_sources(const git_repository&, const std::string& a, const std::string& b);

}  // namespace plumbline::program
