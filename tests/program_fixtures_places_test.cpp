// Where fixtures are written to: a file, added to by one process at a time.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <future>
#include <set>

#include "fixtures/store.hpp"
#include "tests/program_process.hpp"

namespace {

std::string line(int seed) {
  return "flash_decode.attend/scalar:d=16,capacity=8,cache_seqlens=5;regime=normal;seed=" +
         std::to_string(seed);
}

process_end record(const scratch_folder& in, const std::string& what, const std::string& to) {
  return run_program({"fixtures", "record", what, "--to", to, "--jobs", "1"}, in.path());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_fixtures_places)

BOOST_AUTO_TEST_CASE(who_records_at_the_same_time_loses_nothing) {
  const scratch_folder folder;
  std::vector<std::future<process_end>> all;
  for (int seed = 1; seed <= 6; ++seed)
    all.push_back(std::async(std::launch::async, [&, seed] { return record(folder, line(seed), "a.h5"); }));
  for (auto& one : all) {
    const process_end end = one.get();
    BOOST_TEST(end.code == 0, end.err);
  }
  BOOST_TEST(plumbline::fixtures::list(folder.path() + "/a.h5").size() == 6u);
  std::set<std::string> left;
  for (const auto& one : std::filesystem::directory_iterator(folder.path()))
    if (has(one.path().string(), "lock")) left.insert(one.path().string());
  BOOST_TEST(left.empty());
}

BOOST_AUTO_TEST_CASE(a_fixture_goes_into_a_file_and_not_into_a_stream) {
  const scratch_folder folder;
  BOOST_REQUIRE(record(folder, line(1), "a.h5").code == 0);
  BOOST_REQUIRE(mkfifo((folder.path() + "/pipe").c_str(), 0600) == 0);
  for (const char* stream : {"-", "pipe"}) {
    const process_end recorded = record(folder, line(1), stream),
                      again = run_program({"fixtures", "regenerate", "a.h5", "--to", stream}, folder.path());
    for (const process_end& end : {recorded, again}) {
      BOOST_TEST(end.code == 2);
      BOOST_TEST(has(end.err, "--to: expected a file that can be replaced"), end.err);
    }
  }
  BOOST_TEST(!std::filesystem::exists(folder.path() + "/-"));
  BOOST_TEST(std::filesystem::is_fifo(folder.path() + "/pipe"));
}

BOOST_AUTO_TEST_CASE(a_case_that_could_not_be_recorded_is_counted_and_told_by_the_exit_code) {
  const scratch_folder folder;
  using namespace plumbline::fixtures;
  const std::string file = folder.path() + "/a.h5";
  BOOST_REQUIRE(record(folder, line(1), "a.h5").code == 0);
  stored_case good = read(file, list(file).at(0));
  good.attributes.erase("case"), good.name = "good";
  stored_case broken = good;
  broken.tensors.erase("v_cache"), broken.name = "broken";
  write(folder.path() + "/raw.h5", {good, broken}, {});
  write(folder.path() + "/broken.h5", {broken}, {});
  const process_end some = record(folder, "raw.h5", "b.h5"), none = record(folder, "broken.h5", "c.h5");
  BOOST_TEST(some.code == 1);
  BOOST_TEST(has(some.out, "; 1 not recorded"), some.out);
  BOOST_TEST(has(some.out, "v_cache: expected a tensor of this name in the case, which holds q, k_cache, "),
             some.out);
  BOOST_TEST(none.code == 3);
  BOOST_TEST(has(none.err, "nothing was recorded: no case could be run"), none.err);
}

BOOST_AUTO_TEST_CASE(a_command_that_is_printed_can_be_typed) {
  const scratch_folder folder;
  BOOST_REQUIRE(record(folder, line(1), "it's a.h5").code == 0);
  const std::string file = folder.path() + "/it's a.h5";
  using namespace plumbline::fixtures;
  stored_case one = read(file, list(file).at(0));
  auto& lse = one.tensors.at("lse");
  lse.set_code(0, lse.code(0) ^ 1);
  write(file, {one}, root_attributes(file));
  const process_end again = run_program({"fixtures", "regenerate", "it's a.h5"}, folder.path());
  BOOST_TEST(has(again.out, "bless 'it'\\''s a.h5' --with 'it'\\''s a.h5.new.h5' --reason"), again.out);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_added_to_is_named_by_its_option) {
  const scratch_folder folder;
  BOOST_REQUIRE(std::system(("touch '" + folder.path() + "/empty.h5'").c_str()) == 0);
  const process_end end = record(folder, line(1), "empty.h5");
  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.err, "--to: expected a file of cases to add to: empty.h5: not an HDF5 file"), end.err);
}

BOOST_AUTO_TEST_CASE(without_a_folder_of_temporary_files_nothing_runs_and_the_variable_is_named) {
  const scratch_folder folder;
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"fixtures", "record", line(1), "--to", "a.h5"},
        std::vector<std::string>{"replay", line(1), "--outputs", "a.h5"}}) {
    const process_end end = run_program(verb, folder.path(), {"TMPDIR=/nonexistent"});
    BOOST_TEST(end.code == 3);
    BOOST_TEST(has(end.err, "TMPDIR: expected the folder of temporary files"), end.err);
  }
}

BOOST_AUTO_TEST_SUITE_END()
