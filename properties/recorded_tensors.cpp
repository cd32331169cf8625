#include "properties/recorded_tensors.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "properties/in_double.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

std::string text_of(std::span<const std::int64_t> shape) {
  std::string all;
  for (std::int64_t n : shape) all += (all.empty() ? "(" : ", ") + std::to_string(n);
  return all.empty() ? "()" : all + ")";
}

// Rows laid out again with a gap behind each, whatever their strides were.
tensor spread(const tensor& t, std::int64_t gap) {
  const std::vector<std::int64_t> shape(t.shape().begin(), t.shape().end());
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * shape[axis] + (axis + 1 == shape.size() ? gap : 0);
  tensor wide(t.type(), shape, strides);
  wide.fill_block(0xff);
  const std::int64_t width = shape.back(), bytes = static_cast<std::int64_t>(size_of(t.type()));
  std::vector<std::int64_t> index(shape.size());
  for (std::int64_t row = 0; width > 0 && row < t.size() / width; ++row) {
    std::int64_t rest = row;
    for (std::size_t axis = shape.size() - 1; axis-- > 0; rest /= shape[axis])
      index[axis] = rest % shape[axis];
    std::memcpy(wide.data() + wide.offset(index) * bytes, t.data() + t.offset(index) * bytes,
                static_cast<std::size_t>(width * bytes));
  }
  return wide;
}

// What a misnamed tensor is then seen to be.
std::string held(const recorded_case& c) {
  std::string names;
  for (const auto& [name, t] : c.tensors)
    if (!is_in_double(name)) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? ", which holds none" : ", which holds " + names;
}

}  // namespace

const tensor& needed(const recorded_case& c, std::string_view name) {
  const tensor* t = c.tensors.find(name);
  if (t == nullptr)
    throw bad_argument(std::string(name), "expected a tensor of this name in the case" + held(c));
  return *t;
}

const tensor& needed(const recorded_case& c, std::string_view name, int rank) {
  const tensor& t = needed(c, name);
  if (t.rank() != rank)
    throw bad_argument(std::string(name),
                       "expected " + counted(rank, "axis", "axes") + ", got " + std::to_string(t.rank()));
  return t;
}

void require_shape(std::string_view name, const tensor* t, std::span<const std::int64_t> shape) {
  if (t == nullptr || std::equal(shape.begin(), shape.end(), t->shape().begin(), t->shape().end())) return;
  throw bad_argument(std::string(name), "expected shape " + text_of(shape) + ", got " + text_of(t->shape()));
}

void require_type(recorded_options& options, dtype found) {
  const std::string said = options.word("dtype", "");
  if (!said.empty() && dtype_from(said) != found)
    throw bad_argument("dtype", "the case says " + said + ", its tensors are " + std::string(name_of(found)));
}

void require_as_said(recorded_options& options, std::span<const std::pair<const char*, std::int64_t>> said) {
  for (const auto& [name, found] : said)
    if (const std::int64_t value = options.integer(name, found); value != found)
      throw bad_argument(name,
                         "the case says " + std::to_string(value) + ", its tensors " + std::to_string(found));
}

std::vector<std::int64_t> whole_values(const recorded_case& c, std::string_view name) {
  const tensor* t = c.tensors.find(name);
  std::vector<std::int64_t> values;
  if (t == nullptr) return values;
  if (t->type() != dtype::i32)
    throw bad_argument(std::string(name),
                       "expected whole numbers (i32), got " + std::string(name_of(t->type())));
  for (double x : t->values()) values.push_back(static_cast<std::int64_t>(x));
  return values;
}

tensor whole_numbers(const std::vector<std::int64_t>& values) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    t.set_value(static_cast<std::int64_t>(i), static_cast<double>(values[i]));
  return t;
}

std::vector<std::int64_t> differences(const std::vector<std::int64_t>& cumulative) {
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 1; i < cumulative.size(); ++i) lengths.push_back(cumulative[i] - cumulative[i - 1]);
  return lengths;
}

void take(const recorded_case& c, std::initializer_list<std::string_view> names, std::int64_t gap,
          tensor_set& inputs) {
  for (std::string_view name : names)
    if (const tensor* t = c.tensors.find(name))
      inputs.set(std::string(name), t->rank() >= 3 ? spread(*t, gap) : *t);
}

}  // namespace plumbline
