#include "ci/plumbline/toolchain.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "ci/plumbline/child_process.hpp"
#include "ci/plumbline/instrument.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

namespace {

std::string value_in(const std::string& text, const std::string& name) {
  const std::string mark = "set(" + name + " \"";
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + mark.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

std::string compiler_of(const std::string& build) {
  std::error_code none;
  for (const fs::directory_entry& e : fs::directory_iterator(build + "/CMakeFiles", none)) {
    std::ifstream in(e.path() / "CMakeCXXCompiler.cmake");
    if (!in) continue;
    std::stringstream text;
    text << in.rdbuf();
    return value_in(text.str(), "CMAKE_CXX_COMPILER_ID") + " " +
           value_in(text.str(), "CMAKE_CXX_COMPILER_VERSION") + " (" +
           value_in(text.str(), "CMAKE_CXX_COMPILER") + ")";
  }
  return "";
}

// Options alone: which files are compiled is a matter of sources.
std::vector<std::string> flags_of(const std::string& build, const std::string& sources) {
  std::ifstream in(build + "/compile_commands.json");
  const nlohmann::json all = nlohmann::json::parse(in, nullptr, false);
  std::set<std::string> flags;
  if (all.is_array())
    for (const auto& one : all) {
      std::istringstream words(one.value("command", ""));
      for (std::string word; words >> word;)
        if (word.size() > 1 && word[0] == '-' && word.find(build) == std::string::npos &&
            word.find(sources) == std::string::npos)
          flags.insert(word);
    }
  return {flags.begin(), flags.end()};
}

std::vector<std::string> only_in(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

std::string words(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : " ") + one;
  return text.empty() ? "(none)" : text;
}

bool is_source(const std::string& file) {
  constexpr std::string_view kinds[] = {".c",  ".cc",  ".cpp", ".cxx", ".h",   ".hh", ".hpp",
                                        ".cu", ".cuh", ".inl", ".inc", ".ipp", ".S",  ".s"};
  const std::string kind = fs::path(file).extension().string();
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

}  // namespace

toolchain toolchain_of(const std::string& build, const std::string& sources) {
  return {compiler_of(build), flags_of(build, sources)};
}

std::string default_compiler() {
  const char* named = std::getenv("CXX");
  try {
    const child_end end = run_child({named && *named ? named : "c++", "--version"});
    return end.said.substr(0, end.said.find('\n'));
  } catch (const cannot_run&) {
    return "";
  }
}

std::string difference(const toolchain& before, const toolchain& after) {
  std::string text;
  if (before.compiler != after.compiler) text = "compiler " + before.compiler + " -> " + after.compiler;
  if (before.flags != after.flags)
    text += (text.empty() ? "flags " : "; flags ") + words(only_in(before.flags, after.flags)) + " -> " +
            words(only_in(after.flags, before.flags));
  return text;
}

bool same_sources(const git_repository& git, const std::string& a, const std::string& b) {
  const std::vector<std::string> changed = git.changed(a, b);
  return std::none_of(changed.begin(), changed.end(), is_source);
}

}  // namespace plumbline::program
