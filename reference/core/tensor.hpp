// Named tensors with guard zones: the one container that inputs, outputs, fixtures and device buffers share.
//
// A tensor owns one block of bytes: guard zone, data, guard zone.  Elements are reached through shape and
// strides (in elements); bytes inside the data that no index reaches (padding between rows) belong to the
// guard as well. Guard bytes hold a fixed pattern, so a stray write shows as a changed byte at a known place.
//
// Where strides leave rows far apart (beyond 64 MiB, and less than a quarter of it in pages with elements),
// only those pages exist (tensor_block.hpp): a tensor of ten rows may span 2^40 bytes, and what lies between
// them cannot be touched.
//
// Because every operator's inputs and outputs are a `tensor_set`, the memory laws, the store, the executors
// and the digest are written once and know no operator.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/formats.hpp"
#include "reference/core/index.hpp"
#include "reference/core/tensor_block.hpp"

namespace plumbline {

inline constexpr int max_rank = 6;
inline constexpr std::size_t guard_bytes =
    block_alignment;  // on either side; keeps data aligned as the block
inline constexpr std::uint8_t guard_pattern = 0xa5;

/// Where a tensor's elements lie: what a kernel sees.  Strides are in elements.  `data` may be a device
/// address.
struct tensor_view {
  void* data = nullptr;
  dtype type = dtype::f32;
  int rank = 0;
  std::int64_t shape[max_rank] = {};
  std::int64_t stride[max_rank] = {};

  template <class T>
  T* as() const {
    assert(sizeof(T) == size_of(type));
    return static_cast<T*>(data);
  }
  explicit operator bool() const { return data != nullptr; }
};

/// A place where a tensor's bytes are not what they should be.
struct stray_byte {
  std::string tensor;
  std::int64_t offset;  // bytes from the first element; negative: in front of it
  std::uint8_t expected, found;
};

/// An owned tensor.  Copying copies the bytes, guards included.
class tensor {
 public:
  tensor() = default;
  /// Dense, row-major, zero-filled.
  tensor(dtype type, std::vector<std::int64_t> shape);
  /// Strides in elements, each at least 0; the data spans the furthest element.  Padding holds the guard
  /// pattern.
  tensor(dtype type, std::vector<std::int64_t> shape, std::vector<std::int64_t> strides);

  dtype type() const { return type_; }
  int rank() const { return static_cast<int>(shape_.size()); }
  std::span<const std::int64_t> shape() const { return shape_; }
  std::span<const std::int64_t> strides() const { return strides_; }
  std::int64_t dim(int axis) const { return shape_[static_cast<std::size_t>(axis)]; }
  /// Number of elements (product of the shape).
  std::int64_t size() const;
  bool dense() const;

  /// First element's address.
  std::byte* data() { return storage_.data() + offset_; }
  const std::byte* data() const { return storage_.data() + offset_; }
  /// Bytes from the first to behind the furthest element, padding included, guards not.
  std::size_t extent_bytes() const { return extent_; }
  /// The whole block with both guard zones, for executors that copy it to a device; throws std::logic_error
  /// when parts of it do not exist.
  std::span<std::byte> block();
  std::span<const std::byte> block() const;
  /// True when only the pages that hold elements or guard zones exist.
  bool sparse() const { return storage_.sparse(); }
  /// What exists of the block, in order.
  std::vector<std::span<std::byte>> parts();
  std::vector<std::span<const std::byte>> parts() const;

  template <class T>
  T* as() {
    assert(sizeof(T) == size_of(type_));
    return reinterpret_cast<T*>(data());
  }
  template <class T>
  const T* as() const {
    assert(sizeof(T) == size_of(type_));
    return reinterpret_cast<const T*>(data());
  }

  /// Element offset of an index (as many numbers as the rank).
  std::int64_t offset(std::span<const std::int64_t> index) const;
  /// Raw code of the element at an element offset, widened (f64 gives its bits' value cut to 64 bits).
  std::uint64_t code(std::int64_t element_offset) const;
  void set_code(std::int64_t element_offset, std::uint64_t code);
  /// Exact value of the element at an element offset, whatever the dtype (i32, u8: the integer).
  double value(std::int64_t element_offset) const;
  /// Rounds `x` once to the dtype (nearest even; integers must be exact) and stores it.
  void set_value(std::int64_t element_offset, double x);
  /// All elements in row-major index order, exactly, whatever the strides.
  std::vector<double> values() const;

  /// Fills the elements (not the padding) with a byte.
  void poison(std::uint8_t byte);
  /// Fills all that exists with a byte: elements, padding and guard zones.
  void fill_block(std::uint8_t byte);
  /// First guard or padding byte that lost the pattern, if any.  `name` is for the report.
  std::optional<stray_byte> first_stray_byte(std::string_view name) const;

  tensor_view view();
  tensor_view view() const;  // for kernels' inputs: the executor checks afterwards that nothing was written

  /// Same dtype, shape and element bytes (padding and guards are not compared).
  friend bool same_elements(const tensor& a, const tensor& b);

 private:
  dtype type_ = dtype::f32;
  std::vector<std::int64_t> shape_, strides_;
  std::size_t extent_ = 0, offset_ = 0;
  tensor_block storage_;
};

bool same_elements(const tensor& a, const tensor& b);

/// A copy of the elements alone: its padding and guard zones hold the pattern, whatever the original's held.
tensor between_fresh_guards(const tensor&);

/// Tensors by name, in the order of insertion.
class tensor_set {
 public:
  struct entry {
    std::string name;
    tensor value;
  };
  /// Adds or replaces.
  tensor& set(std::string name, tensor value);
  bool has(std::string_view name) const { return find(name) != nullptr; }
  tensor* find(std::string_view name);
  const tensor* find(std::string_view name) const;
  /// The tensor of that name; throws std::out_of_range naming it when there is none.
  tensor& at(std::string_view name);
  const tensor& at(std::string_view name) const;
  void erase(std::string_view name);
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

 private:
  std::vector<entry> entries_;
};

}  // namespace plumbline
