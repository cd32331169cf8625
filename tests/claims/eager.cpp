#include "tests/claims/eager.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "reference/core/counted.hpp"
#include "tests/claims/eager_shapes.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

std::size_t axis_of(const shape_list& shape, int axis) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis);
}

double value_at(const unsigned char* at, dtype type) {
  std::uint64_t code = 0;
  std::memcpy(&code, at, size_of(type));
  if (type == dtype::f64) return std::bit_cast<double>(code);
  if (type == dtype::i32) return static_cast<std::int32_t>(code);
  if (type == dtype::u8) return static_cast<double>(code);
  return decode(type, static_cast<std::uint32_t>(code));
}

void put_at(unsigned char* at, dtype type, double x) {
  const std::uint32_t code = type == dtype::i32  ? static_cast<std::uint32_t>(static_cast<std::int32_t>(x))
                             : type == dtype::u8 ? static_cast<std::uint32_t>(x)
                                                 : encode(type, x);
  std::memcpy(at, &code, size_of(type));
}

/// Calls `each` with the offset of every element, in row-major order.
void for_elements(const tensor_view& v, const std::function<void(std::int64_t)>& each) {
  std::int64_t index[max_rank] = {}, n = 1;
  for (int a = 0; a < v.rank; ++a) n *= v.shape[a];
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t offset = 0;
    for (int a = 0; a < v.rank; ++a) offset += index[a] * v.stride[a];
    each(offset);
    for (int a = v.rank - 1; a >= 0 && ++index[a] == v.shape[a]; --a) index[a] = 0;
  }
}

// Outer elements, the axis, inner elements.
struct around {
  std::int64_t outer = 1, inner = 1;
};
around around_axis(const shape_list& shape, std::size_t axis) {
  around n;
  for (std::size_t i = 0; i < shape.size(); ++i) (i < axis ? n.outer : n.inner) *= i == axis ? 1 : shape[i];
  return n;
}

// Calls `each` with every index of a shape, in row-major order.
void for_indices(const shape_list& shape, const std::function<void(const shape_list&)>& each) {
  shape_list index(shape.size(), 0);
  const std::int64_t n = count_of(shape);
  for (std::int64_t i = 0; i < n; ++i) {
    each(index);
    for (std::size_t k = index.size(); k-- > 0 && ++index[k] == shape[k];) index[k] = 0;
  }
}

// The element that an index of a broadcast shape means.
double broadcast_element(const array& a, const shape_list& index) {
  std::int64_t offset = 0;
  const std::size_t skipped = index.size() - a.shape.size();
  for (std::size_t k = 0; k < a.shape.size(); ++k)
    offset = offset * a.shape[k] + (a.shape[k] == 1 ? 0 : index[skipped + k]);
  return a.data[static_cast<std::size_t>(offset)];
}

void round_all(array& a) {
  for (double& x : a.data) x = round_to(a.type, x);
}

}  // namespace

std::int64_t count_of(const shape_list& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return n;
}

