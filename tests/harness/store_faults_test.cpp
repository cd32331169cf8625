// A writer that dies or fails at any call it makes: the file is the old one or the new one, never half of
// one.
//
// The linker puts these in the place of the calls of the C library (--wrap), so the store is the one that is
// shipped.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "fixtures/difference.hpp"
#include "fixtures/store.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

namespace {

enum class fault { none, die, die_halfway, fail };

// The calls until the fault; calls of a child that reads on trial do not count.
struct {
  fault what = fault::none;
  int calls_left = 0, error = 0;
  pid_t of = 0;

  bool strikes() {
    if (what == fault::none || ::getpid() != of || --calls_left != 0) return false;
    if (what == fault::die) ::_exit(137);
    return true;
  }
} planned;

// A call that has no half: a writer that dies halfway dies behind it.
template <class Call>
int done_or_refused(Call call) {
  if (!planned.strikes()) return call();
  if (planned.what == fault::fail) return errno = planned.error, -1;
  call();
  ::_exit(137);
}

}  // namespace

extern "C" {
ssize_t __real_write(int, const void*, size_t);
ssize_t __wrap_write(int to, const void* bytes, size_t count) {
  if (!planned.strikes()) return __real_write(to, bytes, count);
  if (planned.what == fault::fail) return errno = planned.error, -1;
  __real_write(to, bytes, count / 2);
  ::_exit(137);
}
int __real_fsync(int);
int __wrap_fsync(int file) {
  return done_or_refused([&] { return __real_fsync(file); });
}
int __real_rename(const char*, const char*);
int __wrap_rename(const char* from, const char* to) {
  return done_or_refused([&] { return __real_rename(from, to); });
}
}

namespace {

// What a child that writes `sample` over the file ends with: 0 written, 1 refused, 137 dead.
int write_in_a_child(const std::string& file, const stored_case& one, fault what, int call, int error) {
  const pid_t child = ::fork();
  if (child == 0) {
    planned = {what, call, error, ::getpid()};
    int code = 0;
    try {
      write(file, {one}, {});
    } catch (const store_error& why) {
      code = std::string(why.what()).find(file) == std::string::npos ? 2 : 1;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

// Tries the fault at the first call, the second, and so on, until the writer makes fewer.  Returns how many
// it hit.
int at_every_call(fault what, int error, int ends_with) {
  const scratch_folder folder;
  const std::string file = folder.file("a.h5");
  const stored_case old = sample(1), replacement = sample(2);
  for (int call = 1;; ++call) {
    write(file, {old}, {});
    const int end = write_in_a_child(file, replacement, what, call, error);
    const stored_case found = read(file, {"attend", "sample"});
    const bool is_old = first_difference(found, old).empty(),
               is_new = first_difference(found, replacement).empty();
    BOOST_TEST((is_old || is_new), "call " << call);
    if (end == 0) {
      BOOST_TEST(is_new);
      return call - 1;
    }
    BOOST_TEST(end == ends_with, "call " << call << " ended with " << end);
    if (what == fault::fail) {
      BOOST_TEST((is_old || folder.entries() == 1u), "call " << call);
      BOOST_TEST(folder.entries() == 1u, "call " << call);
    }
    BOOST_REQUIRE(call < 1000);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_faults)

BOOST_AUTO_TEST_CASE(a_writer_that_dies_at_any_call_leaves_the_old_file_or_the_new_one) {
  BOOST_TEST(at_every_call(fault::die, 0, 137) >= 3);  // write, fsync, rename
  BOOST_TEST(at_every_call(fault::die_halfway, 0, 137) >= 3);
}

BOOST_AUTO_TEST_CASE(a_disk_that_refuses_any_call_leaves_the_old_file_and_nothing_beside_it) {
  for (const int error : {ENOSPC, EIO, EDQUOT}) BOOST_TEST(at_every_call(fault::fail, error, 1) >= 3);
}

BOOST_AUTO_TEST_CASE(a_pipe_in_the_place_of_the_file_stays_a_pipe) {
  const scratch_folder folder;
  const std::string pipe = folder.file("pipe");
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_CHECK_THROW(write(pipe, {sample(1)}, {}), store_error);
  struct stat there = {};
  BOOST_TEST(::stat(pipe.c_str(), &there) == 0);
  BOOST_TEST(S_ISFIFO(there.st_mode));
}

BOOST_AUTO_TEST_CASE(two_writers_at_once_leave_one_of_their_files) {
  const scratch_folder folder;
  const std::string file = folder.file("a.h5");
  for (int round = 0; round < 30; ++round) {
    pid_t children[2];
    for (int which = 0; which < 2; ++which)
      if (children[which] = ::fork(); children[which] == 0) {
        try {
          write(file, {sample(1 + which)}, {});
        } catch (...) {
          ::_exit(1);
        }
        ::_exit(0);
      }
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
    const stored_case found = read(file, {"attend", "sample"});
    BOOST_TEST((first_difference(found, sample(1)).empty() || first_difference(found, sample(2)).empty()));
    BOOST_TEST(folder.entries() == 1u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
