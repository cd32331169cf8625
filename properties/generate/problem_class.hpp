// Classes of problems, and how often each must come up among those that are drawn.
//
// A generator that silently stops drawing, say, shared pages turns every law green for them.  So each drawn
// problem is counted in its classes, the counts are printed, and a run whose share of a class lies below its
// floor is not trusted.  What a variant then takes of the problems is another matter: its skips are counted
// by reason.  A floor is about a third of the share that the generators draw: far enough from it that a
// hundred cases never miss it by chance, near enough that a lost option is noticed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumbline::generate {

template <class Problem>
struct problem_class {
  std::string_view name;
  double floor;  // least share of all drawn problems; 0: counted, no floor
  bool (*holds)(const Problem&);
};

template <class Problem>
std::vector<std::string> names_holding(std::span<const problem_class<Problem>> all, const Problem& p) {
  std::vector<std::string> names;
  for (const auto& one : all)
    if (one.holds(p)) names.emplace_back(one.name);
  return names;
}

template <class Problem>
std::vector<std::pair<std::string, double>> floors_of(std::span<const problem_class<Problem>> all) {
  std::vector<std::pair<std::string, double>> floors;
  for (const auto& one : all) floors.emplace_back(one.name, one.floor);
  return floors;
}

}  // namespace plumbline::generate
