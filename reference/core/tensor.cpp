#include "reference/core/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "reference/core/bulk_decode.hpp"

namespace plumbline {

namespace {

std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

// Calls visit(element offset, number of elements, stride) for each innermost row, in row-major index order.
template <class Visit>
void for_each_row(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides, Visit visit) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return;
  if (shape.empty()) return visit(std::int64_t{0}, std::int64_t{1}, std::int64_t{1});
  const std::size_t outer = shape.size() - 1;
  std::int64_t index[max_rank] = {};
  for (std::int64_t at = 0;;) {
    visit(at, shape[outer], strides[outer]);
    std::size_t axis = outer;
    for (;;) {
      if (axis == 0) return;
      --axis;
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
}

constexpr std::size_t always_whole = std::size_t{1} << 26;

tensor_block block_for(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides,
                       std::size_t extent, std::size_t bytes) {
  const std::size_t all = extent + 2 * guard_bytes;
  const std::byte fill{guard_pattern};
  if (extent < always_whole) return tensor_block(all, fill);
  std::vector<tensor_block::range> used = {{0, guard_bytes}};
  for_each_row(shape, strides, [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
    const std::int64_t run = stride == 1 ? count : 1;
    for (std::int64_t i = 0; i < count; i += run) {
      const std::size_t begin = guard_bytes + static_cast<std::size_t>(at + i * stride) * bytes;
      const std::size_t end = begin + static_cast<std::size_t>(run) * bytes;
      if (begin == used.back().end)
        used.back().end = end;
      else
        used.push_back({begin, end});
    }
  });
  used.push_back({guard_bytes + extent, all});
  const auto before = [](const auto& a, const auto& b) { return a.begin < b.begin; };
  std::sort(used.begin(), used.end(), before);
  std::size_t mapped = 0;
  for (const auto& one : pages_of(used)) mapped += one.end - one.begin;
  if (mapped > all / 4) return tensor_block(all, fill);
  return tensor_block(all, used, fill);
}

}  // namespace

tensor::tensor(dtype type, std::vector<std::int64_t> shape) : tensor(type, shape, row_major(shape)) {}

tensor::tensor(dtype type, std::vector<std::int64_t> shape, std::vector<std::int64_t> strides)
    : type_(type), shape_(std::move(shape)), strides_(std::move(strides)), offset_(guard_bytes) {
  if (shape_.size() != strides_.size() || shape_.size() > max_rank)
    throw std::invalid_argument("tensor: expected as many strides as dimensions, at most " +
                                std::to_string(max_rank));
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
    if (shape_[axis] < 0 || strides_[axis] < 0)
      throw std::invalid_argument("tensor: expected dimensions and strides of at least 0");
    last += (shape_[axis] - 1) * strides_[axis];
  }
  extent_ = size() == 0 ? 0 : static_cast<std::size_t>(last + 1) * size_of(type);
  storage_ = block_for(shape_, strides_, extent_, size_of(type));
  poison(0);
}

std::int64_t tensor::size() const {
  std::int64_t n = storage_.size() == 0 && shape_.empty() && offset_ == 0 ? 0 : 1;
  for (std::int64_t d : shape_) n *= d;
  return n;
}

bool tensor::dense() const {
  std::int64_t expected = 1;
  for (std::size_t axis = shape_.size(); axis-- > 0;) {
    if (shape_[axis] != 1 && strides_[axis] != expected) return size() == 0;
    expected *= shape_[axis];
  }
  return true;
}

std::int64_t tensor::offset(std::span<const std::int64_t> index) const {
  assert(index.size() == shape_.size());
  std::int64_t at = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) at += index[axis] * strides_[axis];
  return at;
}

std::uint64_t tensor::code(std::int64_t element_offset) const {
  std::uint64_t raw = 0;
  std::memcpy(&raw, data() + element_offset * static_cast<std::int64_t>(size_of(type_)), size_of(type_));
  return raw;
}

void tensor::set_code(std::int64_t element_offset, std::uint64_t code) {
  std::memcpy(data() + element_offset * static_cast<std::int64_t>(size_of(type_)), &code, size_of(type_));
}

