// Archives of numpy arrays, byte by byte.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

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

/// A member that claims `size` bytes; the checksum is that of `sum_of`, of what is packed unless given.
struct member_by_hand {
  std::string name, packed;
  std::uint64_t size;
  int method = 0;
  std::string sum_of = "";
  int flags = 0;
};

inline std::string archive_of(const std::vector<member_by_hand>& members) {
  std::string locals, directory;
  for (const member_by_hand& one : members) {
    const std::string& summed = one.sum_of.empty() ? one.packed : one.sum_of;
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()));
    const std::string facts = le(20, 2) + le(static_cast<std::uint64_t>(one.flags), 2) +
                              le(static_cast<std::uint64_t>(one.method), 2) + le(0, 4) + le(sum, 4) +
                              le(one.packed.size(), 4) + le(one.size, 4) + le(one.name.size(), 2) + le(0, 2);
    directory += "PK\1\2" + le(20, 2) + facts + le(0, 2) + le(0, 2) + le(0, 2) + le(0, 4) +
                 le(locals.size(), 4) + one.name;
    locals += "PK\3\4" + facts + one.name + one.packed;
  }
  return locals + directory + "PK\5\6" + le(0, 4) + le(members.size(), 2) + le(members.size(), 2) +
         le(directory.size(), 4) + le(locals.size(), 4) + le(0, 2);
}

/// An archive of one member.
inline std::string archive(const std::string& name, const std::string& packed, std::uint64_t size,
                           int method = 0, const std::string& sum_of = "") {
  return archive_of({{name, packed, size, method, sum_of}});
}

}  // namespace plumbline::testing
