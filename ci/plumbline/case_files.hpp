// Files of cases as the program uses them: where recorded cases lie, how a case in a file is named
// (`FILE#/group/case`), and the step between what the store keeps and what an operation takes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fixtures/store.hpp"
#include "properties/operation.hpp"

namespace plumbline::program {

/// Folder of the recorded cases that are part of the repository; PLUMBLINE_RECORDED overrides it.
std::string recorded_folder();
/// Files of a folder that end in .h5, by name; empty when there is no such folder.
std::vector<std::string> case_files_in(const std::string& folder);

/// Why nobody can read a file there (absent, a folder, a pipe, ...), or empty.
std::string why_no_file(const std::string& file);
/// The same of a file of cases, which is HDF5; damage behind its mark is found when it is read.
std::string why_unreadable(const std::string& file);
/// "FILE#/group/case" of every case of a file, FILE as given.
std::vector<std::string> cases_of(const std::string& file);
/// Those of "FILE", "FILE#/group" or "FILE#/group/case".  Both name `argument`: cannot_run when the file
/// cannot be read, bad_argument when it holds no such group or case.
std::vector<std::string> cases_named(const std::string& argument, const std::string& text);
/// Splits "FILE[#/group/case]"; the second part is empty when there is none.
std::pair<std::string, std::string> split_case_path(const std::string& text);

/// The group of "FILE#/group/case".
std::string group_of_path(const std::string& text);

/// Where a FILE of a case path lies: one without a folder is one of the recorded folder.
std::string located(const std::string& file);
/// Reads a case by "FILE#/group/case"; a FILE without a folder is one of the recorded folder.
recorded_case load_recorded(std::string_view recorded);

/// As an operation takes it, taps apart; what the store knows beside it stays behind.
recorded_case as_recorded(fixtures::stored_case);

/// Why nobody runs or judges a group that no operator claims; a file may say in its root attribute `held_by`
/// what its cases are for instead.
std::string unknown_group(const std::string& file, const std::string& group);

/// Writes a file of one case, or of several; the folder is made when it is not there.
void save_case(const std::string& file, const recorded_case&);
void save_cases(const std::string& file, const std::vector<recorded_case>&);
/// Of this machine; cannot_run naming TMPDIR when it is not there.
std::filesystem::path temporary_folder();
/// The bytes of a file of cases, for a place that may be no ordinary file: written elsewhere, read back.
std::string as_file(const std::vector<fixtures::stored_case>&,
                    const std::map<std::string, std::string>& root);
std::string bytes_of(const std::string& file);

}  // namespace plumbline::program
