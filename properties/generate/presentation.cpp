#include "properties/generate/presentation.hpp"

#include <algorithm>
#include <numeric>

namespace plumbline::generate {

namespace {

// Element offsets in row-major index order.
template <class Visit>
void each_element(const tensor& t, Visit visit) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(t.rank()), 0);
  const std::int64_t count = t.size();
  for (std::int64_t i = 0; i < count; ++i) {
    visit(i, t.offset(index));
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < t.shape()[axis]) break;
      index[axis] = 0;
    }
  }
}

}  // namespace

tensor relaid(const tensor& from, tensor like, std::byte fill) {
  like.fill_block(static_cast<std::uint8_t>(fill));
  std::vector<std::int64_t> index(static_cast<std::size_t>(from.rank()), 0);
  each_element(from, [&](std::int64_t, std::int64_t at) {
    like.set_code(like.offset(index), from.code(at));
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < from.shape()[axis]) break;
      index[axis] = 0;
    }
  });
  return like;
}

tensor reordered(const tensor& from, const std::vector<std::int64_t>& order) {
  tensor to = from;
  const std::int64_t rows = from.dim(0), width = rows == 0 ? 0 : from.size() / rows;
  each_element(from, [&](std::int64_t i, std::int64_t at) {
    const std::int64_t row = i / width;
    const std::int64_t there = at + (order[static_cast<std::size_t>(row)] - row) * from.strides()[0];
    to.set_code(at, from.code(there));
  });
  return to;
}

void fill_stale(tensor& t, random_stream draw) {
  each_element(t, [&](std::int64_t, std::int64_t at) {
    t.set_code(at, draw.bits64() >> (64 - 8 * size_of(t.type())));
  });
}

std::vector<std::int64_t> another_order(std::int64_t count, random_stream& draw) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  if (count < 2) return order;
  for (std::int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(draw.integer(0, i - 1))]);
  return order;
}

tensor places(const std::vector<std::int64_t>& values) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    t.set_value(static_cast<std::int64_t>(i), static_cast<double>(values[i]));
  return t;
}

}  // namespace plumbline::generate
