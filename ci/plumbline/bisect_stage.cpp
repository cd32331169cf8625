#include "ci/plumbline/bisect_stage.hpp"

#include <algorithm>
#include <filesystem>

#include "ci/plumbline/case_files.hpp"
#include "fixtures/difference.hpp"
#include "reference/core/taps.hpp"

namespace plumbline::program {

namespace {

bool differ(const tensor* a, const tensor* b) {
  if (a == nullptr || b == nullptr) return a != b;
  fixtures::stored_case before, after;
  before.tensors.set("x", *a), after.tensors.set("x", *b);
  return !fixtures::first_difference(before, after).empty();
}

bool differ(const tensor_set& a, const tensor_set& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const auto& one) { return differ(&one.value, b.find(one.name)); });
}

}  // namespace

changed_stage stage_changed(const bisect_folder& at, const std::string& before, const std::string& after) {
  recorded_case shown[2];
  for (int i = 0; i < 2; ++i) {
    const std::string& commit = i == 0 ? before : after;
    if (!std::filesystem::exists(at.outputs_of(commit)))
      return {"", commit.substr(0, 10) + " left no outputs"};
    shown[i] = load_recorded(cases_of(at.outputs_of(commit)).at(0));
    if (shown[i].taps.size() == 0)
      return {"", "the build of " + commit.substr(0, 10) +
                      " wrote none (log: " + at.file("logs/" + commit + ".log") + ")"};
  }
  for (const std::string_view stage : tap_names) {
    const std::string name = "tap_" + std::string(stage);
    for (const std::string& part : {name + "_at", name})
      if (differ(shown[0].taps.find(part), shown[1].taps.find(part))) return {std::string(stage), ""};
  }
  return differ(shown[0].tensors, shown[1].tensors) ? changed_stage{"combined_out", ""}
                                                    : changed_stage{"", "no number changed"};
}

}  // namespace plumbline::program
