// `plumbline fixtures` as its tests call it.
#pragma once

#include "tests/program_process.hpp"

/// A case that every kernel here computes rightly.
inline constexpr const char* good_case =
    "flash_decode.attend/scalar:d=16,capacity=8,cache_seqlens=5;regime=normal;seed=1";

/// `plumbline fixtures ARGUMENTS` in a folder.
inline process_end run_fixtures(const scratch_folder& in, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "fixtures");
  return run_program(arguments, in.path());
}
