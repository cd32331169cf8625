// A sealed file is what was written, or it is refused: whatever a library makes of the damage.
#include <hdf5.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>

#include "fixtures/difference.hpp"
#include "fixtures/seal.hpp"
#include "fixtures/store.hpp"
#include "tests/harness/foreign_file.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

namespace {

constexpr const char *first = "/attend/first", *second = "/attend/second";

// A case of that name, whose first code is another for each seed.
stored_case named(const char* name, int seed, std::int64_t size) {
  stored_case one = sample(seed, size);
  one.name = name;
  one.tensors.at("x").set_code(0, static_cast<std::uint64_t>(seed));
  return one;
}

// Two cases, written, then changed behind the store's back; what `read` or `list` then says.
struct tampered {
  explicit tampered(const std::function<void(hid_t file)>& change) {
    write(folder.file("a.h5"), {named("first", 1, 300), named("second", 2, 300)}, {{"licence", "MIT"}});
    const hid_t file = H5Fopen(folder.file("a.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    BOOST_REQUIRE(file >= 0);
    change(file);
    BOOST_REQUIRE(H5Fclose(file) >= 0);
  }
  std::string listed() const {
    return refusal([&] { list(folder.file("a.h5")); });
  }
  std::string read_back(const char* name) const {
    return refusal([&] { read(folder.file("a.h5"), {"attend", name}); });
  }
  scratch_folder folder;
};

void rename_link(hid_t file, const std::string& from, const std::string& to) {
  BOOST_REQUIRE(H5Lmove(file, from.c_str(), file, to.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0);
}

void set_number(hid_t file, const char* object, const char* name, std::int32_t value) {
  const hid_t at = H5Oopen(file, object, H5P_DEFAULT);
  if (H5Aexists(at, name) > 0) H5Adelete(at, name);
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t id = H5Acreate2(at, name, H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT);
  BOOST_REQUIRE(H5Awrite(id, H5T_NATIVE_INT32, &value) >= 0);
  H5Aclose(id), H5Sclose(space), H5Oclose(at);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_seal)

BOOST_AUTO_TEST_CASE(what_we_write_is_sealed_and_a_strangers_file_is_not) {
  const scratch_folder folder;
  write(folder.file("ours.h5"), {sample(1)}, {});
  { foreign_file(folder.file("theirs.h5")).group("/attend/a"); }
  BOOST_TEST(is_sealed(folder.file("ours.h5")));
  BOOST_TEST(!is_sealed(folder.file("theirs.h5")));
  BOOST_TEST(list(folder.file("ours.h5")).size() == 1u);
  BOOST_TEST(first_difference(read(folder.file("ours.h5"), {"attend", "sample"}), sample(1)) == "");
}

BOOST_AUTO_TEST_CASE(a_value_that_was_corrected_by_hand_is_refused) {
  const tampered file([](hid_t f) {
    const hid_t x = H5Dopen2(f, "/attend/first/x", H5P_DEFAULT);
    std::vector<std::uint16_t> values(300);
    H5Dread(x, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    values[7] ^= 1;
    BOOST_REQUIRE(H5Dwrite(x, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
    H5Dclose(x);
  });
  BOOST_TEST(contains(file.read_back("first"), "/attend/first: is not what was written: its digest is "));
  BOOST_TEST(file.read_back("second") == "nothing was refused");
}

BOOST_AUTO_TEST_CASE(datasets_and_cases_that_changed_places_are_refused) {
  const tampered datasets([](hid_t f) {
    rename_link(f, "/attend/first/x", "/attend/kept");
    rename_link(f, "/attend/second/x", "/attend/first/x");
    rename_link(f, "/attend/kept", "/attend/second/x");
  });
  BOOST_TEST(contains(datasets.read_back("first"), "is not what was written"));
  BOOST_TEST(contains(datasets.read_back("second"), "is not what was written"));

  const tampered cases([](hid_t f) {
    rename_link(f, first, "/kept");
    rename_link(f, second, first);
    rename_link(f, "/kept", second);
  });
  BOOST_TEST(contains(cases.listed(), "a.h5: is not what was written"));
}

BOOST_AUTO_TEST_CASE(a_case_under_another_name_is_refused) {
  const tampered renamed([](hid_t f) { rename_link(f, second, "/attend/third"); });
  BOOST_TEST(contains(renamed.listed(), "a.h5: is not what was written"));
}

BOOST_AUTO_TEST_CASE(digests_tell_types_and_shapes_apart_and_where_a_word_ends) {
  const std::string six = digest_of(tensor(dtype::f32, {2, 3}));
  BOOST_TEST(six != digest_of(tensor(dtype::f32, {3, 2})));
  BOOST_TEST(six != digest_of(tensor(dtype::i32, {2, 3})));
  stored_case one = sample(1, 4), other = one;
  one.attributes = {{"a", "bc"}}, other.attributes = {{"ab", "c"}};
  BOOST_TEST(digest_of(one) != digest_of(other));
}

BOOST_AUTO_TEST_CASE(cases_that_are_gone_or_new_and_attributes_that_changed_are_refused) {
  const tampered gone([](hid_t f) { H5Ldelete(f, second, H5P_DEFAULT); });
  BOOST_TEST(contains(gone.listed(), "a.h5: is not what was written"));
  const tampered added(
      [](hid_t f) { H5Gclose(H5Gcreate2(f, "/attend/third", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); });
  BOOST_TEST(contains(added.listed(), "/attend/third: has lost its attribute digest"));
  const tampered option([](hid_t f) { set_number(f, first, "causal", 5); });
  BOOST_TEST(contains(option.read_back("first"), "is not what was written"));
  const tampered note([](hid_t f) { set_number(f, "/attend/first/x", "note", 5); });
  BOOST_TEST(contains(note.read_back("first"), "is not what was written"));
  const tampered provenance([](hid_t f) { set_number(f, "/", "licence", 5); });
  BOOST_TEST(contains(provenance.listed(), "a.h5: is not what was written"));
  const tampered newer([](hid_t f) { set_number(f, "/", "plumbline_fixture", 2); });
  BOOST_TEST(contains(newer.listed(), "version 2 of the schema; this program knows version 1"));
}

BOOST_AUTO_TEST_CASE(a_seal_that_is_gone_is_missed) {
  const tampered case_seal([](hid_t f) { H5Adelete_by_name(f, first, "digest", H5P_DEFAULT); });
  BOOST_TEST(contains(case_seal.read_back("first"), "/attend/first: has lost its attribute digest"));
  const tampered file_seal([](hid_t f) { H5Adelete(f, "digest"); });
  BOOST_TEST(contains(file_seal.listed(), "a.h5: has lost its attribute digest"));
}

BOOST_AUTO_TEST_CASE(an_unsealed_file_holds_what_it_was_given_and_not_one_attribute_more) {
  const scratch_folder folder;
  const stored_case one = named("one", 1, 3000);
  write(folder.file("sealed.h5"), {one}, {{"licence", "MIT"}});
  write_unsealed(folder.file("plain.h5"), {one}, {{"licence", "MIT"}});
  BOOST_TEST(is_sealed(folder.file("sealed.h5")));
  BOOST_TEST(!is_sealed(folder.file("plain.h5")));
  BOOST_TEST(first_difference(read(folder.file("plain.h5"), {"attend", "one"}), one) == "");
  BOOST_TEST(root_attributes(folder.file("plain.h5")).size() == 1);
  const hid_t file = H5Fopen(folder.file("plain.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  BOOST_TEST(H5Aexists_by_name(file, "/attend/one", "digest", H5P_DEFAULT) == 0);
  BOOST_TEST(H5Aexists_by_name(file, "/", "plumbline_fixture", H5P_DEFAULT) == 0);
  H5Fclose(file);
}

BOOST_AUTO_TEST_CASE(equal_tensors_are_stored_once_and_read_each_by_itself) {
  const scratch_folder folder;
  const stored_case one = named("one", 1, 3000), same = named("same", 1, 3000),
                    other = named("other", 2, 3000);
  write(folder.file("one.h5"), {one}, {});
  write(folder.file("two.h5"), {one, same}, {});
  write(folder.file("other.h5"), {one, other}, {});
  const auto size = [&](const char* name) { return bytes_of(folder.file(name)).size(); };
  BOOST_TEST(size("two.h5") < size("other.h5"));
  BOOST_TEST(first_difference(read(folder.file("two.h5"), {"attend", "same"}), same) == "");
}

BOOST_AUTO_TEST_SUITE_END()
