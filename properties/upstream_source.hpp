// A recorded case of an upstream function while it is translated: remembers which tensors were taken.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "properties/operation.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

class upstream_source {
 public:
  /// `op`: the operator that calls are translated to; both must outlive this.
  upstream_source(const recorded_case& c, std::string_view op) : case_(c), op_(op) {}

  bool has(const std::string& name) const { return case_.tensors.has(name); }
  /// The first of these tensors that is there; throws bad_argument naming the first when none is.
  const tensor& at(std::initializer_list<const char*> names);
  const tensor& at(const char* name) { return at({name}); }
  /// Throws bad_argument when it has another number of axes, too.
  const tensor& at(const char* name, int rank);
  /// The same as a matrix of rows of the last axis.
  tensor rows(std::initializer_list<const char*> names);
  tensor rows(const char* name) { return rows({name}); }

  bool says(const std::string& option) const { return case_.options.count(option) != 0; }
  std::string word(const std::string& option) const;
  std::int64_t integer(const std::string& option) const;
  double real(const std::string& option) const;
  const std::string& group() const { return case_.function; }
  const std::string& name() const { return case_.name; }

  /// A tensor that nothing of ours computes.
  void pass_over(const char* name) { taken_.insert(name); }
  /// Throws bad_argument naming the tensors that nobody asked for.
  void require_all_taken() const;

  /// A call of ours on what this case holds, without tensors.
  recorded_case call(const char* function, const std::string& problem_text) const;

 private:
  const recorded_case& case_;
  std::string_view op_;
  std::set<std::string> taken_;
};

/// The same dense elements under another shape, and, of the same width, another type.
tensor reshaped(const tensor&, std::vector<std::int64_t> shape);
tensor reshaped(const tensor&, std::vector<std::int64_t> shape, dtype as);

}  // namespace plumbline
