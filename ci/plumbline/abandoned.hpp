// What processes that were killed left behind: files and folders with the number of the process in their
// name.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace plumbline::program {

/// Removes what lies in the folder as ...WORD<process>..., where no such process is there any more and
/// nothing was written for that long (a process of another container has a number that means nothing here).
void remove_abandoned(const std::filesystem::path& folder, const std::string& word,
                      std::chrono::seconds untouched = std::chrono::seconds(0));

}  // namespace plumbline::program
