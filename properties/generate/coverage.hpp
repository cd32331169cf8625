// Which classes of problems a case belongs to, and how often each class must come up in a run.
//
// A generator that silently stops drawing, say, shared pages turns every law green for them.  So each case is
// counted in its classes, the counts are printed, and a run whose share of a class lies below its floor is
// not trusted.  A floor is about a third of the share that the generators draw: far enough from it that a
// hundred cases never miss it by chance, near enough that a lost option is noticed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

std::vector<std::string> classes_of(const flash_decode::attend_problem&);
std::vector<std::string> classes_of(const flash_decode::append_problem&);
std::vector<std::string> classes_of(const flash_decode::combine_problem&);

/// Every class of a function with its floor, a share of all cases; 0: counted, no floor.
std::vector<std::pair<std::string, double>> attend_floors();
std::vector<std::pair<std::string, double>> append_floors();
std::vector<std::pair<std::string, double>> combine_floors();

}  // namespace plumbline::generate
