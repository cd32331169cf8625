// Files of cases as the program uses them: where recorded cases lie, how a case in a file is named
// (`FILE#/group/case`), and the step between what the store keeps and what an operation takes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "properties/operation.hpp"

namespace plumbline::program {

/// Folder of the recorded cases that are part of the repository; PLUMBLINE_RECORDED overrides it.
std::string recorded_folder();
/// Files of a folder that end in .h5, by name; empty when there is no such folder.
std::vector<std::string> case_files_in(const std::string& folder);

/// "FILE#/group/case" of every case of a file, FILE as given.
std::vector<std::string> cases_of(const std::string& file);
/// Those of "FILE", "FILE#/group" or "FILE#/group/case"; bad_argument naming `argument` when there is no such
/// file, group or case.
std::vector<std::string> cases_named(const std::string& argument, const std::string& text);
/// Splits "FILE[#/group/case]"; the second part is empty when there is none.
std::pair<std::string, std::string> split_case_path(const std::string& text);

/// The group of "FILE#/group/case".
std::string group_of_path(const std::string& text);

/// Reads a case by "FILE#/group/case"; a FILE without a folder is one of the recorded folder.
recorded_case load_recorded(std::string_view recorded);

/// Writes a file of one case, or of several; the folder is made when it is not there.
void save_case(const std::string& file, const recorded_case&);
void save_cases(const std::string& file, const std::vector<recorded_case>&);

}  // namespace plumbline::program
