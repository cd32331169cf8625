#include "ci/plumbline/case_files.hpp"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "ci/plumbline/instrument.hpp"
#include "fixtures/zip_archive.hpp"
#include "properties/tap_tensors.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

std::string recorded_folder() {
  const char* given = std::getenv("PLUMBLINE_RECORDED");
  return given ? given : PLUMBLINE_RECORDED_FOLDER;
}

std::vector<std::string> case_files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const fs::directory_entry& e : fs::directory_iterator(folder, none))
    if (e.path().extension() == ".h5") files.push_back(e.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

std::string why_no_file(const std::string& file) {
  std::error_code none;
  const std::string whole = file.substr(0, file.rfind('#'));
  if (!fs::exists(file, none))
    return whole != file && fs::exists(whole, none) ? "a part of a file, not all of it" : "no such file";
  if (fs::is_directory(file, none)) return "a folder";
  if (!fs::is_regular_file(file, none)) return "no ordinary file";
  errno = 0;
  return std::ifstream(file) ? "" : std::string("cannot open the file: ") + strerror(errno);
}

std::string why_unreadable(const std::string& file) {
  if (std::string why = why_no_file(file); !why.empty()) return why;
  if (fixtures::is_zip(file))
    return "arrays of numpy (.npz), of which `plumbline fixtures record` makes a file of cases";
  return fixtures::is_hdf5(file) ? "" : "not an HDF5 file";
}

std::vector<std::string> cases_of(const std::string& file) {
  if (const std::string why = why_unreadable(file); !why.empty()) throw cannot_run(file + ": " + why);
  std::vector<std::string> cases;
  for (const fixtures::case_path& c : fixtures::list(file))
    cases.push_back(file + "#/" + c.group + "/" + c.name);
  return cases;
}

std::pair<std::string, std::string> split_case_path(const std::string& text) {
  const std::size_t hash = text.rfind('#');
  if (hash == std::string::npos) return {text, ""};
  return {text.substr(0, hash), text.substr(hash + 1)};
}

std::vector<std::string> cases_named(const std::string& argument, const std::string& text) {
  auto [file, path] = split_case_path(text);
  if (fs::exists(text)) file = text, path.clear();  // a '#' in a name
  const auto refuse = [&](const std::string& why) {
    throw bad_argument(argument, "expected an HDF5 file of cases, got '" + text + "': " + why);
  };
  if (file.find('/') == std::string::npos && fs::exists(file)) file = "./" + file;
  std::vector<std::string> cases;
  try {
    if (const std::string why = why_unreadable(file); !why.empty()) throw cannot_run(why);
    cases = cases_of(file);
  } catch (const std::exception& e) {
    throw cannot_run(argument + ": expected an HDF5 file of cases, got '" + text + "': " + e.what());
  }
  if (path.empty()) return cases;
  if (path.front() != '/') path.insert(0, "/");
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::erase_if(cases, [&path = path](const std::string& one) {  // clang 14 captures no binding by itself
    const std::string its = split_case_path(one).second;
    return its != path && its.rfind(path + "/", 0) != 0;
  });
  if (cases.empty()) refuse("no group or case " + path);
  return cases;
}

std::string group_of_path(const std::string& text) {
  const std::string path = split_case_path(text).second;
  return path.substr(1, path.find('/', 1) - 1);
}

std::string located(const std::string& file) {
  return file.find('/') == std::string::npos ? (fs::path(recorded_folder()) / file).string() : file;
}

recorded_case load_recorded(std::string_view recorded) {
  const auto [given, path] = split_case_path(std::string(recorded));
  const std::size_t first = path.empty() || path[0] != '/' ? 0 : 1;
  const std::size_t slash = path.find('/', first);
  if (slash == std::string::npos)
    throw bad_argument("recorded", "expected FILE#/group/case, got '" + std::string(recorded) + "'");
  const std::string file = located(given);
  if (const std::string why = why_unreadable(file); !why.empty())
    throw bad_argument("recorded", "'" + file + "': " + why);
  fixtures::stored_case stored =
      fixtures::read(file, {path.substr(first, slash - first), path.substr(slash + 1)});
  return as_recorded(std::move(stored));
}

recorded_case as_recorded(fixtures::stored_case stored) {
  recorded_case c;
  c.function = std::move(stored.group), c.name = std::move(stored.name);
  c.options = std::move(stored.attributes);
  for (auto& one : stored.tensors)
    (is_tap(one.name) ? c.taps : c.tensors).set(one.name, std::move(one.value));
  return c;
}

std::string unknown_group(const std::string& file, const std::string& group) {
  const auto root = fixtures::root_attributes(file);
  const auto held = root.find("held_by");
  return "no operator knows the group '" + group + "'" +
         (held == root.end() ? "" : "; its cases are held by " + held->second);
}

void save_case(const std::string& file, const recorded_case& c) { save_cases(file, {c}); }

void save_cases(const std::string& file, const std::vector<recorded_case>& cases) {
  const fs::path folder = fs::path(file).parent_path();
  if (!folder.empty()) fs::create_directories(folder);
  std::vector<fixtures::stored_case> stored;
  for (const recorded_case& c : cases) {
    fixtures::stored_case s;
    s.group = c.function, s.name = c.name.empty() ? "case" : c.name;
    s.attributes = c.options, s.tensors = c.tensors;
    for (const auto& one : c.taps) s.tensors.set(one.name, one.value);
    stored.push_back(std::move(s));
  }
  fixtures::write(file, stored, {{"written_by", "plumbline"}});
}

fs::path temporary_folder() {
  std::error_code why;
  fs::path folder = fs::temp_directory_path(why);
  if (why) throw cannot_run("TMPDIR: expected the folder of temporary files: " + why.message());
  return folder;
}

std::string as_file(const std::vector<fixtures::stored_case>& cases,
                    const std::map<std::string, std::string>& root) {
  std::string folder = (temporary_folder() / "plumbline-XXXXXX").string();
  if (!mkdtemp(folder.data())) throw std::runtime_error("cannot make " + folder + ": " + strerror(errno));
  struct remover {
    const std::string& folder;
    ~remover() {
      std::error_code none;
      fs::remove_all(folder, none);
    }
  } const at_the_end{folder};
  fixtures::write(folder + "/cases.h5", cases, root);
  return bytes_of(folder + "/cases.h5");
}

std::string bytes_of(const std::string& file) {
  std::stringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

}  // namespace plumbline::program
