// HDF5 files as other programs write them, good and bad: what the store must read or refuse.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace plumbline::testing {

/// An HDF5 file under construction; everything is closed by the destructor.
class foreign_file {
 public:
  explicit foreign_file(const std::string& file);
  ~foreign_file();
  foreign_file(const foreign_file&) = delete;
  foreign_file& operator=(const foreign_file&) = delete;

  void group(const std::string& path);
  void soft_link(const std::string& target, const std::string& path);
  void external_link(const std::string& file, const std::string& target, const std::string& path);

  /// A dataset of `count` values of an HDF5 type, named as below, on `rank` axes of which the last has them.
  ///   half, half_be, bf16_float, float_be, double, int16, uint16, int64, uint32, bool_enum, string, compound
  void dataset(const std::string& path, const std::string& type, const void* values, std::uint64_t count,
               int rank = 1);
  /// A dataset that claims `extent` elements of f32 on each of `rank` axes and holds none.
  void hollow(const std::string& path, std::uint64_t extent, int rank);
  /// A dataset without a shape.
  void shapeless(const std::string& path);
  /// A dataset whose values lie in another file.
  void outside(const std::string& path, const std::string& file);

  void text(const std::string& path, const std::string& name, const std::string& value, bool variable);
  void number(const std::string& path, const std::string& name, const std::string& type, const void* value,
              std::uint64_t count = 1);

 private:
  std::int64_t file_;
};

}  // namespace plumbline::testing