double tensor::value(std::int64_t element_offset) const {
  double x = 0;
  decode_row(type_, data() + element_offset * static_cast<std::int64_t>(size_of(type_)), 1, &x);
  return x;
}

void tensor::set_value(std::int64_t element_offset, double x) {
  if (type_ == dtype::f64) return set_code(element_offset, std::bit_cast<std::uint64_t>(x));
  if (is_floating(type_)) return set_code(element_offset, encode(type_, x));
  const double low = type_ == dtype::i32 ? -0x1p31 : type_ == dtype::i8 ? -128 : 0;
  const double high = type_ == dtype::i32 ? 0x1p31 - 1 : type_ == dtype::i8 ? 127 : 255;
  if (!(x >= low && x <= high) || x != std::floor(x))
    throw std::invalid_argument("tensor: expected an integer that " + std::string(name_of(type_)) + " holds");
  set_code(element_offset, static_cast<std::uint64_t>(static_cast<std::int64_t>(x)));
}

std::vector<double> tensor::values() const {
  std::vector<double> all(static_cast<std::size_t>(size()));
  double* out = all.data();
  const auto bytes = static_cast<std::int64_t>(size_of(type_));
  for_each_row(shape_, strides_, [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
    if (stride == 1) {
      decode_row(type_, data() + at * bytes, count, out);
    } else {
      for (std::int64_t i = 0; i < count; ++i)
        decode_row(type_, data() + (at + i * stride) * bytes, 1, out + i);
    }
    out += count;
  });
  return all;
}

void tensor::poison(std::uint8_t byte) {
  const auto bytes = static_cast<std::int64_t>(size_of(type_));
  for_each_row(shape_, strides_, [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
    if (stride == 1) {
      std::memset(data() + at * bytes, byte, static_cast<std::size_t>(count * bytes));
    } else {
      for (std::int64_t i = 0; i < count; ++i)
        std::memset(data() + (at + i * stride) * bytes, byte, static_cast<std::size_t>(bytes));
    }
  });
}

std::span<std::byte> tensor::block() {
  if (sparse()) throw std::logic_error("tensor: its rows lie far apart and parts of its block do not exist");
  return {storage_.data(), storage_.size()};
}
std::span<const std::byte> tensor::block() const { return const_cast<tensor*>(this)->block(); }

std::vector<std::span<std::byte>> tensor::parts() {
  std::vector<std::span<std::byte>> all;
  for (const auto& [begin, end] : storage_.parts()) all.emplace_back(storage_.data() + begin, end - begin);
  return all;
}
std::vector<std::span<const std::byte>> tensor::parts() const {
  std::vector<std::span<const std::byte>> all;
  for (const auto& [begin, end] : storage_.parts()) all.emplace_back(storage_.data() + begin, end - begin);
  return all;
}

void tensor::fill_block(std::uint8_t byte) {
  for (const auto& part : parts()) std::memset(part.data(), byte, part.size());
}

std::optional<stray_byte> tensor::first_stray_byte(std::string_view name) const {
  const auto changed = [](std::byte b) { return b != std::byte{guard_pattern}; };
  const auto found = [&](const std::byte* where) {
    return stray_byte{std::string(name), where - data(), guard_pattern, static_cast<std::uint8_t>(*where)};
  };
  if (storage_.size() == 0) return std::nullopt;
  if (dense() && !sparse()) {
    const std::byte *begin = storage_.data(), *end = begin + storage_.size();
    if (const std::byte* p = std::find_if(begin, data(), changed); p != data()) return found(p);
    if (const std::byte* p = std::find_if(data() + extent_, end, changed); p != end) return found(p);
    return std::nullopt;
  }
  // Which bytes of all parts are elements'.
  const auto all = parts();
  std::vector<std::size_t> first = {0};
  for (const auto& part : all) first.push_back(first.back() + part.size());
  std::vector<bool> element(first.back());
  const auto bytes = static_cast<std::int64_t>(size_of(type_));
  for_each_row(shape_, strides_, [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
    const std::byte* const row = data() + at * bytes;
    const auto behind = [&](const std::byte* p, const auto& part) { return p < part.data(); };
    const auto part =
        static_cast<std::size_t>(std::upper_bound(all.begin(), all.end(), row, behind) - all.begin() - 1);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::byte* const where = row + i * stride * bytes;
      const std::size_t holder =
          where < all[part].data() + all[part].size()
              ? part
              : static_cast<std::size_t>(std::upper_bound(all.begin(), all.end(), where, behind) -
                                         all.begin() - 1);
      const auto index = first[holder] + static_cast<std::size_t>(where - all[holder].data());
      for (std::int64_t b = 0; b < bytes; ++b) element[index + static_cast<std::size_t>(b)] = true;
    }
  });
  for (std::size_t part = 0; part < all.size(); ++part)
    for (std::size_t i = 0; i < all[part].size(); ++i)
      if (!element[first[part] + i] && changed(all[part][i])) return found(all[part].data() + i);
  return std::nullopt;
}

