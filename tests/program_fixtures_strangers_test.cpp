// fixtures, of files that are damaged or that somebody else wrote.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>

#include "fixtures/seal.hpp"
#include "fixtures/store.hpp"
#include "tests/fixtures_command.hpp"
#include "tests/harness/python_with.hpp"

BOOST_AUTO_TEST_SUITE(program_fixtures_strangers)

BOOST_AUTO_TEST_CASE(what_is_damaged_is_a_finding_of_check_and_what_is_no_hdf5_is_none) {
  const scratch_folder folder;
  const auto file = [&](const std::string& name) { return folder.path() + "/" + name; };
  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "a.h5"}).code == 0);
  using namespace plumbline::fixtures;
  const case_path path = list(file("a.h5")).at(0);
  stored_case one = read(file("a.h5"), path), other = one;
  other.name = "other";
  for (stored_case* broken : {&one, &other}) broken->attributes["digest"] = digest_of(*broken);
  other.attributes["digest"] = std::string(64, '0');
  std::map<std::string, std::string> root = {{"plumbline_fixture", "1"}};
  root["digest"] = digest_of(
      root, {{path, one.attributes["digest"]}, {{path.group, "other"}, other.attributes["digest"]}});
  write_unsealed(file("damaged.h5"), {one, other}, root);
  const process_end dump = run_fixtures(folder, {"dump", "damaged.h5"}),
                    check = run_fixtures(folder, {"check", "damaged.h5"}),
                    half = run_fixtures(folder, {"dump", "damaged.h5#/" + path.group + "/" + path.name});
  BOOST_TEST(dump.code == 3);
  BOOST_TEST(has(dump.out, "cannot be read: "), dump.out);
  BOOST_TEST(has(dump.err, "FILE: expected cases that can be read, got 'damaged.h5': 1 of 2 cases cannot be"),
             dump.err);
  BOOST_TEST(half.code == 0, half.err);
  BOOST_TEST(check.code == 1);
  BOOST_TEST(has(check.out, "is not what was written"), check.out);

  std::ofstream(file("text.h5")) << "no HDF5";
  for (const std::vector<std::string>& words : {std::vector<std::string>{"check", "text.h5"},
                                                {"check", "a.h5", "text.h5"},
                                                {"dump", "text.h5"},
                                                {"diff", "a.h5", "text.h5"},
                                                {"regenerate", "text.h5"},
                                                {"bless", "text.h5", "--reason", "because"}}) {
    const process_end end = run_fixtures(folder, words);
    BOOST_TEST(end.code == 3, words.front());
    BOOST_TEST(end.out.empty(), end.out);
    BOOST_TEST(has(end.err, "FILE: expected "), end.err);
    BOOST_TEST(has(end.err, "not an HDF5 file"), end.err);
  }
}

BOOST_AUTO_TEST_SUITE_END()
