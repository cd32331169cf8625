// Archives of numpy arrays, byte by byte.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>

namespace plumbline::testing {

/// The lowest `size` bytes of a number, the first first.
inline std::string le(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// An array in the format of numpy.save.
inline std::string array(const std::string& header, const std::string& values) {
  return std::string("\x93NUMPY\1\0", 8) + le(header.size(), 2) + header + values;
}

inline std::string header_of(const std::string& descr, const std::string& shape,
                             const char* fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

/// An archive of one member that claims `size` bytes; the checksum is that of `sum_of`, of what is packed
/// unless given.
inline std::string archive(const std::string& name, const std::string& packed, std::uint64_t size,
                           int method = 0, const std::string& sum_of = "") {
  const std::string& summed = sum_of.empty() ? packed : sum_of;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()));
  const std::string facts = le(20, 2) + le(0, 2) + le(static_cast<std::uint64_t>(method), 2) + le(0, 4) +
                            le(sum, 4) + le(packed.size(), 4) + le(size, 4) + le(name.size(), 2) + le(0, 2);
  const std::string local = "PK\3\4" + facts + name + packed;
  const std::string entry =
      "PK\1\2" + le(20, 2) + facts + le(0, 2) + le(0, 2) + le(0, 2) + le(0, 4) + le(0, 4) + name;
  return local + entry + "PK\5\6" + le(0, 4) + le(1, 2) + le(1, 2) + le(entry.size(), 4) +
         le(local.size(), 4) + le(0, 2);
}

}  // namespace plumbline::testing
