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

BOOST_AUTO_TEST_CASE(arrays_of_numpy_are_recorded_with_what_the_command_line_says_of_them,
                     *boost::unit_test::precondition(plumbline::testing::h5py_is_there)) {
  const scratch_folder folder;
  const std::string write =
      "import numpy as np; r = np.random.default_rng(1); "
      "n = lambda *s: (r.standard_normal(s).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16); "
      "np.savez('" +
      folder.path() +
      "/raw.npz', q=n(1, 2, 4, 16), k_cache=np.asfortranarray(n(1, 40, 2, 16)), v_cache=n(1, 40, 2, 16), "
      "cache_seqlens=np.array([37]))";
  BOOST_REQUIRE(std::system((plumbline::testing::python_with("h5py") + " -c \"" + write + "\"").c_str()) ==
                0);
  const process_end record =
      run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option", "causal=1", "--to", "a.h5"});
  BOOST_TEST(record.code == 0, record.err);
  BOOST_TEST(has(record.out, "recorded attend/raw_split  pass"), record.out);
  BOOST_TEST(run_fixtures(folder, {"check", "a.h5"}).code == 0);
  const auto file = folder.path() + "/a.h5";
  const auto one = plumbline::fixtures::read(file, plumbline::fixtures::list(file).at(0));
  BOOST_TEST(one.attributes.at("causal") == "1");
  BOOST_TEST(one.tensors.has("truth_out"));

  const process_end unsaid = run_fixtures(folder, {"record", "raw.npz", "--to", "b.h5"}),
                    unknown = run_fixtures(
                        folder, {"record", "raw.npz", "--dtype", "bf16", "--option", "no=1", "--to", "b.h5"}),
                    elsewhere =
                        run_fixtures(folder, {"record", good_case, "--dtype", "bf16", "--to", "b.h5"}),
                    missing = run_fixtures(folder, {"record", "no.npz", "--dtype", "bf16", "--to", "b.h5"});
  const process_end misfit = run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option",
                                                   "function=combine", "--option", "op=mla", "--to", "b.h5"}),
                    hashes = run_fixtures(
                        folder, {"record", "raw.npz", "--dtype", "bf16", "--hash-only", "--to", "b.h5"}),
                    odd = run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option",
                                                "function=a/b", "--to", "b.h5"});
  for (const process_end* one : {&unknown, &misfit, &hashes, &odd}) {
    BOOST_TEST(one->code != 0);
    BOOST_TEST(has(one->out + one->err, "raw.npz"), one->out + one->err);
    BOOST_TEST(!has(one->out + one->err, "plumbline-record-"), one->out + one->err);
    BOOST_TEST(!has(one->out + one->err, "arrays0"), one->out + one->err);
  }
  BOOST_TEST(unsaid.code == 3);
  BOOST_TEST(has(unsaid.err, "expected --dtype to say what <u2 holds"), unsaid.err);
  BOOST_TEST(unknown.code == 3);
  BOOST_TEST(has(unknown.out + unknown.err, "option no=1"), unknown.out + unknown.err);
  BOOST_TEST(elsewhere.code == 2);
  BOOST_TEST(has(elsewhere.err, "--dtype: expected an .npz file"), elsewhere.err);
  BOOST_TEST(missing.code == 3);
  BOOST_TEST(has(missing.err, "no such file"), missing.err);
}

BOOST_AUTO_TEST_SUITE_END()
