// Ten thousand damaged files: each is refused in one line or read as it was written.
//
// Damage is drawn: bytes that are cut, flipped, overwritten, copied or zeroed, and changes that HDF5 itself
// makes without complaint, so that every checksum of the format is right: datasets that change places,
// another dtype, objects that are gone, a group that holds itself, a dataset that claims more elements than
// any machine has.
#include <hdf5.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <map>

#include "fixtures/difference.hpp"
#include "fixtures/store.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

namespace {

constexpr int rounds = 10000;
constexpr const char* objects[] = {"/attend/small", "/attend/wide", "/attend/small/x", "/attend/wide/x",
                                   "/attend"};

std::size_t place_in(const std::string& bytes, random_stream& draw) {
  return static_cast<std::size_t>(draw.integer(0, static_cast<std::int64_t>(bytes.size()) - 1));
}

void damage_bytes(std::string& bytes, random_stream& draw) {
  const std::size_t at = place_in(bytes, draw), other = place_in(bytes, draw);
  const auto run =
      std::min(static_cast<std::size_t>(draw.integer(1, 64)), bytes.size() - std::max(at, other));
  switch (draw.integer(0, 4)) {
    case 0:
      bytes.resize(at);
      return;
    case 1:
      for (std::int64_t n = draw.integer(1, 4); n > 0; --n)
        bytes[place_in(bytes, draw)] ^= static_cast<char>(1 << draw.integer(0, 7));
      return;
    case 2:
      for (std::size_t i = 0; i < run; ++i) bytes[at + i] = static_cast<char>(draw.bits32());
      return;
    case 3:
      bytes.replace(at, run, bytes.substr(other, run));
      return;
    default:
      bytes.replace(at, run, std::string(run, '\0'));
  }
}

void set_text(hid_t file, const char* object, const char* name, const std::string& text) {
  const hid_t at = H5Oopen(file, object, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1),
              space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, text.size());
  if (H5Aexists(at, name) > 0) H5Adelete(at, name);
  const hid_t id = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(id, type, text.data());
  H5Aclose(id), H5Sclose(space), H5Tclose(type), H5Oclose(at);
}

void claim_much(hid_t file) {
  const hsize_t extent[] = {hsize_t{1} << 40, hsize_t{1} << 20}, chunk[] = {1024, 1024};
  const hid_t space = H5Screate_simple(2, extent, nullptr), plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plist, 2, chunk);
  H5Dclose(H5Dcreate2(file, "/attend/wide/huge", H5T_STD_U16LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
  H5Pclose(plist), H5Sclose(space);
}

void damage_objects(const std::string& name, random_stream& draw) {
  const hid_t file = H5Fopen(name.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  BOOST_REQUIRE(file >= 0);
  const char* object = objects[draw.integer(0, 4)];
  const auto move = [&](const char* from, const char* to) {
    H5Lmove(file, from, file, to, H5P_DEFAULT, H5P_DEFAULT);
  };
  switch (draw.integer(0, 5)) {
    case 0:
      move("/attend/small/x", "/kept"), move("/attend/wide/x", "/attend/small/x"),
          move("/kept", "/attend/wide/x");
      break;
    case 1:
      set_text(file, object, "dtype", draw.chance(0.5) ? "bf16" : "u8");
      break;
    case 2:
      H5Ldelete(file, object, H5P_DEFAULT);
      break;
    case 3:
      H5Lcreate_hard(file, "/attend", file, "/attend/wide/loop", H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 4:
      claim_much(file);
      break;
    default:
      H5Lcreate_soft("/attend/small/x", file, "/attend/wide/soft", H5P_DEFAULT, H5P_DEFAULT);
  }
  H5Fclose(file);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_corruptions)

BOOST_AUTO_TEST_CASE(a_damaged_file_is_refused_or_read_as_before) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const scratch_folder folder;
  const std::string whole = folder.file("whole.h5"), file = folder.file("a.h5");
  stored_case small = sample(3, 40), wide = sample(4, 2500);
  small.name = "small", wide.name = "wide";
  small.tensors.at("x").set_code(0, 77);
  write(whole, {small, wide}, {{"licence", "MIT"}});
  const std::string as_written = bytes_of(whole);
  std::map<std::string, int> ends;
  for (int round = 0; round < rounds; ++round) {
    random_stream draw(static_cast<std::uint64_t>(round), "corruption");
    const bool by_bytes = draw.chance(0.7);
    std::string bytes = as_written;
    if (by_bytes) damage_bytes(bytes, draw);
    std::ofstream(file, std::ios::binary) << bytes;
    if (!by_bytes) damage_objects(file, draw);

    const std::string message = refusal([&] {
      const auto found = list(file);
      BOOST_TEST(found.size() == 2u, "round " << round);
      for (const stored_case& one : {small, wide})
        BOOST_TEST(first_difference(read(file, {one.group, one.name}), one) == "", "round " << round);
    });

    BOOST_TEST(message.find('\n') == std::string::npos, "round " << round << ": " << message);
    ++ends[message == "nothing was refused" ? (by_bytes ? "bytes: as before" : "objects: as before")
                                            : (by_bytes ? "bytes: refused" : "objects: refused")];
  }
  for (const auto& [what, n] : ends) BOOST_TEST_MESSAGE(what << ": " << n);
  BOOST_TEST(ends["objects: as before"] <=
             rounds / 20);  // an attribute or a link that was not there to be changed
}

BOOST_AUTO_TEST_SUITE_END()