tensor_view tensor::view() {
  tensor_view v;
  v.data = data();
  v.type = type_;
  v.rank = rank();
  std::copy(shape_.begin(), shape_.end(), v.shape);
  std::copy(strides_.begin(), strides_.end(), v.stride);
  return v;
}

tensor_view tensor::view() const { return const_cast<tensor*>(this)->view(); }

bool same_elements(const tensor& a, const tensor& b) {
  if (a.type_ != b.type_ || a.shape_ != b.shape_) return false;
  const auto bytes = static_cast<std::int64_t>(size_of(a.type_));
  if (a.dense() && b.dense()) return a.extent_ == 0 || std::memcmp(a.data(), b.data(), a.extent_) == 0;
  std::vector<std::int64_t> offsets;
  for_each_row(b.shape_, b.strides_,
               [&](std::int64_t at, std::int64_t, std::int64_t) { offsets.push_back(at); });
  const std::int64_t b_stride = b.strides_.empty() ? 1 : b.strides_.back();
  bool same = true;
  std::size_t row = 0;
  for_each_row(a.shape_, a.strides_, [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
    const std::int64_t other = offsets[row++];
    for (std::int64_t i = 0; same && i < count; ++i)
      same = std::memcmp(a.data() + (at + i * stride) * bytes, b.data() + (other + i * b_stride) * bytes,
                         static_cast<std::size_t>(bytes)) == 0;
  });
  return same;
}

tensor between_fresh_guards(const tensor& t) {
  tensor copy(t.type(), {t.shape().begin(), t.shape().end()}, {t.strides().begin(), t.strides().end()});
  const auto bytes = static_cast<std::int64_t>(size_of(t.type()));
  for_each_row(t.shape(), t.strides(), [&](std::int64_t at, std::int64_t count, std::int64_t stride) {
    const std::int64_t run = stride == 1 ? count : 1;
    for (std::int64_t i = 0; i < count; i += run) {
      const std::int64_t offset = (at + i * stride) * bytes;
      std::memcpy(copy.data() + offset, t.data() + offset, static_cast<std::size_t>(run * bytes));
    }
  });
  return copy;
}

tensor& tensor_set::set(std::string name, tensor value) {
  if (tensor* held = find(name)) return *held = std::move(value);
  entries_.push_back(entry{std::move(name), std::move(value)});
  return entries_.back().value;
}

tensor* tensor_set::find(std::string_view name) {
  for (entry& e : entries_)
    if (e.name == name) return &e.value;
  return nullptr;
}

const tensor* tensor_set::find(std::string_view name) const {
  return const_cast<tensor_set*>(this)->find(name);
}

tensor& tensor_set::at(std::string_view name) {
  if (tensor* held = find(name)) return *held;
  throw std::out_of_range("no tensor named \"" + std::string(name) + "\"");
}

const tensor& tensor_set::at(std::string_view name) const { return const_cast<tensor_set*>(this)->at(name); }

void tensor_set::erase(std::string_view name) {
  std::erase_if(entries_, [&](const entry& e) { return e.name == name; });
}

}  // namespace plumbline
