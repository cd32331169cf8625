#include "properties/upstream_source.hpp"

#include <algorithm>

#include "properties/recorded_outputs.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

const tensor& upstream_source::at(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const tensor* t = case_.tensors.find(name)) {
      taken_.insert(name);
      return *t;
    }
  return needed(case_, *names.begin());
}

const tensor& upstream_source::at(const char* name, int rank) {
  const tensor& t = at({name});
  if (t.rank() != rank)
    throw bad_argument(name,
                       "expected " + counted(rank, "axis", "axes") + ", got " + std::to_string(t.rank()));
  return t;
}

tensor upstream_source::rows(std::initializer_list<const char*> names) {
  const tensor& t = at(names);
  const std::int64_t width = t.shape().back();
  return reshaped(t, {width == 0 ? 0 : t.size() / width, width});
}

std::string upstream_source::word(const std::string& option) const {
  const auto found = case_.options.find(option);
  if (found == case_.options.end()) throw bad_argument(option, "expected this option in the case");
  return found->second;
}

std::int64_t upstream_source::integer(const std::string& option) const {
  return keyed_text("x=" + word(option)).integer("x", 0);
}

double upstream_source::real(const std::string& option) const {
  return keyed_text("x=" + word(option)).real("x", 0);
}

void upstream_source::require_all_taken() const {
  for (const auto& [name, value] : case_.tensors)
    if (taken_.count(name) == 0) throw bad_argument("case", "expected no tensor of the name " + name);
}

recorded_case upstream_source::call(const char* function, const std::string& problem_text) const {
  recorded_case one;
  one.function = function;
  one.name = case_.name;
  one.options = options_from_text(op_, problem_text);
  return one;
}

tensor reshaped(const tensor& from, std::vector<std::int64_t> shape, dtype as) {
  tensor to(as, std::move(shape));
  if (!from.dense() || to.extent_bytes() != from.extent_bytes())
    throw bad_argument("case", "expected a dense tensor of another shape");
  std::copy_n(from.data(), from.extent_bytes(), to.data());
  return to;
}
tensor reshaped(const tensor& from, std::vector<std::int64_t> shape) {
  return reshaped(from, std::move(shape), from.type());
}

}  // namespace plumbline
