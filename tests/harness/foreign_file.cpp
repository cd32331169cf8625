#include "tests/harness/foreign_file.hpp"

#include <hdf5.h>

#include <boost/test/unit_test.hpp>
#include <vector>

namespace plumbline::testing {
namespace {

hid_t checked(hid_t id) {
  BOOST_REQUIRE_GE(id, 0);
  return id;
}

hid_t make_type(const std::string& name) {
  if (name == "half" || name == "half_be" || name == "bf16_float") {
    const hid_t type = H5Tcopy(name == "half_be" ? H5T_IEEE_F32BE : H5T_IEEE_F32LE);
    const bool half = name != "bf16_float";
    H5Tset_fields(type, 15, half ? 10 : 7, half ? 5 : 8, 0, half ? 10 : 7);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, half ? 15 : 127);
    return type;
  }
  if (name == "bool_enum") {
    const hid_t type = H5Tenum_create(H5T_STD_I8LE);
    std::int8_t value = 0;
    H5Tenum_insert(type, "FALSE", &value);
    value = 1;
    H5Tenum_insert(type, "TRUE", &value);
    return type;
  }
  if (name == "string") {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 4);
    return type;
  }
  if (name == "compound") {
    const hid_t type = H5Tcreate(H5T_COMPOUND, 4);
    H5Tinsert(type, "x", 0, H5T_STD_I32LE);
    return type;
  }
  if (name == "float_be") return H5Tcopy(H5T_IEEE_F32BE);
  if (name == "double") return H5Tcopy(H5T_IEEE_F64LE);
  if (name == "int16") return H5Tcopy(H5T_STD_I16LE);
  if (name == "uint16") return H5Tcopy(H5T_STD_U16LE);
  if (name == "uint32") return H5Tcopy(H5T_STD_U32LE);
  BOOST_REQUIRE_EQUAL(name, "int64");
  return H5Tcopy(H5T_STD_I64LE);
}

void add(std::int64_t file, const std::string& path, hid_t type, hid_t space, hid_t plist,
         const void* values) {
  const hid_t id = checked(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT));
  if (values) BOOST_REQUIRE_GE(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
  H5Dclose(id);
  H5Sclose(space);
  H5Tclose(type);
}

void attach(std::int64_t file, const std::string& path, const std::string& name, hid_t type, hid_t space,
            const void* value) {
  const hid_t object = checked(H5Oopen(file, path.c_str(), H5P_DEFAULT));
  const hid_t id = checked(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  BOOST_REQUIRE_GE(H5Awrite(id, type, value), 0);
  H5Aclose(id);
  H5Oclose(object);
  H5Sclose(space);
  H5Tclose(type);
}

}  // namespace

foreign_file::foreign_file(const std::string& file)
    : file_(checked(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT))) {}

foreign_file::~foreign_file() { H5Fclose(file_); }

void foreign_file::group(const std::string& path) {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  H5Gclose(checked(H5Gcreate2(file_, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT)));
  H5Pclose(links);
}

void foreign_file::soft_link(const std::string& target, const std::string& path) {
  BOOST_REQUIRE_GE(H5Lcreate_soft(target.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), 0);
}

void foreign_file::external_link(const std::string& file, const std::string& target,
                                 const std::string& path) {
  BOOST_REQUIRE_GE(
      H5Lcreate_external(file.c_str(), target.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), 0);
}

void foreign_file::dataset(const std::string& path, const std::string& type, const void* values,
                           std::uint64_t count, int rank) {
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank), 1);
  if (rank > 0) extent.back() = count;
  add(file_, path, make_type(type), H5Screate_simple(rank, extent.data(), nullptr), H5P_DEFAULT, values);
}

void foreign_file::hollow(const std::string& path, std::uint64_t extent, int rank) {
  const std::vector<hsize_t> axes(static_cast<std::size_t>(rank), extent),
      chunk(static_cast<std::size_t>(rank), 1);
  const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plist, rank, chunk.data());
  add(file_, path, H5Tcopy(H5T_IEEE_F32LE), H5Screate_simple(rank, axes.data(), nullptr), plist, nullptr);
  H5Pclose(plist);
}

void foreign_file::shapeless(const std::string& path) {
  add(file_, path, H5Tcopy(H5T_IEEE_F32LE), H5Screate(H5S_NULL), H5P_DEFAULT, nullptr);
}

void foreign_file::outside(const std::string& path, const std::string& file) {
  const hsize_t extent = 4;
  const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(plist, file.c_str(), 0, 16);
  add(file_, path, H5Tcopy(H5T_IEEE_F32LE), H5Screate_simple(1, &extent, nullptr), plist, nullptr);
  H5Pclose(plist);
}

void foreign_file::text(const std::string& path, const std::string& name, const std::string& value,
                        bool variable) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, variable ? H5T_VARIABLE : value.size() + 3);
  const std::string padded = value + std::string(3, '\0');
  const char* text = value.c_str();
  attach(file_, path, name, type, H5Screate(H5S_SCALAR),
         variable ? static_cast<const void*>(&text) : static_cast<const void*>(padded.data()));
}

void foreign_file::number(const std::string& path, const std::string& name, const std::string& type,
                          const void* value, std::uint64_t count) {
  const hsize_t extent = count;
  attach(file_, path, name, make_type(type),
         count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, nullptr), value);
}

}  // namespace plumbline::testing
