#include "properties/laws/subject.hpp"

#include <cstdio>

#include "properties/judge/bytes_judge.hpp"
#include "reference/core/random.hpp"

namespace plumbline::laws {

tensor_set fresh(tensor_set outputs, const tensor_set& inputs) {
  for (auto& e : outputs)
    if (const tensor* before = inputs.find(e.name))
      e.value = between_fresh_guards(*before);
    else
      e.value.poison(output_poison);
  return outputs;
}

bool any_sparse(const tensor_set& all) {
  for (const auto& e : all)
    if (e.value.sparse()) return true;
  return false;
}

attempt run_poisoned(executor& where, const std::function<void(const kernel_arguments&, launcher&)>& call,
                     const tensor_set& given, tensor_set outputs, const run_options& how) {
  attempt a;
  tensor_set copies = given;
  a.outputs = fresh(std::move(outputs), given);
  if (where.kernels() != side::host && (any_sparse(given) || any_sparse(a.outputs)))
    throw outside_domain{"rows beyond what this executor holds: they need the host's addresses"};
  a.why_not = where.run(call, copies, a.outputs, how);
  return a;
}

std::size_t chosen_law(std::uint64_t seed, std::size_t count) {
  random_stream choice(seed, "law");
  return static_cast<std::size_t>(choice.integer(0, static_cast<std::int64_t>(count) - 1));
}

std::string difference(const tensor_set& first, const tensor_set& second, std::string_view what) {
  for (const auto& [name, value] : first) {
    const tensor* other = second.find(name);
    if (other == nullptr) return std::string(what) + ": no output " + name;
    if (same_elements(value, *other)) continue;
    return std::string(what) + " gives other bits: " + judge_bytes(name, value, *other).message;
  }
  return "";
}

std::string shown(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

std::string describe(const fault& why, std::string_view what) {
  const std::string line = why.message.substr(0, why.message.find('\n'));
  return std::string(what) + " did not complete: " + why.kind + ": " + line;
}

std::string_view law_of(const fault& why) {
  for (std::string_view kind : {"stray write", "input changed", "changed input", "guard"})
    if (why.kind.find(kind) != std::string::npos) return "touches_nothing_else";
  return "completes";
}

}  // namespace plumbline::laws
