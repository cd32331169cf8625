// A failed or killed write costs nothing, and a damaged file is refused in one line.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "fixtures/store.hpp"
#include "fixtures/trial.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

BOOST_AUTO_TEST_SUITE(store_damage)

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file_and_nothing_beside_it) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(1)}, {});
  const std::string before = bytes_of(folder.file("a.h5"));
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1024, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = refusal([&] { write(folder.file("a.h5"), {sample(2)}, {}); });
  ::setrlimit(RLIMIT_FSIZE, &old);

  BOOST_TEST(message.find("a.h5: cannot write: ") != std::string::npos, message);
  BOOST_TEST((bytes_of(folder.file("a.h5")) == before));
  BOOST_TEST(folder.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named) {
  const scratch_folder folder;
  const std::string message = refusal([&] { write(folder.file("no/such/a.h5"), {sample(1)}, {}); });
  BOOST_TEST(message.find("no/such/a.h5: cannot write in its folder: No such file or directory") !=
                 std::string::npos,
             message);
}

BOOST_AUTO_TEST_CASE(a_writer_killed_at_any_moment_leaves_a_whole_file) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(0)}, {});
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int seed = 1;; ++seed) write(folder.file("a.h5"), {sample(seed)}, {});
    }
    ::usleep(static_cast<useconds_t>(1000 + 1700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);

    const stored_case found = read(folder.file("a.h5"), {"attend", "sample"});

    BOOST_TEST(same_elements(found.tensors.at("x"), sample(0).tensors.at("x")));
  }
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused_in_one_line) {
  const scratch_folder folder;
  write(folder.file("whole.h5"), {sample(1)}, {});
  const std::string bytes = bytes_of(folder.file("whole.h5"));
  for (std::size_t size = 0; size < bytes.size(); size += size < 600 ? 37 : 211) {
    std::ofstream(folder.file("cut.h5"), std::ios::binary) << bytes.substr(0, size);

    const std::string message = refusal([&] { read(folder.file("cut.h5"), {"attend", "sample"}); });

    BOOST_TEST_CONTEXT(size) {
      BOOST_TEST(message.find("cut.h5: ") != std::string::npos, message);
      BOOST_TEST(message.find('\n') == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_changed_signature_is_not_hdf5) {
  const scratch_folder folder;
  write(folder.file("a.h5"), {sample(1)}, {});
  std::string bytes = bytes_of(folder.file("a.h5"));
  bytes[1] = 'X';
  std::ofstream(folder.file("a.h5"), std::ios::binary) << bytes;
  BOOST_TEST(refusal([&] { list(folder.file("a.h5")); }) == folder.file("a.h5") + ": not an HDF5 file");
}

BOOST_AUTO_TEST_CASE(a_reader_that_crashes_is_a_damaged_file_and_costs_nothing_else) {
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { ::raise(SIGKILL); }); }) ==
             "f.h5: damaged: reading it crashes the reader (signal 9)");
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { throw store_error("f.h5: /a: why"); }); }) ==
             "f.h5: /a: why");
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { throw std::bad_alloc(); }); }) ==
             "f.h5: needs more memory than a file of its size should");
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] {}); }) == "nothing was refused");
  // Ctrl-C reaches the reader too, and says nothing of the file.
  BOOST_TEST(refusal([] { require_survival("f.h5", 0, [] { ::raise(SIGINT); }); }) == "nothing was refused");
}

BOOST_AUTO_TEST_SUITE_END()