std::string text_of(const shape_list& shape) {
  std::string text = "[";
  for (const std::int64_t d : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(d);
  return text + "]";
}

void require_one_type(const array& a, const array& b, const char* what) {
  if (a.type != b.type)
    refuse(std::string(what) + ": expected two arrays of one type, got " + std::string(name_of(a.type)) +
           " and " + std::string(name_of(b.type)));
}

shape_list broadcast(const shape_list& a, const shape_list& b, const char* what) {
  shape_list all(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      refuse(std::string(what) + ": shapes " + text_of(a) + " and " + text_of(b) + " do not broadcast");
    all[all.size() - 1 - i] = x == 1 ? y : x;
  }
  return all;
}

array zeros(dtype type, shape_list shape) {
  array a;
  a.type = type;
  a.data.assign(static_cast<std::size_t>(count_of(shape)), 0);
  a.shape = std::move(shape);
  return a;
}

array read(const tensor_view& v) {
  array a;
  a.type = v.type, a.shape.assign(v.shape, v.shape + v.rank);
  const auto* from = static_cast<const unsigned char*>(v.data);
  for_elements(v, [&](std::int64_t offset) {
    a.data.push_back(value_at(from + offset * static_cast<std::int64_t>(size_of(v.type)), v.type));
  });
  return a;
}

void write(const array& a, const tensor_view& v) {
  const shape_list shape(v.shape, v.shape + v.rank);
  if (shape != a.shape)
    refuse("a result of shape " + text_of(a.shape) + " where " + text_of(shape) + " is due");
  auto* to = static_cast<unsigned char*>(v.data);
  std::size_t at = 0;
  for_elements(v, [&](std::int64_t offset) {
    put_at(to + offset * static_cast<std::int64_t>(size_of(v.type)), v.type, a.data[at++]);
  });
}

tensor_view part_of(tensor_view v, int axis, std::int64_t begin, std::int64_t end) {
  v.data = static_cast<unsigned char*>(v.data) +
           begin * v.stride[axis] * static_cast<std::int64_t>(size_of(v.type));
  v.shape[axis] = end - begin;
  return v;
}

array to(const array& a, dtype type) {
  array b = a;
  b.type = type;
  round_all(b);
  return b;
}

array view(const array& a, shape_list shape) {
  std::int64_t known = 1;
  for (const std::int64_t d : shape) known *= d < 0 ? 1 : d;
  for (std::int64_t& d : shape)
    if (d < 0) d = known == 0 ? 0 : a.size() / known;
  if (count_of(shape) != a.size())
    refuse("view: shape " + text_of(shape) + " is invalid for " + counted(a.size(), "element"));
  array b = a;
  b.shape = std::move(shape);
  return b;
}

array transpose(const array& a, int first, int second) {
  const std::size_t i = axis_of(a.shape, first), j = axis_of(a.shape, second), rank = a.shape.size();
  shape_list from(rank, 1);  // strides
  for (std::size_t k = rank - 1; k-- > 0;) from[k] = from[k + 1] * a.shape[k + 1];
  array b = a;
  std::swap(b.shape[i], b.shape[j]);
  std::swap(from[i], from[j]);
  shape_list index(rank, 0);
  for (double& x : b.data) {
    std::int64_t offset = 0;
    for (std::size_t k = 0; k < rank; ++k) offset += index[k] * from[k];
    x = a.data[static_cast<std::size_t>(offset)];
    for (std::size_t k = rank; k-- > 0 && ++index[k] == b.shape[k];) index[k] = 0;
  }
  return b;
}

array slice(const array& a, int axis, std::int64_t begin, std::int64_t end) {
  const std::size_t i = axis_of(a.shape, axis);
  const std::int64_t length = a.shape[i];
  begin = std::clamp<std::int64_t>(begin, 0, length), end = std::clamp(end, begin, length);
  const around n = around_axis(a.shape, i);
  array b;
  b.type = a.type, b.shape = a.shape, b.shape[i] = end - begin;
  for (std::int64_t o = 0; o < n.outer; ++o)
    b.data.insert(b.data.end(), a.data.begin() + (o * length + begin) * n.inner,
                  a.data.begin() + (o * length + end) * n.inner);
  return b;
}

array expand(const array& a, shape_list shape) {
  if (broadcast(a.shape, shape, "expand") != shape)
    refuse("expand: " + text_of(a.shape) + " does not become " + text_of(shape));
  array b;
  b.type = a.type;
  for_indices(shape, [&](const shape_list& index) { b.data.push_back(broadcast_element(a, index)); });
  b.shape = std::move(shape);
  return b;
}

array cat(const array& a, const array& b, int axis) {
  const std::size_t i = axis_of(a.shape, axis);
  shape_list rest_a = a.shape, rest_b = b.shape;
  rest_a[i] = 0;
  if (b.shape.size() == a.shape.size()) rest_b[i] = 0;
  if (rest_a != rest_b)
    refuse("cat: shapes " + text_of(a.shape) + " and " + text_of(b.shape) + " differ beside axis " +
           std::to_string(i));
  require_one_type(a, b, "cat");
  array c = zeros(a.type, a.shape);
  c.shape[i] += b.shape[i];
  c.data.assign(static_cast<std::size_t>(count_of(c.shape)), 0);
  assign(c, axis, 0, a.shape[i], a);
  assign(c, axis, a.shape[i], c.shape[i], b);
  return c;
}

void assign(array& to, int axis, std::int64_t begin, std::int64_t end, const array& from) {
  const std::size_t i = axis_of(to.shape, axis);
  shape_list place = to.shape;
  place[i] = std::clamp<std::int64_t>(end, begin, to.shape[i]) - begin;
  if (place != from.shape)
    refuse("assignment: " + text_of(from.shape) + " does not fit a slice of shape " + text_of(place));
  const around n = around_axis(to.shape, i);
  const std::int64_t run = place[i] * n.inner;
  for (std::int64_t o = 0; o < n.outer; ++o)
    for (std::int64_t e = 0; e < run; ++e)
      to.data[static_cast<std::size_t>((o * to.shape[i] + begin) * n.inner + e)] =
          round_to(to.type, from.data[static_cast<std::size_t>(o * run + e)]);
}

array add(const array& a, const array& b) {
  require_one_type(a, b, "add");
  array c;
  c.type = a.type, c.shape = broadcast(a.shape, b.shape, "add");
  for_indices(c.shape, [&](const shape_list& index) {
    c.data.push_back(round_to(c.type, broadcast_element(a, index) + broadcast_element(b, index)));
  });
  return c;
}

array times(const array& a, double factor) {
  array b = a;
  for (double& x : b.data) x = round_to(b.type, x * factor);
  return b;
}

}  // namespace plumbline::claims
