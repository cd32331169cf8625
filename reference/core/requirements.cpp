#include "reference/core/requirements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
constexpr double most_elements = 0x1p34;

void require_values(const input_spec& spec, const tensor& t) {
  for (std::size_t i = 0; i < spec.values.size(); ++i) {
    const auto found = static_cast<std::int64_t>(t.value(static_cast<std::int64_t>(i)));
    if (found != spec.values[i])
      refuse(spec.name,
             fmt::format("element {}: expected the problem's {}, got {}", i, spec.values[i], found));
  }
}

}  // namespace

void refuse(std::string_view argument, const std::string& expected) {
  throw bad_argument(std::string(argument), expected);
}

void require_between(std::string_view argument, std::int64_t x, std::int64_t low, std::int64_t high) {
  if (x < low || x > high) refuse(argument, fmt::format("expected {}..{}, got {}", low, high, x));
}

void require_least(std::string_view argument, std::int64_t x, std::int64_t least) {
  require_between(argument, x, least, largest);
}

void require_list(std::string_view argument, const std::vector<std::int64_t>& list, std::int64_t count,
                  std::int64_t least, std::int64_t most, std::string_view each) {
  if (static_cast<std::int64_t>(list.size()) != count)
    refuse(argument, fmt::format("expected {} values, one a {}, got {}", count, each, list.size()));
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i] < least || list[i] > most)
      refuse(argument, fmt::format("{} {}: expected {}..{}, got {}", each, i, least, most, list[i]));
}

void require_size(std::string_view argument, const std::vector<std::int64_t>& shape) {
  double elements = 1;
  for (std::int64_t n : shape) elements *= static_cast<double>(n);
  if (!(elements <= most_elements))
    refuse(argument, fmt::format("expected at most 2^34 elements, got {:.3g}", elements));
}

void require_scale(std::string_view argument, double x, std::string_view when_zero) {
  if (!std::isfinite(x) || x < 0)
    refuse(argument, fmt::format("expected a positive number (0: {}), got {}", when_zero, x));
}

void require_heads(std::int64_t hq, std::int64_t hk) {
  require_least("hk", hk, 1);
  require_least("hq", hq, 1);
  if (hq % hk != 0) refuse("hq", fmt::format("expected a multiple of hk = {}, got {}", hk, hq));
}

void require_even(std::string_view argument, std::int64_t x) {
  require_least(argument, x, 2);
  if (x % 2 != 0) refuse(argument, fmt::format("expected an even number, got {}", x));
}

void require_narrow(std::string_view argument, dtype type) {
  if (type != dtype::bf16 && type != dtype::f16)
    refuse(argument, fmt::format("expected bf16 or f16, got {}", name_of(type)));
}

void require_output(std::string_view argument, dtype type) {
  if (type != dtype::bf16 && type != dtype::f16 && type != dtype::f32)
    refuse(argument, fmt::format("expected f32, f16 or bf16, got {}", name_of(type)));
}

tensor paged_rows(dtype type, std::vector<std::int64_t> shape, std::int64_t gap, std::int64_t page_gap) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * shape[axis] + (axis + 1 == shape.size() ? gap : 0);
  strides[0] += page_gap;
  return tensor(type, std::move(shape), std::move(strides));
}

tensor_set lay_out(const std::vector<input_spec>& specs) {
  tensor_set inputs;
  for (const input_spec& spec : specs) {
    tensor t = spec.gap == 0 && spec.page_gap == 0
                   ? tensor(spec.type, spec.shape)
                   : paged_rows(spec.type, spec.shape, spec.gap, spec.page_gap);
    if (spec.gap != 0 || spec.page_gap != 0) t.poison(0);
    for (std::size_t i = 0; i < spec.values.size(); ++i)
      t.set_value(static_cast<std::int64_t>(i), static_cast<double>(spec.values[i]));
    inputs.set(spec.name, std::move(t));
  }
  return inputs;
}

void require_inputs(const std::vector<input_spec>& specs, const tensor_set& inputs) {
  for (const input_spec& spec : specs) {
    const tensor* t = inputs.find(spec.name);
    if (t == nullptr) refuse(spec.name, "expected a tensor of this name, got none");
    if (t->type() != spec.type)
      refuse(spec.name, fmt::format("expected dtype {}, got {}", name_of(spec.type), name_of(t->type())));
    if (!std::equal(spec.shape.begin(), spec.shape.end(), t->shape().begin(), t->shape().end()))
      refuse(spec.name, fmt::format("expected shape ({}), got ({})", fmt::join(spec.shape, ", "),
                                    fmt::join(t->shape(), ", ")));
    if (t->size() != 0 && t->shape().back() != 1 && t->strides().back() != 1)
      refuse(spec.name, fmt::format("expected a contiguous last axis, got stride {}", t->strides().back()));
    if (spec.dense && !t->dense()) refuse(spec.name, "expected a contiguous tensor, got strides");
    require_values(spec, *t);
  }
  for (const auto& [name, t] : inputs)
    if (std::none_of(specs.begin(), specs.end(), [&n = name](const input_spec& s) { return s.name == n; }))
      refuse(name, "expected no such tensor for this problem");
}

}  // namespace plumbline
